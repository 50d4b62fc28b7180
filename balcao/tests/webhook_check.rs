//! `balcao webhook check` as a person or a script calls it: lines, exit codes, and no configuration or database.

use std::path::Path;
use std::process::{Command, Output};

const TEXT: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{
    "metadata":{"phone_number_id":"1122"},"messages":[
    {"id":"wamid.a","from":"5511987654321","timestamp":"1500000000","type":"text","text":{"body":"segredo"}}]}}]}]}"#;
const ANSWER: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"1","wa_id":"1"}],"messages":[{"id":"wamid.b"}]}"#;

fn check(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_balcao"))
        .args(["webhook", "check"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("balcao runs")
}

fn words(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

#[test]
fn each_item_has_a_line_without_words_or_numbers_of_people() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    std::fs::write(folder.path().join("inner/text.json"), TEXT).unwrap();
    std::fs::write(folder.path().join("answer.json"), ANSWER).unwrap();
    std::fs::write(folder.path().join("notes.md"), "not looked at").unwrap();
    let output = check(folder.path(), &["."]);
    assert!(output.status.success());
    let said = words(&output);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "./answer.json: not a webhook the answer to a send",
            "./inner/text.json: message text",
            "2 files: message 1, not a webhook 1; valid payloads lost: 0; unreadable files: 0",
        ]
    );
}

#[test]
fn json_is_one_object_a_line_and_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), TEXT).unwrap();
    let output = check(folder.path(), &["--json", "a.json"]);
    let lines: Vec<serde_json::Value> = words(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["item"], "message");
    assert_eq!(lines[0]["kind"], "text");
    assert_eq!(lines[0]["is_lost"], false);
    assert_eq!(lines[1]["summary"]["items"]["message"], 1);
    assert_eq!(lines[1]["summary"]["lost"], 0);
}

#[test]
fn damage_is_named_and_only_a_loss_of_ours_or_an_unreadable_file_fails() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("broken.json", &format!("{TEXT}{{"));
    let output = check(folder.path(), &["broken.json"]);
    assert!(output.status.success());
    assert!(
        words(&output).contains("dead letter malformed (body; broken: no payload that Meta sends)")
    );
    write("large.json", &TEXT.replace("segredo", &"x".repeat(300_000)));
    let output = check(folder.path(), &["large.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output).contains("LOST: dead letter too_large"));
    assert_eq!(
        check(folder.path(), &["absent.json"]).status.code(),
        Some(1)
    );
    assert_eq!(check(folder.path(), &[]).status.code(), Some(2));
}
