//! The OpenAPI 3.1 document, made from the code: every route, every shape, and the frames of the socket.
//!
//! Promises: what it describes is what is served, because the router is built from the same table; the console's
//! TypeScript is generated from it. Does not: need a database or a configuration.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, SecurityRequirement};
use utoipa::{Modify, OpenApi};

use crate::api;
use crate::protocol::{ClientFrame, Presence, ServerFrame};

const SOCKET: &str = "WebSocket `GET /api/v1/ws`: offer the subprotocols `balcao.v1` and `ticket.<ticket>` (from \
    `POST /api/v1/ws-tickets`); the answer is `balcao.v1`. Each text frame is one JSON object `{\"v\":1,\"type\":...}`: \
    ClientFrame from the client, ServerFrame from the server. Close codes: 4401 session ended, 4408 too slow, 4429 too \
    many frames.";

#[derive(OpenApi)]
#[openapi(
    info(title = "Balcão", description = SOCKET, license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(ClientFrame, ServerFrame, Presence)),
    modifiers(&Bearer),
)]
struct Base;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .build(),
        );
        components.add_security_scheme("bearer", bearer);
        document.security = Some(vec![SecurityRequirement::new(
            "bearer",
            Vec::<String>::new(),
        )]);
    }
}

/// The document.
#[must_use]
pub fn document() -> Document {
    let (_, routes) = api::documented().split_for_parts();
    Base::openapi().nest(api::PREFIX, routes)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn json() -> Value {
        serde_json::to_value(document()).unwrap()
    }

    fn paths() -> Vec<String> {
        let document = json();
        let mut all: Vec<String> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                item.as_object()
                    .unwrap()
                    .keys()
                    .map(move |method| format!("{method} {path}"))
            })
            .collect();
        all.sort();
        all
    }

    #[test]
    fn it_is_openapi_3_1_with_every_route() {
        assert!(json()["openapi"].as_str().unwrap().starts_with("3.1"));
        let known = paths();
        for route in [
            "post /api/v1/session",
            "get /api/v1/session",
            "delete /api/v1/session",
            "post /api/v1/session/refresh",
            "post /api/v1/ws-tickets",
            "get /api/v1/floor",
            "get /api/v1/conversations",
            "get /api/v1/conversations/{id}",
            "get /api/v1/conversations/{id}/messages",
            "post /api/v1/conversations/{id}/messages",
            "get /api/v1/conversations/{id}/changes",
            "post /api/v1/conversations/{id}/notes",
            "post /api/v1/conversations/{id}/claim",
            "post /api/v1/conversations/{id}/transfer",
            "post /api/v1/conversations/{id}/release",
            "post /api/v1/conversations/{id}/resolve",
            "post /api/v1/conversations/{id}/read",
            "post /api/v1/conversations/{id}/typing",
            "post /api/v1/conversations/{id}/items/{seq}/reaction",
            "post /api/v1/conversations/{id}/items/{seq}/send-again",
            "post /api/v1/conversations/{id}/items/{seq}/cancel",
            "get /api/v1/templates",
            "post /api/v1/templates",
            "get /api/v1/templates/{id}",
            "put /api/v1/templates/{id}",
            "delete /api/v1/templates/{id}",
            "post /api/v1/templates/sync",
            "get /api/v1/error-codes",
            "get /api/v1/contacts/{id}",
            "post /api/v1/contacts/{id}/reveal",
            "post /api/v1/contacts/{id}/merge",
            "post /api/v1/contacts/{id}/split",
            "put /api/v1/presence",
            "put /api/v1/me/locale",
            "get /api/v1/audit/export",
            "get /api/v1/audit/key",
            "get /api/v1/channels",
            "get /api/v1/notices",
            "post /api/v1/notices/{id}/open",
        ] {
            assert!(
                known.iter().any(|path| path == route),
                "{route} is not in {known:?}"
            );
        }
    }

    #[test]
    fn every_frame_type_is_described() {
        let document = json();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for (schema, types) in [
            (
                "ServerFrame",
                &[
                    "welcome",
                    "list",
                    "conversation",
                    "resync",
                    "accepted",
                    "done",
                    "refused",
                    "floor",
                    "reconnect",
                ][..],
            ),
            (
                "ClientFrame",
                &[
                    "subscribe_list",
                    "unsubscribe_list",
                    "subscribe",
                    "unsubscribe",
                    "changes",
                    "send",
                    "react",
                    "send_again",
                    "cancel",
                    "typing",
                    "note",
                    "claim",
                    "transfer",
                    "release",
                    "resolve",
                    "read",
                    "set_presence",
                ][..],
            ),
        ] {
            let text = schemas[schema].to_string();
            for name in types {
                assert!(
                    text.contains(&format!("\"{name}\"")),
                    "{schema} does not describe {name}"
                );
            }
        }
    }

    #[test]
    fn no_reference_leads_nowhere() {
        let document = json();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let text = document.to_string();
        let mut references = 0;
        for rest in text.split("\"#/components/schemas/").skip(1) {
            let name = rest.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
            references += 1;
        }
        assert!(references > 50, "{references}");
    }

    #[test]
    fn only_logging_in_needs_no_token() {
        let document = json();
        assert_eq!(document["security"][0]["bearer"], Value::Array(Vec::new()));
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let open = operation.get("security").is_some();
                let may = matches!(path.as_str(), "/api/v1/session" | "/api/v1/session/refresh")
                    && method == "post";
                assert_eq!(open, may, "{method} {path}");
            }
        }
    }
}
