mod production;
mod secret;

use super::*;

fn load(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(
        &settings
            .iter()
            .fold(Sources::default(), |sources, (key, value)| {
                sources.with(key, *value)
            }),
    )
}

fn refusal(settings: &[(&str, &str)]) -> String {
    load(settings).expect_err("refused").to_string()
}

fn with_file(text: &str, settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let mut sources = settings
        .iter()
        .fold(Sources::default(), |sources, (key, value)| {
            sources.with(key, *value)
        });
    sources.file = Some(file.path().to_path_buf());
    Config::load(&sources)
}

#[test]
fn the_defaults_alone_are_a_configuration() {
    let config = load(&[]).unwrap();
    assert_eq!(config.profile, Profile::Development);
    assert_eq!(config.node.roles, NodeRole::ALL);
    assert_eq!(config.webhook.max_body_bytes, 4 * 1024 * 1024);
    assert!(config.redis.url.is_none());
    assert_eq!(config.database.connections(), 38);
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = "[webhook]\nmax_batch = 10\nmax_queue_items = 11\n";
    let config = with_file(file, &[("webhook.max_batch", "12")]).unwrap();
    assert_eq!(config.webhook.max_batch, 12);
    assert_eq!(config.webhook.max_queue_items, 11);
}

#[test]
fn lists_and_yes_or_no_come_from_the_environment_too() {
    let config = load(&[
        ("node.roles", "gateway, bot"),
        ("listen.behind_tls_proxy", "true"),
        ("listen.trusted_proxies", "10.0.0.0/8,192.0.2.1"),
    ])
    .unwrap();
    assert_eq!(config.node.roles, [NodeRole::Gateway, NodeRole::Bot]);
    assert!(config.listen.behind_tls_proxy);
    assert_eq!(config.listen.trusted_proxies.len(), 2);
}

#[test]
fn an_unknown_key_in_the_environment_is_refused_with_the_known_ones() {
    let message = refusal(&[("webhook.max_bach", "5")]);
    assert!(message.contains("webhook.max_bach"), "{message}");
    assert!(message.contains("max_batch"), "{message}");
}

#[test]
fn an_unknown_key_in_the_file_is_refused_with_its_full_name() {
    let message = with_file("[webhook]\nmax_bach = 5\n", &[])
        .expect_err("refused")
        .to_string();
    assert!(message.contains("webhook.max_bach"), "{message}");
    assert!(message.contains("max_batch"), "{message}");
    let message = with_file("[webhok]\nmax_batch = 5\n", &[])
        .expect_err("refused")
        .to_string();
    assert!(
        message.contains("webhok") && message.contains("whatsapp"),
        "{message}"
    );
}

#[test]
fn a_wrong_value_names_its_key_and_variable() {
    let message = refusal(&[("webhook.max_batch", "many")]);
    assert!(
        message.contains("webhook.max_batch (from BALCAO__WEBHOOK__MAX_BATCH)"),
        "{message}"
    );
    assert!(message.contains("whole number"), "{message}");
    let message = refusal(&[("listen.console", "everywhere")]);
    assert!(message.contains("listen.console"), "{message}");
    let message = refusal(&[("node.roles", "gateway,cook")]);
    assert!(
        message.contains("node.roles") && message.contains("worker"),
        "{message}"
    );
}

#[test]
fn a_missing_or_broken_file_is_refused() {
    let sources = Sources {
        file: Some("/nonexistent/balcao.toml".into()),
        ..Sources::default()
    };
    assert!(
        Config::load(&sources)
            .unwrap_err()
            .to_string()
            .contains("/nonexistent/balcao.toml")
    );
    let message = with_file("[webhook\n", &[])
        .expect_err("refused")
        .to_string();
    assert!(message.contains("TOML"), "{message}");
}

#[test]
fn a_serving_node_is_told_everything_it_lacks_at_once() {
    let message = load(&[]).unwrap().check_serve().unwrap_err().to_string();
    for key in [
        "database.url",
        "webhook.app_secrets",
        "webhook.verify_token",
        "database.sequencer_url",
        "keys.dir",
    ] {
        assert!(message.contains(key), "{key} is not in: {message}");
    }
    assert!(
        message.contains("BALCAO__DATABASE__URL or database.url_file"),
        "{message}"
    );
}

#[test]
fn a_bot_node_needs_no_app_secret() {
    let config = load(&[
        ("node.roles", "bot"),
        ("database.url", "postgres://h/d"),
        ("keys.dir", "/srv/keys"),
    ])
    .unwrap();
    assert!(config.check_serve().is_ok());
    assert_eq!(config.database.direct_url(), "postgres://h/d");
}

#[test]
fn a_lease_no_longer_than_its_call_is_refused() {
    assert!(refusal(&[("whatsapp.lease_ms", "15000")]).contains("whatsapp.lease_ms"));
    let config = load(&[("whatsapp.lease_ms", "16000")]).unwrap();
    assert!(
        config
            .warnings()
            .iter()
            .any(|finding| finding.key == "whatsapp.lease_ms")
    );
}

#[test]
fn contradictions_are_told_all_at_once() {
    let message = refusal(&[
        ("webhook.max_batch", "0"),
        ("webhook.extra_paths", "/webhooks/whatsapp"),
        ("console.allowed_origins", "https://*.isp.example"),
        ("bot.erp_url", "erp"),
    ]);
    for key in [
        "webhook.max_batch",
        "webhook.extra_paths",
        "console.allowed_origins",
        "bot.erp_url",
    ] {
        assert!(message.contains(key), "{key} is not in: {message}");
    }
}

#[test]
fn every_key_has_a_comment() {
    let mut before = "";
    for line in DEFAULTS.lines() {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(before.starts_with('#'), "{line:?} has no comment");
        }
        before = line;
    }
    assert!(markdown().contains(
        "| `max_batch` | `256` | `BALCAO__WEBHOOK__MAX_BATCH` | Items in one ingest transaction. |"
    ));
}

#[test]
fn the_page_in_docs_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        page,
        markdown(),
        "run `cargo run -p balcao-core --example reference`"
    );
}
