//! What can keep the gateway from running. Faults of single items, calls and sends are no errors of the crate: they end
//! in an answer to Meta, a dead letter or the state of a send.

/// Why the gateway stopped or did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Boot refused: a webhook path that cannot be routed.
    #[error(
        "webhook path {0:?}: use letters, digits and the signs / - _ . ~ only, other than /healthz"
    )]
    Path(String),
    /// Boot refused: without a secret every call of Meta would be refused.
    #[error(
        "webhook.app_secrets and webhook.verify_token are needed; set BALCAO__WEBHOOK__APP_SECRETS and ..__VERIFY_TOKEN"
    )]
    MissingSecret,
    /// Boot refused: the HTTP client could not be made (TLS provider not installed, or a broken certificate store).
    #[error("the client of the Graph API could not be made: {0}")]
    Client(#[source] reqwest::Error),
    /// Boot refused: the folder of sealed files cannot be used, or the bucket's settings contradict each other.
    #[error("files cannot be kept: {0}; see media.dir and media.store")]
    Files(#[from] balcao_core::object_store::Error),
    /// The listener broke.
    #[error("the webhook listener failed: {0}")]
    Listener(#[from] std::io::Error),
}
