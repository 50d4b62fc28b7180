//! People: log-in, live sessions, routing, the REST API and the console.
//!
//! Promises: one listener serves them all; at the drain nothing new is accepted and what runs is finished.
//! Does not: know WhatsApp or call Meta; it meets the gateway and the bot in PostgreSQL and on the bell.

pub mod api;
pub mod auth;
pub mod console;
pub mod contacts;
pub mod desk;
mod error;
pub mod files;
pub mod floor;
pub mod hub;
pub mod openapi;
pub mod people;
pub mod presence;
pub mod protocol;
pub mod routing;
pub mod session;
pub mod views;

use std::time::Duration;

use balcao_core::context::Context;
use balcao_core::listener;
use balcao_core::shutdown::Shutdown;
use balcao_core::store;
use tokio::net::TcpListener;

pub use error::Error;
pub use people::{Caller, People};

/// What a start needs is asked for again after so long, in milliseconds.
const ASK_AGAIN_MS: u64 = 500;

/// Serves people on this listener until the node stops.
///
/// # Errors
/// [`Error::Compliance`] when the keys cannot be read, [`Error::Listener`] when the listener breaks.
pub async fn run(ctx: Context, listener: TcpListener, shutdown: Shutdown) -> Result<(), Error> {
    let Some(people) = gather(&ctx, &shutdown).await? else {
        return Ok(());
    };
    shutdown.spawn_essential(
        "sessions",
        people
            .sessions
            .clone()
            .keep_fresh(ctx.clone(), shutdown.clone()),
    );
    shutdown.spawn_essential(
        "directory",
        people
            .directory
            .clone()
            .keep_fresh(ctx.clone(), shutdown.clone()),
    );
    let hub = hub::run(people.clone(), shutdown.clone());
    shutdown.spawn_essential("hub", async move {
        if let Err(error) = hub.await {
            tracing::error!(%error, "the live side ended");
        }
    });
    let serving = listener::serve(
        listener,
        api::router(people),
        &ctx.config.listen,
        shutdown.draining(),
    );
    tokio::select! {
        served = serving => served?,
        // What still runs now is cut: the client asks again, elsewhere.
        () = shutdown.stopping() => {}
    }
    Ok(())
}

/// The shared parts, once PostgreSQL answers; `None` when the node drains before.
async fn gather(ctx: &Context, shutdown: &Shutdown) -> Result<Option<People>, Error> {
    loop {
        match People::new(ctx.clone()).await {
            Ok(people) => return Ok(Some(people)),
            Err(error @ (Error::Database(_) | Error::Store(store::Error::Database(_)))) => {
                tracing::warn!(%error, "PostgreSQL does not answer yet; people are served when it does");
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = shutdown.draining() => return Ok(None),
            () = tokio::time::sleep(Duration::from_millis(ASK_AGAIN_MS)) => {}
        }
    }
}
