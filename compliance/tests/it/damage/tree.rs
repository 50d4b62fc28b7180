//! What can be done to the checkpoint and the leaf hashes.

use std::fs;

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use super::{Case, edit, edit_text};
use crate::support::{ORIGIN, note, seed};

pub const CASES: &[Case] = &[
    Case {
        name: "a signature that was added L to: the same equation, other bytes",
        file: "checkpoint",
        place: "line 5: the signature does not match",
        damage: |dir| edit_text(dir, "checkpoint", |note| add_order_to_signature(&note)),
    },
    Case {
        name: "a flipped bit in a leaf hash",
        file: "leaves.bin",
        place: "the root of its 11 hashes",
        damage: |dir| {
            edit(dir, "leaves.bin", |mut bytes| {
                bytes[40] ^= 1;
                bytes
            });
        },
    },
    Case {
        name: "two leaf hashes swapped",
        file: "leaves.bin",
        place: "the root of its 11 hashes",
        damage: |dir| {
            edit(dir, "leaves.bin", |mut bytes| {
                bytes.rotate_left(32);
                bytes
            });
        },
    },
    Case {
        name: "a leaf hash missing",
        file: "leaves.bin",
        place: "has 320 bytes",
        damage: |dir| {
            edit(dir, "leaves.bin", |bytes| bytes[..320].to_vec());
        },
    },
    Case {
        name: "a byte after the leaf hashes",
        file: "leaves.bin",
        place: "has 353 bytes",
        damage: |dir| {
            edit(dir, "leaves.bin", |bytes| [bytes, vec![0]].concat());
        },
    },
    Case {
        name: "a checkpoint of a smaller tree, rightly signed",
        file: "leaves.bin",
        place: "has 352 bytes",
        damage: |dir| {
            let leaves = fs::read(dir.join("leaves.bin")).unwrap();
            let hashes: Vec<[u8; 32]> = leaves.as_chunks().0[..10].to_vec();
            let root = BASE64_STANDARD.encode(compliance::audit::tree::root(&hashes));
            fs::write(
                dir.join("checkpoint"),
                note(ORIGIN, &seed(), &format!("{ORIGIN}\n10\n{root}\n")),
            )
            .unwrap();
        },
    },
    Case {
        name: "a checkpoint of size 0, rightly signed",
        file: "checkpoint",
        place: "line 2: a log of size 0",
        damage: |dir| {
            let root = BASE64_STANDARD.encode(Sha256::digest([]));
            fs::write(
                dir.join("checkpoint"),
                note(ORIGIN, &seed(), &format!("{ORIGIN}\n0\n{root}\n")),
            )
            .unwrap();
        },
    },
    Case {
        name: "a size with a leading zero, rightly signed",
        file: "checkpoint",
        place: "line 2: not a size",
        damage: |dir| {
            let root = BASE64_STANDARD.encode([0; 32]);
            fs::write(
                dir.join("checkpoint"),
                note(ORIGIN, &seed(), &format!("{ORIGIN}\n011\n{root}\n")),
            )
            .unwrap();
        },
    },
    Case {
        name: "a size beyond all disks, rightly signed",
        file: "leaves.bin",
        place: "has 352 bytes",
        damage: |dir| {
            let root = BASE64_STANDARD.encode([0; 32]);
            let text = format!("{ORIGIN}\n576460752303423487\n{root}\n");
            fs::write(dir.join("checkpoint"), note(ORIGIN, &seed(), &text)).unwrap();
        },
    },
    Case {
        name: "a checkpoint of another log by the same key",
        file: "checkpoint",
        place: "is of the log",
        damage: |dir| {
            let root = BASE64_STANDARD.encode([0; 32]);
            fs::write(
                dir.join("checkpoint"),
                note(ORIGIN, &seed(), &format!("another.example\n11\n{root}\n")),
            )
            .unwrap();
        },
    },
    Case {
        name: "an edited checkpoint",
        file: "checkpoint",
        place: "line 5: the signature does not match",
        damage: |dir| {
            edit_text(dir, "checkpoint", |text| text.replace("\n11\n", "\n12\n"));
        },
    },
    Case {
        name: "a checkpoint signed by another key",
        file: "checkpoint",
        place: "has no signature of the key",
        damage: |dir| {
            edit_text(dir, "checkpoint", |text| {
                note(ORIGIN, &[9; 32], &text[..text.find("\n\n").unwrap() + 1])
            });
        },
    },
    Case {
        name: "a checkpoint with CRLF",
        file: "checkpoint",
        place: "line 1: holds a control character",
        damage: |dir| {
            edit_text(dir, "checkpoint", |text| text.replace('\n', "\r\n"));
        },
    },
    Case {
        name: "bytes after the checkpoint's signature",
        file: "checkpoint",
        place: "no line feed",
        damage: |dir| {
            edit_text(dir, "checkpoint", |text| text + "x");
        },
    },
    Case {
        name: "no checkpoint",
        file: "checkpoint",
        place: "cannot be read",
        damage: |dir| {
            fs::remove_file(dir.join("checkpoint")).unwrap();
        },
    },
    Case {
        name: "no leaf hashes",
        file: "leaves.bin",
        place: "cannot be read",
        damage: |dir| {
            fs::remove_file(dir.join("leaves.bin")).unwrap();
        },
    },
];

/// Adds the order of the group, 2^252 + 277…493, to the second half of the signature.
fn add_order_to_signature(note: &str) -> String {
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let (head, signature) = note.trim_end().rsplit_once(' ').unwrap();
    let mut bytes = BASE64_STANDARD.decode(signature).unwrap();
    let mut carry = 0;
    for (byte, add) in bytes[36..].iter_mut().zip(hex::decode(ORDER).unwrap()) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    format!("{head} {}\n", BASE64_STANDARD.encode(bytes))
}
