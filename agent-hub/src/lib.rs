//! People: log-in, live sessions, routing, the REST API and the console.
//!
//! Promises: one listener serves them all; at the drain nothing new is accepted and what runs is finished.
//! Does not: know WhatsApp or call Meta; it meets the gateway and the bot in PostgreSQL and on the bell.

pub mod api;
pub mod auth;
pub mod console;
pub mod desk;
mod error;
pub mod floor;
pub mod hub;
pub mod openapi;
pub mod people;
pub mod presence;
pub mod protocol;
pub mod routing;
pub mod session;
pub mod views;

use std::net::SocketAddr;

use balcao_core::context::Context;
use balcao_core::shutdown::Shutdown;
use tokio::net::TcpListener;

pub use error::Error;
pub use people::{Caller, People};

/// Serves people on this listener until the node stops.
///
/// # Errors
/// [`Error::Compliance`] when the keys cannot be read, [`Error::Database`] or [`Error::Store`] when PostgreSQL does not
/// answer at the start, [`Error::Listener`] when the listener breaks.
pub async fn run(ctx: Context, listener: TcpListener, shutdown: Shutdown) -> Result<(), Error> {
    let people = People::new(ctx.clone()).await?;
    shutdown.spawn_essential(
        "sessions",
        people
            .sessions
            .clone()
            .keep_fresh(ctx.clone(), shutdown.clone()),
    );
    shutdown.spawn_essential(
        "directory",
        people.directory.clone().keep_fresh(ctx, shutdown.clone()),
    );
    let hub = hub::run(people.clone(), shutdown.clone());
    shutdown.spawn_essential("hub", async move {
        if let Err(error) = hub.await {
            tracing::error!(%error, "the live side ended");
        }
    });
    let service = api::router(people).into_make_service_with_connect_info::<SocketAddr>();
    let draining = shutdown.drain_token();
    let serving = axum::serve(listener, service).with_graceful_shutdown(draining.cancelled_owned());
    tokio::select! {
        served = serving.into_future() => served?,
        // What still runs now is cut: the client asks again, elsewhere.
        () = shutdown.stopping() => {}
    }
    Ok(())
}
