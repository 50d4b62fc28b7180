//! GET /api/v1/ws: who may open a socket. Origin exact, ticket single-use, the subprotocol answered without the ticket.

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::auth;
use crate::error::Error;
use crate::people::People;
use crate::protocol::{MAX_FRAME_BYTES, SUBPROTOCOL, TICKET_PREFIX};

/// Opens a socket for the holder of a ticket.
///
/// # Errors
/// 403 for a foreign Origin; 401 for a missing, spent or expired ticket; both before 101.
pub async fn connect(
    State(people): State<People>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Error> {
    // A browser always names its origin; a program without one has only its ticket.
    if headers.contains_key(header::ORIGIN)
        && !auth::origin::is_ours(&people.ctx.config.console, &headers)
    {
        return Err(Error::CrossSite);
    }
    // A version that is not 13 or no upgrade at all: 426 says what would work (RFC 9110 section 15.5.22).
    let Ok(upgrade) = upgrade else {
        let headers = [
            (header::UPGRADE, "websocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
        ];
        return Ok((StatusCode::UPGRADE_REQUIRED, headers).into_response());
    };
    let ticket = ticket(&headers).ok_or(Error::Unauthenticated)?;
    let (caller, agent) = auth::ticket::spend(&people, &ticket).await?;
    Ok(upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(MAX_FRAME_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .on_upgrade(move |socket| super::serve(people, caller, agent, socket))
        .into_response())
}

fn ticket(headers: &HeaderMap) -> Option<String> {
    let offered: Vec<&str> = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    if !offered.contains(&SUBPROTOCOL) {
        return None;
    }
    offered
        .iter()
        .find_map(|protocol| protocol.strip_prefix(TICKET_PREFIX))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_ticket_counts_only_beside_our_protocol() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static("balcao.v1, ticket.abc"),
        );
        assert_eq!(ticket(&headers).as_deref(), Some("abc"));
        headers.insert(
            header::SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static("ticket.abc"),
        );
        assert_eq!(ticket(&headers), None);
    }
}
