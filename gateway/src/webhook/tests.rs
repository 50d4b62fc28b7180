//! The door, without a database behind it: what is refused, with what, and when.

use axum::http::{Method, Request as HttpRequest};
use balcao_core::bell::Bell;
use balcao_core::clock::Clock;
use balcao_core::config::{Config, Sources};
use balcao_core::limits::Limits;
use balcao_core::store::Store;
use compliance::{Provider, Vault};
use futures_util::stream;
use hmac::{Hmac, KeyInit, Mac};
use tower::ServiceExt;
use uuid::Uuid;

use super::*;
use crate::ingest::queue::{self, Waiting};

const PATH: &str = "/webhooks/whatsapp";
const SECRET: &str = "test_app_secret";
const EMPTY: &str = r#"{"object":"whatsapp_business_account","entry":[]}"#;
const ODD: &str = r#"{"object":"page"}"#;
const MESSAGE: &str = concat!(
    r#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},"#,
    r#""messages":[{"id":"wamid.a","from":"5511987654321","timestamp":"1800000000","type":"text","text":{"body":"oi"}}]}}]}]}"#
);

async fn context(settings: &[(&str, &str)]) -> Context {
    let always = [
        ("webhook.app_secrets", SECRET),
        ("webhook.verify_token", "opensesame"),
        ("webhook.extra_paths", "/hooks/old"),
        ("database.url", "postgres://nobody@127.0.0.1:1/none"),
        ("database.worker.acquire_timeout_ms", "200"),
        ("webhook.body_timeout_ms", "100"),
    ];
    let sources = always
        .iter()
        .chain(settings)
        .fold(Sources::default(), |sources, (key, value)| {
            sources.with(key, *value)
        });
    let config = Config::load(&sources).unwrap();
    let vault = Vault::open(Provider::development([7; 32])).await.unwrap();
    Context {
        store: Store::open(&config.database, vault).unwrap(),
        config: Arc::new(config),
        bell: Bell::local(),
        redis: None,
        limits: Limits::new(None, 1),
        clock: Clock::manual(chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap()),
        node_id: Uuid::nil(),
    }
}

async fn door(settings: &[(&str, &str)]) -> (Router, Waiting<Work>) {
    let ctx = context(settings).await;
    let (queue, waiting) = queue::queue(
        100,
        Duration::from_millis(ctx.config.webhook.max_queue_lag_ms),
    );
    let webhook = Webhook::new(&ctx, Channels::new(ctx.store.clone()), queue).unwrap();
    (router(webhook).unwrap(), waiting)
}

fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn signed(body: &str) -> HttpRequest<Body> {
    post(&sign(SECRET, body.as_bytes()), Body::from(body.to_owned()))
}

fn post(signature: &str, body: Body) -> HttpRequest<Body> {
    HttpRequest::post(PATH)
        .header("content-type", "application/json; charset=utf-8")
        .header("x-hub-signature-256", signature)
        .body(body)
        .unwrap()
}

fn get(query: &str) -> HttpRequest<Body> {
    HttpRequest::get(format!("{PATH}?{query}"))
        .body(Body::empty())
        .unwrap()
}

async fn status(door: &Router, request: HttpRequest<Body>) -> StatusCode {
    door.clone().oneshot(request).await.unwrap().status()
}

async fn text(response: Response) -> String {
    String::from_utf8(
        axum::body::to_bytes(response.into_body(), 1_000)
            .await
            .unwrap()
            .to_vec(),
    )
    .unwrap()
}

fn endless() -> Body {
    Body::from_stream(stream::repeat_with(|| {
        Ok::<_, std::io::Error>(vec![b' '; 64 * 1024])
    }))
}

/// Answers every parcel with `is_stored`.
async fn serve(mut waiting: Waiting<Work>, is_stored: bool) {
    while let Some(round) = waiting.round(100).await {
        let (parcels, pieces) = round.into_parts();
        let outcomes: Vec<(usize, bool)> = pieces
            .iter()
            .map(|(parcel, _)| (*parcel, is_stored))
            .collect();
        waiting.settle(parcels, &outcomes);
    }
}

#[tokio::test]
async fn meta_gets_its_challenge_back_as_plain_text() {
    let (door, _waiting) = door(&[]).await;
    let request = get("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=opensesame");
    let response = door.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(text(response).await, "1158201444");
}

#[tokio::test]
async fn a_wrong_token_is_forbidden_and_odd_parameters_are_bad() {
    let (door, _waiting) = door(&[]).await;
    for (query, expected) in [
        (
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
            StatusCode::FORBIDDEN,
        ),
        (
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=opensesame",
            StatusCode::FORBIDDEN,
        ),
        (
            "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=opensesame",
            StatusCode::BAD_REQUEST,
        ),
        (
            "hub.mode=subscribe&hub.challenge=&hub.verify_token=opensesame",
            StatusCode::BAD_REQUEST,
        ),
        (
            "hub.mode=subscribe&hub.challenge[]=1&hub.verify_token=opensesame",
            StatusCode::BAD_REQUEST,
        ),
        (
            "hub.mode=subscribe&hub.challenge=1&hub.challenge=1&hub.verify_token=opensesame",
            StatusCode::BAD_REQUEST,
        ),
        ("", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(status(&door, get(query)).await, expected, "{query}");
    }
    let long = format!(
        "hub.mode=subscribe&hub.challenge={}&hub.verify_token=opensesame",
        "1".repeat(129)
    );
    assert_eq!(status(&door, get(&long)).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn without_a_signature_the_body_is_not_read() {
    let (door, _waiting) = door(&[]).await;
    let never_ends = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = HttpRequest::post(PATH)
        .header("content-type", "application/json")
        .body(never_ends)
        .unwrap();
    let response = door.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(text(response).await, "");
    let mut two = signed(EMPTY);
    two.headers_mut()
        .append("x-hub-signature-256", HeaderValue::from_static("sha256=00"));
    assert_eq!(status(&door, two).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_signature_of_somebody_else_is_refused() {
    let (door, _waiting) = door(&[]).await;
    let request = post(&sign("another_app", EMPTY.as_bytes()), Body::from(EMPTY));
    assert_eq!(status(&door, request).await, StatusCode::UNAUTHORIZED);
    let request = post(
        &sign(SECRET, EMPTY.as_bytes()),
        Body::from(EMPTY.replace('}', " }")),
    );
    assert_eq!(status(&door, request).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_secret_in_rotation_opens_the_door_on_every_path() {
    let (door, _waiting) =
        door(&[("webhook.app_secrets", "next_app_secret,test_app_secret")]).await;
    for secret in [SECRET, "next_app_secret"] {
        for path in [PATH, "/hooks/old"] {
            let mut request = post(&sign(secret, EMPTY.as_bytes()), Body::from(EMPTY));
            *request.uri_mut() = path.parse().unwrap();
            assert_eq!(
                status(&door, request).await,
                StatusCode::OK,
                "{secret} {path}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_not_plain_json_is_an_unsupported_media_type() {
    let (door, _waiting) = door(&[]).await;
    for (name, value) in [
        ("content-encoding", "gzip"),
        ("content-type", "text/xml"),
        ("content-type", "application/jsonx"),
    ] {
        let mut request = signed(EMPTY);
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
        assert_eq!(
            status(&door, request).await,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{name}: {value}"
        );
    }
}

#[tokio::test]
async fn too_large_or_too_slow_a_body_is_refused() {
    let (door, _waiting) = door(&[("webhook.body_timeout_ms", "5000")]).await;
    let claim = sign(SECRET, b"");
    assert_eq!(
        status(&door, post(&claim, endless())).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let mut announced = post(&claim, endless());
    announced
        .headers_mut()
        .insert("content-length", HeaderValue::from(5 * 1024 * 1024));
    assert_eq!(
        status(&door, announced).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let (impatient, _waiting) = self::door(&[]).await;
    let never_ends = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
    assert_eq!(
        status(&impatient, post(&claim, never_ends)).await,
        StatusCode::REQUEST_TIMEOUT
    );
}

#[tokio::test]
async fn other_methods_are_not_allowed_and_other_paths_not_found() {
    let (door, _waiting) = door(&[]).await;
    for method in [Method::PUT, Method::DELETE, Method::TRACE, Method::PATCH] {
        let mut request = signed(EMPTY);
        *request.method_mut() = method.clone();
        assert_eq!(
            status(&door, request).await,
            StatusCode::METHOD_NOT_ALLOWED,
            "{method}"
        );
    }
    let health = HttpRequest::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(status(&door, health).await, StatusCode::OK);
    let elsewhere = HttpRequest::get("/").body(Body::empty()).unwrap();
    assert_eq!(status(&door, elsewhere).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn unsigned_calls_spend_a_budget_that_signed_ones_do_not_need() {
    let (door, _waiting) = door(&[("limits.unsigned_webhooks_per_minute_per_address", "3")]).await;
    let forged = || post(&sign("another_app", EMPTY.as_bytes()), Body::from(EMPTY));
    for _ in 0..3 {
        assert_eq!(status(&door, forged()).await, StatusCode::UNAUTHORIZED);
    }
    let response = door.clone().oneshot(forged()).await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(
        status(&door, signed(EMPTY)).await,
        StatusCode::OK,
        "a right signature never gets 429"
    );
}

#[tokio::test]
async fn the_answer_is_what_the_writer_says() {
    let (door, waiting) = door(&[]).await;
    let writer = serve(waiting, true);
    let (answer, ()) = tokio::join!(async move { status(&door, signed(ODD)).await }, writer);
    assert_eq!(answer, StatusCode::OK);

    let (door, waiting) = self::door(&[]).await;
    let writer = serve(waiting, false);
    let call = async move { door.oneshot(signed(ODD)).await.unwrap() };
    let (response, ()) = tokio::join!(call, writer);
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn garbage_that_is_rightly_signed_reaches_the_writer_as_a_dead_letter() {
    let (door, mut waiting) = door(&[]).await;
    let call = status(&door, signed("{\"object\":"));
    let writer = async {
        let (parcels, pieces) = waiting.round(100).await.unwrap().into_parts();
        let is_letter = matches!(pieces.as_slice(), [(0, Work::Letter(_))]);
        waiting.settle(parcels, &[(0, true)]);
        is_letter
    };
    let (answer, is_letter) = tokio::join!(call, writer);
    assert_eq!((answer, is_letter), (StatusCode::OK, true));
}

#[tokio::test]
async fn with_the_database_away_a_message_is_refused_and_not_taken_for_a_strangers() {
    let (door, _waiting) = door(&[]).await;
    assert_eq!(
        status(&door, signed(MESSAGE)).await,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[tokio::test]
async fn paths_that_cannot_be_routed_and_missing_secrets_keep_it_from_starting() {
    for path in ["/{id}", "/a b", "/healthz"] {
        let ctx = context(&[("webhook.path", path)]).await;
        let (queue, _waiting) = queue::queue(100, Duration::from_secs(1));
        let webhook = Webhook::new(&ctx, Channels::new(ctx.store.clone()), queue).unwrap();
        assert!(matches!(router(webhook), Err(Error::Path(_))), "{path}");
    }
    let ctx = context(&[("webhook.app_secrets", "")]).await;
    let (queue, _waiting) = queue::queue(100, Duration::from_secs(1));
    assert!(matches!(
        Webhook::new(&ctx, Channels::new(ctx.store.clone()), queue),
        Err(Error::MissingSecret)
    ));
}
