//! The only crate that knows WhatsApp: Meta's webhook in, the Graph API out.
//!
//! Promises: nothing is acknowledged to Meta before it is committed; a send ends in exactly one state and is never made
//! again blindly. WhatsApp's names stop in `payload` (in) and `sender::wire` (out).
//! Does not: decide what to answer (bot) or show anything (agent-hub).

mod channels;
pub mod check;
mod cloud_api;
mod error;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod graph_error;
pub mod health;
pub mod identity;
mod ingest;
pub mod media;
mod payload;
mod sender;
mod signature;
mod templates;
mod webhook;

use balcao_core::context::Context;
use balcao_core::listener;
use balcao_core::shutdown::Shutdown;
use tokio::net::TcpListener;

pub use error::Error;

use channels::Channels;
use health::Inspector;
use media::Media;
use sender::Sender;
use webhook::{Webhook, router};

/// Runs webhook, writer and sender until the node drains; returns when every webhook that was begun is answered. The
/// writer and the sender finish what they hold and are waited for by `shutdown`.
///
/// # Errors
/// [`Error`] when it cannot start or the listener breaks.
pub async fn run(ctx: Context, listener: TcpListener, shutdown: Shutdown) -> Result<(), Error> {
    let channels = Channels::new(ctx.store.clone());
    let media = Media::new(&ctx, channels.clone())?;
    let sender = Sender::new(&ctx, channels.clone(), media.clone())?;
    let queue = ingest::start(&ctx, &shutdown);
    let app = router(Webhook::new(&ctx, channels.clone(), queue)?)?;
    let inspector = Inspector::new(&ctx.config)?;
    // What a number's own secret signed must not be refused because we have just started.
    if let Err(error) = channels.refresh().await {
        tracing::warn!(%error, "the list of channels could not be read yet");
    }
    shutdown.spawn("gateway-channels", channels.keep_fresh(shutdown.clone()));
    shutdown.spawn(
        "gateway-health",
        health::watch(ctx.clone(), inspector, shutdown.clone()),
    );
    media.start(&shutdown);
    sender.start(&shutdown);
    let templates = templates::Templates::new(&ctx)?;
    shutdown.spawn("gateway-templates", templates.run(shutdown.clone()));
    let serve = listener::serve(listener, app, &ctx.config.listen, shutdown.draining());
    tokio::select! {
        served = serve => served.map_err(Error::Listener),
        () = shutdown.stopping() => Ok(()),
    }
}
