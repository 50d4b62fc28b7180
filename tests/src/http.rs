//! HTTP clients of tests: no proxy, no redirects, a time-out.

use std::time::Duration;

use crate::deadline::PATIENCE;

/// A client for a test's own calls.
#[must_use]
pub fn http() -> reqwest::Client {
    client(PATIENCE)
}

pub(crate) fn client(timeout: Duration) -> reqwest::Client {
    // The other tests of this process may have installed it.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    reqwest::Client::builder()
        .timeout(timeout)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("an HTTP client")
}
