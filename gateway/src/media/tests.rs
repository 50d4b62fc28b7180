//! The client against hostile hosts, with a resolver of the test's own.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use balcao_core::config::{Config, Sources};
use balcao_core::model::ChannelId;
use balcao_core::store::channel::Channel;
use compliance::SubjectId;
use tokio::net::TcpListener;

use super::address::Hosts;
use super::client::{Fault, MediaApi};
use super::resolver::{Guard, LookUp, is_blocked};

/// A host that counts whoever connects.
struct Host {
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl Host {
    async fn start() -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let answer = move |headers: HeaderMap| {
            count.fetch_add(1, Ordering::SeqCst);
            async move {
                let bearer = headers.get(header::AUTHORIZATION).cloned();
                bearer.map_or_else(
                    || StatusCode::UNAUTHORIZED.into_response(),
                    |_| "bytes".into_response(),
                )
            }
        };
        let away = || async {
            (
                StatusCode::FOUND,
                [(header::LOCATION, "http://127.0.0.1/elsewhere")],
            )
                .into_response()
        };
        let app = Router::new()
            .route("/file", get(answer))
            .route("/away", get(away));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { port, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Names stand for these addresses, one answer after another, the last one for ever.
fn names(answers: &'static [&'static [&'static str]]) -> LookUp {
    let turn = Arc::new(AtomicUsize::new(0));
    Arc::new(move |_| {
        let at = turn.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        let found: Vec<IpAddr> = answers[at]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        Box::pin(async move { Ok(found) })
    })
}

fn api(settings: &[(&str, &str)], look_up: LookUp) -> MediaApi {
    drop(rustls::crypto::ring::default_provider().install_default());
    let sources = settings
        .iter()
        .fold(Sources::default(), |sources, (key, value)| {
            sources.with(key, *value)
        });
    MediaApi::new(&Config::load(&sources).unwrap(), look_up).unwrap()
}

fn channel() -> Channel {
    Channel {
        id: ChannelId::new(),
        phone_number_id: "106540352242922".to_owned(),
        waba_id: "102290129340398".to_owned(),
        name: "Support".to_owned(),
        display_phone_number: None,
        portfolio: "1".to_owned(),
        subject_id: SubjectId(uuid::Uuid::now_v7()),
        access_token: "a-token".to_owned().into(),
        token_fingerprint: String::new(),
        app_secrets: Vec::new(),
        throughput_per_second: 80,
        default_team_id: None,
        stopped: None,
    }
}

async fn fault(api: &MediaApi, url: &str) -> Option<Fault> {
    api.fetch(&channel(), url).await.err()
}

#[tokio::test]
async fn a_name_that_stands_for_a_private_address_is_not_called() {
    let host = Host::start().await;
    let allowed = format!("media.example:{}", host.port);
    let url = format!("https://{allowed}/file");
    for address in [
        &[&["127.0.0.1"] as &[&str]] as &[&[&str]],
        &[&["::ffff:10.0.0.1"]],
        &[&["169.254.169.254"]],
        &[&["::1"]],
        // One good address beside a bad one does not make the name good.
        &[&["93.184.216.34", "127.0.0.1"]],
    ] {
        let api = api(&[("media.hosts", &allowed)], names(address));
        assert_eq!(fault(&api, &url).await, Some(Fault::Blocked), "{address:?}");
    }
    assert_eq!(host.asked(), 0, "nobody connected");
}

#[tokio::test]
async fn a_name_is_judged_by_the_very_addresses_that_are_called() {
    let sources = Sources::default().with("media.hosts", "rebinding.example");
    let hosts = Arc::new(Hosts::configured(&Config::load(&sources).unwrap()));
    let guard = Guard::new(hosts, names(&[&["93.184.216.34"], &["127.0.0.1"]]));
    let look_up = || guard.clone().addresses("rebinding.example".to_owned());
    let first = look_up().await.unwrap();
    assert_eq!(first, ["93.184.216.34:0".parse().unwrap()]);
    let second = look_up().await.unwrap_err();
    assert!(is_blocked(&second), "the name moved to this machine");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_token_goes_to_named_hosts_only() {
    let (host, stranger) = (Host::start().await, Host::start().await);
    let named = format!("127.0.0.1:{}", host.port);
    let api = api(
        &[("media.hosts", &named), ("media.private_hosts", &named)],
        names(&[&["127.0.0.1"]]),
    );
    assert_eq!(fault(&api, &format!("http://{named}/file")).await, None);
    assert_eq!(host.asked(), 1);
    assert_eq!(
        fault(&api, &format!("http://{named}/away")).await,
        Some(Fault::Blocked)
    );
    let elsewhere = format!("http://127.0.0.1:{}/file", stranger.port);
    assert_eq!(fault(&api, &elsewhere).await, Some(Fault::Blocked));
    assert_eq!(stranger.asked(), 0);
}

#[tokio::test]
async fn an_id_that_is_a_path_is_not_asked_for() {
    let api = api(&[], names(&[&["127.0.0.1"]]));
    for id in ["", "../me", "1?fields=x", "1/2", "a b", "1%2f2"] {
        let place = api.place(&channel(), id).await;
        assert!(matches!(place, Err(Fault::Absent)), "{id}");
    }
}
