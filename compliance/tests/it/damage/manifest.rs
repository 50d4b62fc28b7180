//! What can be done to the manifest, its note, and the files it names.

use std::fs;

use super::{Case, edit_text, lines, sign_manifest};

pub const CASES: &[Case] = &[
    Case {
        name: "an edited manifest",
        file: "manifest.json",
        place: "is not the manifest that manifest.note signed",
        damage: |dir| {
            edit_text(dir, "manifest.json", |text| {
                text.replace("\"witnesses\": 0", "\"witnesses\": 3")
            });
        },
    },
    Case {
        name: "an event left out",
        file: "events.jsonl",
        place: "has 10 lines, the manifest says 11",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| {
                let mut l = lines(&text);
                l.remove(4);
                l.concat()
            });
        },
    },
    Case {
        name: "the note of another export",
        file: "manifest.note",
        place: "line 1",
        damage: |dir| {
            fs::write(
                dir.join("manifest.note"),
                fs::read(dir.join("checkpoint")).unwrap(),
            )
            .unwrap();
        },
    },
    Case {
        name: "an unsigned manifest",
        file: "manifest.note",
        place: "has no empty line",
        damage: |dir| {
            edit_text(dir, "manifest.note", |text| {
                text[..text.find("\n\n").unwrap() + 1].to_owned()
            });
        },
    },
    Case {
        name: "an edited VERIFY.md",
        file: "VERIFY.md",
        place: "SHA-256",
        damage: |dir| {
            edit_text(dir, "VERIFY.md", |text| text + "Trust this.\n");
        },
    },
    Case {
        name: "a missing script",
        file: "verify.py",
        place: "cannot be read",
        damage: |dir| {
            fs::remove_file(dir.join("verify.py")).unwrap();
        },
    },
    Case {
        name: "files outside the folder, rightly signed",
        file: "manifest.json",
        place: "outside the folder",
        damage: |dir| {
            let text = fs::read_to_string(dir.join("manifest.json")).unwrap();
            sign_manifest(dir, text.replace("\"VERIFY.md\"", "\"../x\"").as_bytes());
        },
    },
    Case {
        name: "a manifest that hides the events' hash, rightly signed",
        file: "manifest.json",
        place: "does not name events.jsonl",
        damage: |dir| {
            let text = fs::read_to_string(dir.join("manifest.json")).unwrap();
            sign_manifest(
                dir,
                text.replace("\"events.jsonl\"", "\"other\"").as_bytes(),
            );
        },
    },
    Case {
        name: "another key in the manifest, rightly signed",
        file: "manifest.json",
        place: "vkey",
        damage: |dir| {
            let text = fs::read_to_string(dir.join("manifest.json")).unwrap();
            sign_manifest(
                dir,
                text.replace("\"vkey\": \"", "\"vkey\": \"x").as_bytes(),
            );
        },
    },
    Case {
        name: "a period that excludes the events, rightly signed",
        file: "events.jsonl",
        place: "line 1: leaf 0: is not of the manifest's period",
        damage: |dir| {
            let text = fs::read_to_string(dir.join("manifest.json")).unwrap();
            sign_manifest(dir, text.replace("1970-01-01", "2090-01-01").as_bytes());
        },
    },
    Case {
        name: "a filter that excludes the events, rightly signed",
        file: "events.jsonl",
        place: "line 1: leaf 0: does not pass",
        damage: |dir| {
            let text = fs::read_to_string(dir.join("manifest.json")).unwrap();
            let filter = "\"filter\": {\"teams\": [\"00000000-0000-0000-0000-000000000001\"]}";
            sign_manifest(dir, text.replace("\"filter\": {}", filter).as_bytes());
        },
    },
    Case {
        name: "an instant that is none, rightly signed",
        file: "manifest.json",
        place: "from: is not an RFC 3339 instant",
        damage: |dir| {
            let text = fs::read_to_string(dir.join("manifest.json")).unwrap();
            sign_manifest(dir, text.replace("1970-01-01", "1970-13-01").as_bytes());
        },
    },
    Case {
        name: "no JSON, rightly signed",
        file: "manifest.json",
        place: "is not a manifest",
        damage: |dir| sign_manifest(dir, b"{"),
    },
    Case {
        name: "a list, rightly signed",
        file: "manifest.json",
        place: "is not a manifest",
        damage: |dir| sign_manifest(dir, b"[]"),
    },
];
