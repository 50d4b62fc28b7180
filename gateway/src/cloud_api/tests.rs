//! What is known of a call, against a server that answers as Meta does on its bad days.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response as HttpResponse};
use balcao_core::config::{Config, Sources};
use balcao_core::model::ChannelId;
use compliance::SubjectId;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::*;

fn api(base: &str, call_timeout_ms: &str) -> CloudApi {
    // Another test may have installed it.
    drop(rustls::crypto::ring::default_provider().install_default());
    let sources = Sources::default()
        .with("whatsapp.graph_base_url", base)
        .with("whatsapp.call_timeout_ms", call_timeout_ms);
    CloudApi::new(&Config::load(&sources).unwrap().whatsapp).unwrap()
}

fn channel() -> Channel {
    Channel {
        id: ChannelId::default(),
        phone_number_id: "1122334455667".into(),
        waba_id: "1".into(),
        name: "test".into(),
        portfolio: "1".into(),
        subject_id: SubjectId(Uuid::nil()),
        access_token: "token".to_owned().into(),
        throughput_per_second: 80,
        default_team_id: None,
        display_phone_number: None,
        token_fingerprint: String::new(),
        app_secrets: Vec::new(),
        stopped: None,
    }
}

#[derive(Clone)]
struct Script(StatusCode, String);

async fn scripted(
    State(Script(status, body)): State<Script>,
    uri: Uri,
    headers: HeaderMap,
) -> HttpResponse {
    assert_eq!(uri.path(), "/v26.0/1122334455667/messages");
    assert_eq!(headers["authorization"], "Bearer token");
    assert!(
        headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("balcao/")
    );
    (status, body).into_response()
}

/// The answer to one call of a server that says `body` with `status`.
async fn answer(status: StatusCode, body: &str) -> Answer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new()
        .fallback(scripted)
        .with_state(Script(status, body.to_owned()));
    let api = api(&base, "15000");
    let (channel, message) = (channel(), json!({}));
    tokio::select! {
        served = axum::serve(listener, app).into_future() => panic!("the server ended: {served:?}"),
        answer = api.send(&channel, &message) => answer,
    }
}

fn refused(http_status: u16, code: Option<i32>, is_transient: bool) -> Answer {
    Answer::Refused(Refusal {
        http_status,
        code,
        is_transient,
    })
}

#[tokio::test]
async fn a_message_id_means_taken() {
    let body = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+1"}],"messages":[{"id":"wamid.x","message_status":"accepted"}]}"#;
    let taken = Taken {
        wamid: "wamid.x".into(),
        wa_id: None,
        held: None,
    };
    assert!(answer(StatusCode::OK, body).await == Answer::Taken(taken));
}

#[tokio::test]
async fn the_answer_tells_the_number_as_whatsapp_knows_it_and_what_is_held() {
    let body = r#"{"contacts":[{"input":"+5531987654321","wa_id":"553187654321"}],"messages":[{"id":"wamid.x","message_status":"held_for_quality_assessment"}]}"#;
    let taken = Taken {
        wamid: "wamid.x".into(),
        wa_id: Some("553187654321".into()),
        held: Some("held_for_quality_assessment".into()),
    };
    assert!(answer(StatusCode::OK, body).await == Answer::Taken(taken));
    let body = r#"{"messages":[{"id":"wamid.x","message_status":"Sent to +55"}]}"#;
    let Answer::Taken(taken) = answer(StatusCode::OK, body).await else {
        panic!("taken");
    };
    assert_eq!(taken.held, None, "only a word is kept in clear");
}

#[tokio::test]
async fn a_success_without_a_message_id_is_lost() {
    assert_eq!(answer(StatusCode::OK, "{}").await, Answer::Lost);
    assert_eq!(answer(StatusCode::OK, "<html>").await, Answer::Lost);
    assert_eq!(
        answer(StatusCode::OK, &" ".repeat(MAX_ANSWER_BYTES + 1)).await,
        Answer::Lost
    );
}

#[tokio::test]
async fn errors_are_told_by_their_code_without_their_text() {
    let body = r##"{"error":{"message":"(#131056) +5511987654321","type":"OAuthException","code":131056,"is_transient":true,"fbtrace_id":"x"}}"##;
    let answer_to_pair_limit = answer(StatusCode::BAD_REQUEST, body).await;
    assert_eq!(answer_to_pair_limit, refused(400, Some(131_056), true));
    assert!(!format!("{answer_to_pair_limit:?}").contains("5511"));
    assert_eq!(
        answer(StatusCode::BAD_GATEWAY, "<html>").await,
        refused(502, None, false)
    );
    assert_eq!(
        answer(StatusCode::TOO_MANY_REQUESTS, r#"{"error":{"code":613}}"#).await,
        refused(429, Some(613), false)
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    assert_eq!(
        answer(StatusCode::FOUND, "").await,
        refused(302, None, false)
    );
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(
        api(&base, "15000").send(&channel(), &json!({})).await,
        Answer::NotCalled
    );
}

#[tokio::test]
async fn a_connection_that_ends_after_the_request_leaves_it_open_what_happened() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut some = [0; 64];
        assert!(socket.read(&mut some).await.unwrap() > 0);
    };
    let (api, channel) = (api(&base, "15000"), channel());
    let message = json!({});
    let (answer, ()) = tokio::join!(api.send(&channel, &message), server);
    assert_eq!(answer, Answer::Lost);
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_leaves_it_open_what_happened() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let answer = api(&base, "200").send(&channel(), &json!({})).await;
    assert_eq!(
        answer,
        Answer::Lost,
        "the listener accepted the connection and never answered"
    );
}

#[tokio::test]
async fn a_read_mark_tells_whether_it_was_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new()
        .fallback(scripted)
        .with_state(Script(StatusCode::OK, r#"{"success":true}"#.into()));
    let (api, channel) = (api(&base, "15000"), channel());
    tokio::select! {
        served = axum::serve(listener, app).into_future() => panic!("the server ended: {served:?}"),
        is_taken = api.mark_read(&channel, "wamid.x") => assert!(is_taken),
    }
}
