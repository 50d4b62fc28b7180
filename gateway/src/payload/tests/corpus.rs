//! Payloads written by others, when they lie beside the project: every webhook is understood or kept, none is lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::check::{Outcome, check};

use super::now;

#[test]
fn every_payload_of_the_corpus_is_understood_or_kept() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures");
    if !corpus.is_dir() {
        eprintln!("skipped: no corpus at {}", corpus.display());
        assert!(!corpus.exists(), "a corpus must be a folder");
        return;
    }
    let mut facts: BTreeMap<String, usize> = BTreeMap::new();
    for file in files(&corpus) {
        let bytes = std::fs::read(&file).unwrap();
        // Seen in another way than the reader's.
        let text = String::from_utf8_lossy(&bytes);
        let is_webhook = ["\"whatsapp_business_account\"", "\"entry\"", "\"changes\""]
            .iter()
            .all(|part| text.contains(part));
        let findings = check(&bytes, now());
        assert!(!findings.is_empty(), "{}", file.display());
        for finding in findings {
            let word = finding.item.words();
            assert!(!finding.is_lost, "{}: {finding:?}", file.display());
            assert_eq!(
                finding.item == Outcome::NotAWebhook,
                !is_webhook,
                "{}: {finding:?}",
                file.display()
            );
            *facts.entry(format!("{word} {}", finding.kind)).or_default() += 1;
        }
    }
    let seen = |what: &str| facts.get(what).copied().unwrap_or_default();
    // One file ends in a stray brace, on purpose or not: the only webhook among them that is no JSON.
    assert_eq!(seen("dead letter malformed"), 1, "{facts:#?}");
    assert_eq!(sum(&facts, "dead letter"), 1, "{facts:#?}");
    for (what, at_least) in [
        ("message", 57),
        ("change", 9),
        ("rotation", 2),
        ("preference", 2),
        ("status", 11),
        ("notice", 36),
    ] {
        assert!(sum(&facts, what) >= at_least, "{what}: {facts:#?}");
    }
    for what in [
        "message text",
        "message image",
        "message video",
        "message audio",
        "message document",
        "message sticker",
        "message location",
        "message contacts",
        "message choice",
        "message form",
        "message order",
        "message call",
        "message unsupported",
        "change reaction",
        "change edit",
        "change revoke",
        "status played",
    ] {
        assert!(seen(what) > 0, "{what}: {facts:#?}");
    }
    // What is understood everywhere stays understood.
    assert!(seen("message unsupported") <= 6, "{facts:#?}");
}

fn sum(facts: &BTreeMap<String, usize>, outcome: &str) -> usize {
    facts
        .iter()
        .filter(|(what, _)| what.starts_with(&format!("{outcome} ")))
        .map(|(_, count)| count)
        .sum()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            found.push(path);
        }
    }
    found
}
