//! What can be done to the events; found even when the operator signs the manifest again.

use super::{Case, edit, edit_text, lines};

pub const CASES: &[Case] = &[
    Case {
        name: "an edited event",
        file: "events.jsonl",
        place: "line 4: leaf 3",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| {
                text.replace("\"rev\":3,", "\"rev\":4,")
                    .replace("\"rev\":3}", "\"rev\":4}")
            });
        },
    },
    Case {
        name: "two events reordered",
        file: "events.jsonl",
        place: "line 3: leaf 1: comes after leaf 2",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| {
                let mut l = lines(&text);
                l.swap(1, 2);
                l.concat()
            });
        },
    },
    Case {
        name: "an event twice",
        file: "events.jsonl",
        place: "line 3: leaf 1: comes after leaf 1",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| {
                let mut l = lines(&text);
                l.insert(2, l[1]);
                l.concat()
            });
        },
    },
    Case {
        name: "CRLF",
        file: "events.jsonl",
        place: "line 1: byte",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| text.replace('\n', "\r\n"));
        },
    },
    Case {
        name: "a leading zero",
        file: "events.jsonl",
        place: "line 2: is not a JSON object",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| {
                text.replace("\"seq\":1,", "\"seq\":01,")
            });
        },
    },
    Case {
        name: "bytes after the last event",
        file: "events.jsonl",
        place: "line 12: has no line feed",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| text + " ");
        },
    },
    Case {
        name: "an empty line",
        file: "events.jsonl",
        place: "line 12: is not a JSON object",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| text + "\n");
        },
    },
    Case {
        name: "no last line feed",
        file: "events.jsonl",
        place: "line 11: has no line feed",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| text.trim_end().to_owned());
        },
    },
    Case {
        name: "an index that is not in the tree",
        file: "events.jsonl",
        place: "line 2: leaf 11: the tree has only 11",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| {
                text.replace("\"seq\":1,", "\"seq\":11,")
            });
        },
    },
    Case {
        name: "a negative index",
        file: "events.jsonl",
        place: "line 2: seq is not a position",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| {
                text.replace("\"seq\":1,", "\"seq\":-1,")
            });
        },
    },
    Case {
        name: "an index beyond all numbers",
        file: "events.jsonl",
        place: "line 2: seq is not a position",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| {
                text.replace("\"seq\":1,", "\"seq\":99999999999999999999,")
            });
        },
    },
    Case {
        name: "spaces added",
        file: "events.jsonl",
        place: "line 1: leaf 0",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| text.replace("\",\"", "\", \""));
        },
    },
    Case {
        name: "an invented event",
        file: "events.jsonl",
        place: "line 12: is not a JSON object",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| text + "[]\n");
        },
    },
    Case {
        name: "deep nesting",
        file: "events.jsonl",
        place: "line 12: is not a JSON object",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| {
                text + &"[".repeat(20_000) + "\n"
            });
        },
    },
    Case {
        name: "invalid UTF-8",
        file: "events.jsonl",
        place: "line 12: byte 1 is not printable ASCII",
        damage: |dir| {
            edit(dir, "events.jsonl", |bytes| {
                [bytes, b"\xff\n".to_vec()].concat()
            });
        },
    },
    Case {
        name: "an endless line",
        file: "events.jsonl",
        place: "line 12: has no line feed",
        damage: |dir| {
            edit_text(dir, "events.jsonl", |text| {
                text + &" ".repeat(70_000) + "\n"
            });
        },
    },
];
