//! Reactions, edits, revocations and statuses: what they are about, and how far they go.

use balcao_core::model::Forwarded;

use super::*;

fn of_type(kind: &str, part: Value) -> Value {
    let mut message = with("type", kind);
    message.as_object_mut().unwrap().remove("text");
    message[kind] = part;
    message
}

fn only_change(message: &Value) -> Box<Change> {
    match only(news(&json!([message]))) {
        Item::Change(change) => change,
        _ => panic!("not a change"),
    }
}

fn statuses(statuses: &Value) -> String {
    envelope(&json!({"metadata": {"phone_number_id": NUMBER}, "statuses": statuses}))
}

fn only_report(status: &Value) -> Report {
    match only(statuses(&json!([status]))) {
        Item::Status(report) => report,
        _ => panic!("not a status"),
    }
}

#[test]
fn a_reaction_names_its_message_and_its_removal_has_no_emoji() {
    let reaction = |part: Value| only_change(&of_type("reaction", part));
    let change = reaction(json!({"message_id": "wamid.t", "emoji": "\u{2764}\u{fe0f}"}));
    assert_eq!(
        (change.wamid.as_str(), change.target.as_str()),
        ("wamid.a", "wamid.t")
    );
    assert!(
        change.deed
            == Deed::Reaction {
                emoji: Some("\u{2764}\u{fe0f}".into())
            }
    );
    assert!(change.origin == Origin::Customer && change.group.is_none());
    for removal in [
        json!({"message_id": "wamid.t"}),
        json!({"message_id": "wamid.t", "emoji": ""}),
        json!({"message_id": "wamid.t", "emoji": null}),
    ] {
        assert!(reaction(removal).deed == Deed::Reaction { emoji: None });
    }
}

#[test]
fn an_edit_brings_the_new_content_and_a_revocation_none() {
    let edit = of_type(
        "edit",
        json!({"original_message_id": "wamid.t", "message": {"type": "text", "text": {"body": "novo"}}}),
    );
    let change = only_change(&edit);
    assert_eq!(change.target, "wamid.t");
    assert!(
        matches!(&change.deed, Deed::Edit { content: Content::Text { text } } if text == "novo")
    );
    let revoke = only_change(&of_type(
        "revoke",
        json!({"original_message_id": "wamid.t"}),
    ));
    assert!(revoke.deed == Deed::Revoke);
}

#[test]
fn a_change_that_does_not_say_of_what_is_kept_as_it_is() {
    for message in [
        of_type("reaction", json!({"emoji": "x"})),
        of_type("edit", json!({"original_message_id": "wamid.t"})),
        of_type("revoke", json!({})),
        of_type("revoke", json!(null)),
    ] {
        let inbound = only_message(news(&json!([message])));
        let Content::Unsupported { type_name, raw } = &inbound.content else {
            panic!("understood")
        };
        assert_eq!(
            (raw, type_name.as_str()),
            (&message, message["type"].as_str().unwrap())
        );
    }
}

#[test]
fn how_a_message_came_stands_beside_its_words() {
    let mut message = with("context", json!({"forwarded": true}));
    message["group_id"] = json!("g1");
    message["referral"] = json!({"source_type": "ad", "source_id": "1"});
    let inbound = only_message(news(&json!([message])));
    assert!(inbound.circumstance.forwarded == Some(Forwarded::Once));
    assert!(inbound.circumstance.referral.is_some());
    assert_eq!(inbound.group.as_deref(), Some("g1"));
    let mut unsupported = of_type("unsupported", json!({"type": "poll_creation"}));
    unsupported["errors"] = json!([{"code": 131_051, "title": "Message type unknown"}]);
    let inbound = only_message(news(&json!([unsupported])));
    assert_eq!(inbound.circumstance.faults[0].code, 131_051);
    assert!(
        matches!(&inbound.content, Content::Unsupported { type_name, .. } if type_name == "poll_creation")
    );
}

#[test]
fn a_status_names_its_send_twice() {
    let ours = "v1.018f0000-0000-7000-8000-000000000000.7.1";
    let report = only_report(&json!({
        "id": "wamid.s", "status": "failed", "timestamp": 1, "recipient_id": "5511987654321",
        "biz_opaque_callback_data": ours, "errors": [{"code": 131_026, "title": "x"}],
    }));
    assert_eq!(
        (report.rank, report.error_code),
        (Rank::Failed, Some(131_026))
    );
    let echoed = report.callback.map(|callback| callback.to_string());
    assert_eq!(echoed.as_deref(), Some(ours));
    assert_eq!(
        report.recipient.unwrap().identities.len(),
        1,
        "no contacts beside it"
    );
}

#[test]
fn a_status_tells_who_it_went_to_when_it_says_so_and_is_never_refused_for_it() {
    let body = envelope(&json!({
        "metadata": {"phone_number_id": NUMBER},
        "contacts": [{"wa_id": "5511987654321", "user_id": "BR.1", "profile": {"name": "Maria"}}],
        "statuses": [{"id": "wamid.s", "status": "read", "timestamp": "1", "recipient_id": "5511987654321",
            "recipient_user_id": "BR.1", "parent_recipient_user_id": "BR.ENT.1", "conversation": null, "pricing": {"type": "x"}}],
    }));
    let Item::Status(report) = only(body) else {
        panic!("not a status")
    };
    assert_eq!(report.recipient.unwrap().identities.len(), 3);
    for odd in [
        json!({}),
        json!({"recipient_id": "' OR 1=1--"}),
        json!({"recipient_id": []}),
    ] {
        let status = extended(
            json!({"id": "wamid.s", "status": "played", "timestamp": "1"}),
            odd,
        );
        let report = only_report(&status);
        assert!(report.rank == Rank::Played && report.recipient.is_none());
    }
}

#[test]
fn a_status_of_a_group_names_the_member_in_either_spelling() {
    for (phone, user) in [
        ("recipient_participant_id", "recipient_participant_user_id"),
        ("participant_recipient_id", "participant_recipient_user_id"),
    ] {
        let report = only_report(&json!({
            "id": "wamid.s", "status": "READ", "timestamp": 1, "recipient_id": "g1", "recipient_type": "group",
            phone: "5511987654321", user: "BR.1",
        }));
        let member = report.participant.unwrap();
        assert_eq!(member.phone.as_deref(), Some("5511987654321"));
        assert_eq!(member.user_id.as_deref(), Some("BR.1"));
        assert!(report.recipient.is_none(), "a group is nobody");
    }
}

#[test]
fn a_status_of_an_unknown_word_is_kept() {
    let status = json!({"id": "wamid.s", "status": "deleted", "timestamp": "1"});
    let notice = only_notice(statuses(&json!([status])));
    assert_eq!(notice.event.as_deref(), Some("status_deleted"));
    assert_eq!(notice.phone_number_id.as_deref(), Some(NUMBER));
    let odd = json!({"id": "wamid.s", "status": "5511987654321", "timestamp": "1"});
    let notice = only_notice(statuses(&json!([odd])));
    assert_eq!(notice.event, None, "digits could be a telephone number");
}
