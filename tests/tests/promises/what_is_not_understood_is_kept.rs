//! Nothing unsigned is stored; nothing rightly signed is lost, however little sense it makes.

use e2e::Stack;
use e2e::meta::{signed_with, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_is_401_and_nothing_is_stored() {
    let stack = Stack::start().await;
    let meta = stack.meta(0);
    let body = meta.messages(&[text("5511900000020", "oi")]);

    assert_eq!(
        meta.post_signed(
            body.as_bytes(),
            &signed_with("another secret", body.as_bytes())
        )
        .await,
        401
    );

    for table in [
        "message",
        "contact",
        "conversation",
        "dedupe",
        "dead_letter",
        "parked_event",
    ] {
        assert_eq!(stack.database.count(table).await, 0, "{table}");
    }
    // The door works: the same body, rightly signed, is stored.
    assert_eq!(meta.post(&body).await, 200);
    assert_eq!(
        stack.database.count("message where direction = 'in'").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_rightly_signed_is_200_and_doctor_shows_it() {
    let stack = Stack::start().await;
    let meta = stack.meta(0);

    assert_eq!(meta.post("this is not JSON at all").await, 200);

    let doctor = stack.balcao(&["doctor", "--json"], "").await.json();
    let letters = doctor["dead_letters"].as_array().expect("a list").clone();
    assert_eq!(letters.len(), 1, "{doctor}");
    assert_eq!(letters[0]["reason"], "malformed");
    assert_eq!(letters[0]["size_bytes"], 23);
    assert!(
        !doctor.to_string().contains("not JSON at all"),
        "doctor shows that there is a letter, not what it says"
    );
}
