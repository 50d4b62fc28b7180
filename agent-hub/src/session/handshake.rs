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
    if !origin_is_ours(&headers, &people.ctx.config.console.allowed_origins) {
        return Err(Error::CrossSite);
    }
    // A version that is not 13 or no upgrade at all: 426 says what would work (RFC 9110 section 15.5.22).
    let Ok(upgrade) = upgrade else {
        let headers = [(header::UPGRADE, "websocket"), (header::SEC_WEBSOCKET_VERSION, "13")];
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

/// A browser always names its origin; a program without one has only its ticket.
fn origin_is_ours(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let same_host = host.is_some_and(|host| origin == format!("http://{host}") || origin == format!("https://{host}"));
    if allowed.is_empty() { same_host } else { allowed.iter().any(|allowed| allowed == origin) || same_host && is_loopback(host) }
}

fn is_loopback(host: Option<&str>) -> bool {
    host.is_some_and(|host| host.starts_with("127.0.0.1:") || host.starts_with("localhost:") || host.starts_with("[::1]:"))
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
    offered.iter().find_map(|protocol| protocol.strip_prefix(TICKET_PREFIX)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn from(origin: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("desk.example:8080"));
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        headers
    }

    #[test]
    fn only_our_own_origins_may_open_a_socket() {
        let allowed = vec!["https://desk.example".to_owned()];
        assert!(origin_is_ours(&from("https://desk.example"), &allowed));
        for foreign in ["null", "https://evil.example", "https://desk.example.evil.example", "https://desk.example:8080"] {
            assert!(!origin_is_ours(&from(foreign), &allowed), "{foreign}");
        }
        assert!(origin_is_ours(&HeaderMap::new(), &allowed), "programs have no origin and need a ticket");
    }

    #[test]
    fn the_ticket_counts_only_beside_our_protocol() {
        let mut headers = HeaderMap::new();
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("balcao.v1, ticket.abc"));
        assert_eq!(ticket(&headers).as_deref(), Some("abc"));
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("ticket.abc"));
        assert_eq!(ticket(&headers), None);
    }
}
