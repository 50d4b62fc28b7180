//! What can be done to the proof that an earlier log is continued.

use std::fs;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{Case, edit, edit_text, lines};

pub const CASES: &[Case] = &[
    Case {
        name: "an extra hash",
        file: "consistency",
        place: "hashes, the proof from 5 needs",
        damage: |dir| {
            edit_text(dir, "consistency", |text| {
                text + &BASE64_STANDARD.encode([0; 32]) + "\n"
            });
        },
    },
    Case {
        name: "a missing hash",
        file: "consistency",
        place: "hashes, the proof from 5 needs",
        damage: |dir| {
            edit_text(dir, "consistency", |text| lines(&text)[..2].concat());
        },
    },
    Case {
        name: "another hash",
        file: "consistency",
        place: "line 2: is not the hash",
        damage: |dir| {
            edit_text(dir, "consistency", |text| {
                let mut l = lines(&text);
                l.swap(1, 2);
                l.concat()
            });
        },
    },
    Case {
        name: "another old size",
        file: "consistency",
        place: "the proof from 8 needs",
        damage: |dir| {
            edit_text(dir, "consistency", |text| text.replacen("5\n", "8\n", 1));
        },
    },
    Case {
        name: "a leading zero",
        file: "consistency",
        place: "line 1: not a size",
        damage: |dir| {
            edit_text(dir, "consistency", |text| format!("0{text}"));
        },
    },
    Case {
        name: "an old size beyond the tree",
        file: "consistency",
        place: "line 1: 12 is more than",
        damage: |dir| {
            edit_text(dir, "consistency", |_| "12\n".into());
        },
    },
    Case {
        name: "a proof from nothing",
        file: "consistency",
        place: "the proof from 0 needs 0",
        damage: |dir| {
            edit_text(dir, "consistency", |text| text.replacen("5\n", "0\n", 1));
        },
    },
    Case {
        name: "CRLF",
        file: "consistency",
        place: "line 1: not a size",
        damage: |dir| {
            edit_text(dir, "consistency", |text| text.replace('\n', "\r\n"));
        },
    },
    Case {
        name: "not base64",
        file: "consistency",
        place: "line 3: not 32 bytes of base64",
        damage: |dir| {
            edit_text(dir, "consistency", |text| {
                let l = lines(&text);
                format!("{}{}x\n", l[0], l[1])
            });
        },
    },
    Case {
        name: "an empty file",
        file: "consistency",
        place: "no line feed",
        damage: |dir| edit(dir, "consistency", |_| vec![]),
    },
    Case {
        name: "no file",
        file: "consistency",
        place: "cannot be read",
        damage: |dir| {
            fs::remove_file(dir.join("consistency")).unwrap();
        },
    },
];
