use super::*;

const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";

fn production() -> Vec<(&'static str, &'static str)> {
    vec![
        ("profile", "production"),
        ("compliance.dpo_contact", "privacy@isp.example"),
        ("compliance.audit_origin", "audit.isp.example/balcao"),
        ("console.public_url", "https://console.isp.example"),
        ("database.api.connections", "28"),
        ("webhook.app_secrets", APP_SECRET),
        ("webhook.verify_token", "b1946ac92492d2347c6235b4d2611184"),
    ]
}

#[test]
fn a_complete_production_configuration_passes() {
    let config = load(&production()).unwrap();
    config.check_production().unwrap();
    assert!(config.is_production());
    assert!(
        config
            .warnings()
            .iter()
            .any(|finding| finding.key == "redis.url"),
        "no redis is worth a warning"
    );
}

#[test]
fn production_refuses_the_defaults_and_says_all_at_once() {
    let message = load(&[("profile", "production")])
        .unwrap()
        .check_production()
        .unwrap_err()
        .to_string();
    for key in [
        "compliance.dpo_contact",
        "compliance.audit_origin",
        "console.public_url",
        "database.api.connections",
    ] {
        assert!(message.contains(key), "{key} is not in: {message}");
    }
}

#[test]
fn production_refuses_each_of_these() {
    for (key, value, named) in [
        ("keys.provider", "env", "keys.provider"),
        ("listen.webhook", "0.0.0.0:8081", "listen.webhook"),
        ("listen.console", "[::]:8080", "listen.console"),
        (
            "console.public_url",
            "http://console.isp.example",
            "console.public_url",
        ),
        (
            "whatsapp.graph_base_url",
            "http://graph.isp.example",
            "whatsapp.graph_base_url",
        ),
        ("bot.erp_url", "http://erp.isp.example", "bot.erp_url"),
        ("console.cookie_secure", "false", "console.cookie_secure"),
        ("webhook.app_secrets", "short", "webhook.app_secrets"),
        (
            "webhook.verify_token",
            "change-me-before-you-start",
            "webhook.verify_token",
        ),
        ("compliance.dpo_contact", " ", "compliance.dpo_contact"),
    ] {
        let mut settings = production();
        settings.retain(|(other, _)| *other != key);
        settings.push((key, value));
        let message = load(&settings)
            .unwrap()
            .check_production()
            .expect_err(key)
            .to_string();
        assert!(
            message.contains(&format!("- {named}: ")),
            "{key} = {value}: {message}"
        );
        assert_eq!(
            message.lines().count(),
            2,
            "{key} = {value} alone is refused: {message}"
        );
    }
}

#[test]
fn a_tls_proxy_and_loopback_make_plain_http_acceptable() {
    let mut settings = production();
    settings.extend([
        ("listen.webhook", "0.0.0.0:8081"),
        ("listen.behind_tls_proxy", "true"),
        ("bot.erp_url", "http://127.0.0.1:9000/erp"),
    ]);
    load(&settings).unwrap().check_production().unwrap();
}
