//! What was sealed opens in its place, and nowhere else; published vectors hold for the MACs and the commitment.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use uuid::Uuid;

use super::{
    Key32, Place, Provider, SubjectKey, blob, key, mac, place,
    ring::{DROP_AFTER, REFRESH_AFTER, Ring},
};
use crate::{Error, SubjectId};

fn subject_key(subject: u128, secret: u8, versions: &[u32]) -> SubjectKey {
    let versions = versions
        .iter()
        .map(|version| (*version, Key32::new([secret; 32])))
        .collect();
    SubjectKey::new(SubjectId(Uuid::from_u128(subject)), versions).unwrap()
}

fn opens(key: &SubjectKey, place: Place, sealed: &[u8]) -> bool {
    match key.open(place, sealed) {
        Ok(_) => true,
        Err(Error::DoesNotOpen { table, column }) => {
            assert_eq!((table, column), (place.table, place.column));
            false
        }
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #[test]
    fn what_was_sealed_opens(plaintext in prop::collection::vec(any::<u8>(), 0..2000), row: u128, subject: u128) {
        let (key, place) = (subject_key(subject, 1, &[1]), Place::message(Uuid::from_u128(row)));
        let sealed = key.seal(place, &plaintext).unwrap();
        prop_assert_eq!(sealed.len(), plaintext.len() + 34);
        prop_assert_eq!(&sealed[..6], &[1, 1, 0, 0, 0, 1]);
        let opened = key.open(place, &sealed).unwrap();
        prop_assert_eq!(opened.as_slice(), plaintext.as_slice());
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_refused(plaintext in prop::collection::vec(any::<u8>(), 0..200), at: prop::sample::Index) {
        let (key, place) = (subject_key(1, 1, &[1, 2]), Place::message(Uuid::from_u128(7)));
        let mut sealed = key.seal(place, &plaintext).unwrap();
        prop_assert!(!opens(&key, place, &sealed[..at.index(sealed.len())]));
        let bit = at.index(sealed.len() * 8);
        sealed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!opens(&key, place, &sealed));
    }

    #[test]
    fn another_row_column_subject_or_key_does_not_open(plaintext in prop::collection::vec(any::<u8>(), 0..64), row: u128, other: u128) {
        prop_assume!(row != other);
        let place = Place::agent(Uuid::from_u128(row));
        let sealed = subject_key(1, 1, &[1]).seal(place, &plaintext).unwrap();
        prop_assert!(opens(&subject_key(1, 1, &[1]), place, &sealed));
        prop_assert!(opens(&subject_key(1, 1, &[1, 2]), place, &sealed), "an older version is still known");
        prop_assert!(!opens(&subject_key(1, 1, &[1]), Place::agent(Uuid::from_u128(other)), &sealed));
        prop_assert!(!opens(&subject_key(1, 1, &[1]), Place::agent_totp(Uuid::from_u128(row)), &sealed));
        prop_assert!(!opens(&subject_key(1, 1, &[1]), Place::contact(Uuid::from_u128(row)), &sealed));
        prop_assert!(!opens(&subject_key(2, 1, &[1]), place, &sealed));
        prop_assert!(!opens(&subject_key(1, 2, &[1]), place, &sealed));
        prop_assert!(!opens(&subject_key(1, 1, &[2]), place, &sealed));
    }
}

#[test]
fn the_same_value_is_never_sealed_to_the_same_bytes() {
    let (key, place) = (subject_key(1, 1, &[1]), Place::message(Uuid::nil()));
    assert_ne!(
        key.seal(place, b"oi").unwrap(),
        key.seal(place, b"oi").unwrap()
    );
}

#[test]
fn every_sealed_column_has_its_own_place() {
    let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let places = [
        Place::message(a),
        Place::media(a),
        Place::contact(a),
        Place::contact_identity(a),
        Place::contact_channel_address(a, b),
        Place::contact_channel_address(b, a),
        Place::channel_access_token(a),
        Place::agent(a),
        Place::agent_totp(a),
        Place::dead_letter(a),
        Place::parked_event(a),
        Place::message_version(a, 1, 1),
        Place::message_version(a, 1, 2),
        Place::message_version(a, 2, 1),
        Place::reaction(a, 1, b),
        Place::reaction(a, 2, b),
        Place::refresh_token_successor(&[1; 32]),
        place::wrapped_key(a, 1),
        place::wrapped_key(a, 2),
    ];
    let distinct: std::collections::HashSet<Place> = places.into_iter().collect();
    assert_eq!(distinct.len(), places.len());
}

#[test]
fn a_wrapped_key_opens_only_for_its_subject_version_and_commitment() {
    let (alice, bob) = (SubjectId(Uuid::from_u128(1)), SubjectId(Uuid::from_u128(2)));
    let kek = Key32::new([3; 32]);
    let (first, second) = (
        key::make(alice, 5, &kek).unwrap(),
        key::make(alice, 5, &kek).unwrap(),
    );
    let unwraps = |subject, version, kek: (u32, &Key32), wrapped: &[u8], commitment: &[u8]| {
        key::unwrap(subject, version, kek, wrapped, commitment).is_some()
    };
    assert_eq!(first.kek_version, 5);
    assert!(unwraps(
        alice,
        1,
        (5, &kek),
        &first.wrapped,
        &first.commitment
    ));
    assert!(
        !unwraps(bob, 1, (5, &kek), &first.wrapped, &first.commitment),
        "moved to another subject"
    );
    assert!(
        !unwraps(alice, 2, (5, &kek), &first.wrapped, &first.commitment),
        "moved to another version"
    );
    assert!(
        !unwraps(alice, 1, (6, &kek), &first.wrapped, &first.commitment),
        "another KEK version"
    );
    assert!(
        !unwraps(
            alice,
            1,
            (5, &Key32::new([4; 32])),
            &first.wrapped,
            &first.commitment
        ),
        "another KEK"
    );
    assert!(
        !unwraps(alice, 1, (5, &kek), &first.wrapped, &second.commitment),
        "another key's commitment"
    );
    assert!(!unwraps(alice, 1, (5, &kek), &[], &[]), "nothing");
}

/// Bytes computed with Python's hmac and hashlib from the published form, not with this code.
#[test]
fn macs_are_those_of_the_published_form() {
    let key = Key32::new([7; 32]);
    let wamid = mac::mac(&key, "wamid", &[b"106540352242922", b"wamid.HBgM"]);
    assert_eq!(
        wamid.to_hex(),
        "6c8b0dd20d0950954b8b5f9eb89539f980430629e4bd92ec1af046464341d0da"
    );
    assert_ne!(
        wamid,
        mac::mac(&key, "wamid", &[b"106540352242922wamid", b".HBgM"]),
        "lengths keep parts apart"
    );
    assert_eq!(
        hex::encode(key.derive(b"balcao dek commitment v1").bytes()),
        "2c498d224a21c802abc02439d19d31b9e9ff4fa60c17ed8bf5c79342d56dcec4"
    );
}

#[test]
fn keys_never_print() {
    let key = subject_key(1, 0xab, &[1]);
    assert!(!format!("{key:?} {:?}", Provider::development([0xab; 32])).contains("171"));
}

/// The clock is a parameter: nobody waits a minute here.
#[tokio::test]
async fn a_provider_that_goes_away_is_survived_for_60_seconds_and_no_longer() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, elsewhere) = (dir.path().join("keys"), dir.path().join("elsewhere"));
    super::keys::init(&folder).unwrap();
    let start = Instant::now();
    let ring = Ring::open(Provider::file(&folder), start).await.unwrap();
    assert!(ring.current().is_ok());

    std::fs::rename(&folder, &elsewhere).unwrap();
    assert!(
        ring.ensure(start + REFRESH_AFTER - Duration::from_millis(1))
            .await
            .is_ok(),
        "not asked yet"
    );
    assert!(
        ring.ensure(start + DROP_AFTER - Duration::from_millis(1))
            .await
            .is_ok(),
        "asked, away, still held"
    );
    assert!(matches!(
        ring.ensure(start + DROP_AFTER).await,
        Err(Error::ProviderAway)
    ));
    assert!(
        matches!(ring.current(), Err(Error::ProviderAway)),
        "the keys were dropped"
    );

    std::fs::rename(&elsewhere, &folder).unwrap();
    assert!(ring.ensure(start + DROP_AFTER).await.is_ok());
    assert!(ring.current().is_ok());
}

#[test]
fn blobs_of_another_form_are_not_ours() {
    let key = subject_key(1, 1, &[1]);
    let sealed = key.seal(Place::message(Uuid::nil()), b"").unwrap();
    assert_eq!(blob::key_version(&sealed), Some(1));
    assert_eq!(blob::key_version(&sealed[..33]), None);
    assert_eq!(blob::key_version(&[]), None);
}
