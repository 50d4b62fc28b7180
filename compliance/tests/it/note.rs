//! Signed notes and checkpoints: published vectors, and forms that must be refused.

use compliance::audit::{Checkpoint, Signer, Verifier};

use crate::support::{ORIGIN, note, seed, signer, vkey};

/// The example of the documentation of Go's `sumdb/note`, where the format comes from.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETERS_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn the_published_note_verifies_and_a_changed_one_does_not() {
    let peter = Verifier::parse(PETER).unwrap();
    let text = peter.open(PETERS_NOTE.as_bytes()).unwrap();
    assert!(text.ends_with("your problem is.\n"));
    assert!(
        peter
            .open(PETERS_NOTE.replace("answer", "Answer").as_bytes())
            .is_err()
    );
}

#[test]
fn a_key_is_printed_as_the_published_form_says() {
    assert_eq!(signer().vkey(), vkey(ORIGIN, &seed()));
    assert_eq!(Verifier::parse(&signer().vkey()).unwrap().name(), ORIGIN);
    assert!(
        Verifier::parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
            .is_ok()
    );
}

#[test]
fn keys_in_another_form_are_refused() {
    let good = signer().vkey();
    let (name, rest) = good.split_once('+').unwrap();
    for bad in [
        String::new(),
        name.to_owned(),
        format!("other{good}"),
        format!("{good}\n"),
        format!(" {good}"),
        good[..good.len() - 1].to_owned(),
        good.to_uppercase(),
        format!("+{rest}"),
        "x+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
    ] {
        assert!(Verifier::parse(&bad).is_err(), "{bad:?}");
    }
    for name in ["", "a b", "a+b", "a\nb", "a\u{a0}b"] {
        assert!(Signer::new(name, &seed()).is_err(), "{name:?}");
    }
}

#[test]
fn notes_in_another_form_are_refused() {
    let verifier = signer().verifier();
    let good = note(ORIGIN, &seed(), "one\ntwo\n");
    assert_eq!(verifier.open(good.as_bytes()).unwrap(), "one\ntwo\n");
    let (text, signature) = good.rsplit_once("\n\n").unwrap();
    for bad in [
        String::new(),
        "\n".to_owned(),
        text.to_owned(),
        good.trim_end().to_owned(),
        format!("{good}\n"),
        format!("{good}x"),
        good.replace('\n', "\r\n"),
        good.replacen("one\n", "one \n", 1),
        good.replace("\n\n", "\n"),
        good.replace('\u{2014}', "-"),
        good.replace("\u{2014} ", "\u{2014}  "),
        format!("{text}\n\n{}", signature.replace('=', "")),
        note(ORIGIN, &[9; 32], "one\ntwo\n"),
        note("another.example", &seed(), "one\ntwo\n"),
    ] {
        assert!(verifier.open(bad.as_bytes()).is_err(), "{bad:?}");
    }
    assert!(verifier.open(b"\xff\n\n").is_err());
}

#[test]
fn signatures_of_unknown_keys_are_ignored_but_every_one_of_ours_must_verify() {
    let verifier = signer().verifier();
    let good = note(ORIGIN, &seed(), "one\n");
    let foreign = "\u{2014} witness.example AAAAAFlH\n";
    assert!(verifier.open(format!("{good}{foreign}").as_bytes()).is_ok());

    let other_text = note(ORIGIN, &seed(), "two\n");
    let ours_but_wrong = other_text.rsplit_once("\n\n").unwrap().1;
    assert!(
        verifier
            .open(format!("{good}{ours_but_wrong}").as_bytes())
            .is_err()
    );
}

#[test]
fn checkpoints_in_another_form_are_refused() {
    let root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let good = format!("{ORIGIN}\n12\n{root}\n");
    let parsed = Checkpoint::parse(&good).unwrap();
    assert_eq!(
        (parsed.size, parsed.root, parsed.text()),
        (12, [0; 32], good.clone())
    );
    assert!(Checkpoint::parse(&format!("{good}an extension line\n")).is_ok());
    for bad in [
        String::new(),
        good.trim_end().to_owned(),
        good.replace("12", "012"),
        good.replace("12", "+12"),
        good.replace("12", "-1"),
        good.replace("12", " 12"),
        good.replace("12", "1e1"),
        good.replace("12", "9223372036854775808"),
        good.replace("12", ""),
        good.replace(root, &root[1..]),
        good.replace(root, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB="),
        format!("\n12\n{root}\n"),
        format!("{good}\n"),
    ] {
        assert!(Checkpoint::parse(&bad).is_err(), "{bad:?}");
    }
}
