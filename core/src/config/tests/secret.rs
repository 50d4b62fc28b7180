use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use figment::value::Value;
use secrecy::ExposeSecret;

use super::*;
use crate::config::secret;

fn secret_file(folder: &Path, text: &str, mode: u32) -> String {
    let path = folder.join("secret");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path.display().to_string()
}

#[test]
fn a_secret_of_digits_keeps_its_zeros() {
    let config = load(&[("webhook.app_secrets", "00123, 456\n789")]).unwrap();
    let secrets = config.webhook.app_secrets();
    let plain: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!(plain, ["00123", "456", "789"]);
}

#[test]
fn a_secret_in_a_configuration_file_is_refused_and_not_repeated() {
    let message = with_file("[webhook]\napp_secrets = \"hunter2\"\n", &[])
        .expect_err("refused")
        .to_string();
    assert!(
        message.contains("BALCAO__WEBHOOK__APP_SECRETS"),
        "{message}"
    );
    assert!(message.contains("webhook.app_secrets_file"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
    let message = with_file("[database]\nurl = 5\n", &[])
        .expect_err("refused")
        .to_string();
    assert!(message.contains("database.url"), "{message}");
}

#[test]
fn a_secret_comes_from_a_file_without_its_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = secret_file(folder.path(), "opensesame\n", 0o644);
    let config = load(&[("webhook.verify_token_file", &path)]).unwrap();
    assert_eq!(
        config.webhook.verify_token.unwrap().expose_secret(),
        "opensesame"
    );
}

#[test]
fn a_secret_given_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = secret_file(folder.path(), "opensesame", 0o600);
    let message = refusal(&[
        ("webhook.verify_token_file", &path),
        ("webhook.verify_token", "other"),
    ]);
    assert!(
        message.contains("webhook.verify_token_file are both set"),
        "{message}"
    );
}

#[test]
fn an_empty_or_missing_secret_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = secret_file(folder.path(), "\n", 0o600);
    assert!(refusal(&[("redis.url_file", &path)]).contains("empty"));
    assert!(refusal(&[("redis.url_file", "/nonexistent/secret")]).contains("redis.url_file"));
}

#[test]
fn production_refuses_a_secret_file_that_others_may_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = secret_file(folder.path(), "redis://localhost", 0o640);
    let message = refusal(&[("profile", "production"), ("redis.url_file", &path)]);
    assert!(message.contains("chmod 0400"), "{message}");
    secret_file(folder.path(), "redis://localhost", 0o600);
    assert!(load(&[("profile", "production"), ("redis.url_file", &path)]).is_ok());
}

#[test]
fn secrets_do_not_show_in_debug() {
    let sources = Sources::default()
        .with("webhook.app_secrets", "hunter2")
        .with("database.url", "postgres://u:hunter2@h/d");
    let shown = format!("{sources:?} {:?}", Config::load(&sources).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn every_key_with_a_file_twin_is_known_as_a_secret() {
    let mut twins = Vec::new();
    keys(
        "",
        &Figment::from(Toml::string(DEFAULTS))
            .find_value("")
            .unwrap(),
        &mut twins,
    );
    let twins: Vec<String> = twins
        .iter()
        .filter_map(|key| key.strip_suffix("_file").map(str::to_owned))
        .collect();
    let mut known: Vec<String> = secret::KEYS.iter().map(|key| (*key).to_owned()).collect();
    known.sort();
    let mut sorted = twins;
    sorted.sort();
    assert_eq!(sorted, known);
}

fn keys(prefix: &str, value: &Value, found: &mut Vec<String>) {
    match value.as_dict() {
        Some(section) => {
            for (key, value) in section {
                keys(
                    &if prefix.is_empty() {
                        key.clone()
                    } else {
                        format!("{prefix}.{key}")
                    },
                    value,
                    found,
                );
            }
        }
        None => found.push(prefix.to_owned()),
    }
}
