//! The only crate that knows WhatsApp: Meta's webhook in, the Graph API out.
//!
//! Promises: nothing is acknowledged to Meta before it is committed; a send ends in exactly one state and is never made
//! again blindly. WhatsApp's names stop in `payload` (in) and `sender::wire` (out).
//! Does not: decide what to answer (bot), show anything (agent-hub), or keep files: media and templates come later.

mod channels;
mod cloud_api;
mod error;
mod graph_error;
pub mod identity;
mod ingest;
mod payload;
mod sender;
mod signature;
mod webhook;

use std::net::SocketAddr;

use balcao_core::context::Context;
use balcao_core::shutdown::Shutdown;
use tokio::net::TcpListener;

pub use error::Error;

use channels::Channels;
use sender::Sender;
use webhook::{Webhook, router};

/// Runs webhook, writer and sender until the node drains; returns when every webhook that was begun is answered. The
/// writer and the sender finish what they hold and are waited for by `shutdown`.
///
/// # Errors
/// [`Error`] when it cannot start or the listener breaks.
pub async fn run(ctx: Context, listener: TcpListener, shutdown: Shutdown) -> Result<(), Error> {
    let channels = Channels::new(ctx.store.clone());
    let sender = Sender::new(&ctx, channels.clone())?;
    let queue = ingest::start(&ctx, &shutdown);
    let app = router(Webhook::new(&ctx, channels.clone(), queue)?)?;
    shutdown.spawn("gateway-channels", channels.keep_fresh(shutdown.clone()));
    sender.start(&shutdown);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let serve =
        axum::serve(listener, app).with_graceful_shutdown(shutdown.drain_token().cancelled_owned());
    tokio::select! {
        served = serve.into_future() => served.map_err(Error::Listener),
        () = shutdown.stopping() => Ok(()),
    }
}
