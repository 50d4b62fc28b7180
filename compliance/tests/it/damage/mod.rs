//! Every kind of damage to an export is refused by both verifiers, which name the place.

mod consistency;
mod events;
mod manifest;
mod tree;

use std::{fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use sqlx::PgPool;

use crate::support::{
    ORIGIN, assert_refused, assert_sound, copy_dir, export_all, note, record_many, seed, vkey,
    weak_vkey,
};

fn edit(dir: &Path, file: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let path = dir.join(file);
    fs::write(&path, change(fs::read(&path).unwrap())).unwrap();
}

fn edit_text(dir: &Path, file: &str, change: impl FnOnce(String) -> String) {
    edit(dir, file, |bytes| {
        change(String::from_utf8(bytes).unwrap()).into_bytes()
    });
}

/// Signs the manifest anew, as the operator could: what is left must be found in the log itself.
fn resign(dir: &Path) {
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.join("manifest.json")).unwrap()).unwrap();
    let events = fs::read(dir.join("events.jsonl")).unwrap();
    manifest["events"] = bytecount(&events).into();
    for (name, hash) in manifest["files"].as_object_mut().unwrap() {
        *hash = hex::encode(Sha256::digest(fs::read(dir.join(name)).unwrap())).into();
    }
    sign_manifest(dir, &serde_json::to_vec(&manifest).unwrap());
}

fn sign_manifest(dir: &Path, manifest: &[u8]) {
    fs::write(dir.join("manifest.json"), manifest).unwrap();
    let text = format!(
        "{ORIGIN}/export\n{}\n",
        BASE64_STANDARD.encode(Sha256::digest(manifest))
    );
    fs::write(dir.join("manifest.note"), note(ORIGIN, &seed(), &text)).unwrap();
}

fn bytecount(events: &[u8]) -> usize {
    String::from_utf8_lossy(events).matches('\n').count()
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

struct Case {
    name: &'static str,
    damage: fn(&Path),
    file: &'static str,
    place: &'static str,
}

#[sqlx::test(migrations = "../migrations")]
async fn every_kind_of_damage_is_refused_and_named(pool: PgPool) {
    let dir = tempfile::tempdir().unwrap();
    record_many(&pool, 4).await;
    export_all(&pool, &dir.path().join("earlier")).await;
    record_many(&pool, 5).await;
    let good = dir.path().join("good");
    let summary = export_all(&pool, &good).await;
    assert_eq!((summary.size, summary.continues), (11, 5));
    assert_sound(&good, &summary.vkey, 11);

    let damaged = dir.path().join("damaged");
    let cases = [
        events::CASES,
        tree::CASES,
        consistency::CASES,
        manifest::CASES,
    ]
    .into_iter()
    .flatten();
    for case in cases {
        copy_dir(&good, &damaged);
        (case.damage)(&damaged);
        println!("{}", case.name);
        assert_refused(&damaged, &summary.vkey, case.file, case.place);
        fs::remove_dir_all(&damaged).unwrap();
    }
    for case in events::CASES {
        copy_dir(&good, &damaged);
        (case.damage)(&damaged);
        resign(&damaged);
        println!("{}, signed again", case.name);
        assert_refused(&damaged, &summary.vkey, case.file, case.place);
        fs::remove_dir_all(&damaged).unwrap();
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_damage_is_not_refused_and_a_foreign_key_is(pool: PgPool) {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("export");
    record_many(&pool, 3).await;
    let summary = export_all(&pool, &folder).await;

    for foreign in [vkey(ORIGIN, &[9; 32]), vkey("another.example", &seed())] {
        assert_refused(
            &folder,
            &foreign,
            "checkpoint",
            "has no signature of the key",
        );
    }
    assert_refused(
        &folder,
        &weak_vkey(ORIGIN),
        "key",
        "not a point of the curve",
    );
    assert_refused(&folder, "nonsense", "key", "name+hash+base64");

    let witness = "\u{2014} witness.example AAAAAFlHWVl5\n";
    edit_text(&folder, "checkpoint", |text| text + witness);
    assert_sound(&folder, &summary.vkey, 4);
    edit_text(&folder, "manifest.note", |text| text + witness);
    fs::write(folder.join("a file of the auditor"), "notes").unwrap();
    assert_sound(&folder, &summary.vkey, 4);
    resign(&folder);
    assert_sound(&folder, &summary.vkey, 4);
    edit_text(&folder, "checkpoint", |text| {
        let (body, signatures) = text.rsplit_once("\n\n").unwrap();
        let ours = signatures.split_inclusive('\n').next().unwrap();
        format!("{body}\nextension\n\n{ours}")
    });
    assert_refused(
        &folder,
        &summary.vkey,
        "checkpoint",
        "does not match the text",
    );
}
