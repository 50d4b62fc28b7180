//! Who wrote, to whom a status belongs, and who is now who.

use balcao_core::store::contact::IdentityKind;

use super::*;

fn kinds(sender: &Sender) -> Vec<IdentityKind> {
    sender.identities.iter().map(|(kind, _)| *kind).collect()
}

/// A body with one message and these contacts beside it.
fn with_contacts(message: &Value, contacts: &Value) -> String {
    envelope(
        &json!({"metadata": {"phone_number_id": NUMBER, "display_phone_number": "551140000000"}, "contacts": contacts, "messages": [message]}),
    )
}

fn system(system: Value) -> Value {
    let mut message = with("type", "system");
    message["system"] = system;
    message.as_object_mut().unwrap().remove("text");
    message
}

fn only_rotation(body: String) -> Box<Rotation> {
    match only(body) {
        Item::Rotation(rotation) => rotation,
        _ => panic!("not a rotation"),
    }
}

#[test]
fn a_phone_is_where_replies_go_and_all_identities_are_known() {
    let beside = json!([{"wa_id": "5511987654321", "user_id": "BR.1", "parent_user_id": "BR.ENT.2", "profile": {"name": " Maria ", "username": "@maria"}}]);
    let sender = only_message(with_contacts(&text("wamid.a"), &beside)).sender;
    assert!(sender.address == Address::To("+5511987654321".into()));
    assert_eq!(sender.name.as_deref(), Some("Maria"));
    assert_eq!(sender.username.as_deref(), Some("maria"));
    let all = [
        IdentityKind::Phone,
        IdentityKind::Bsuid,
        IdentityKind::ParentBsuid,
    ];
    assert_eq!(kinds(&sender), all);
}

#[test]
fn without_a_phone_the_bsuid_is_enough() {
    let mut message = text("wamid.a");
    message.as_object_mut().unwrap().remove("from");
    message["from_user_id"] = json!("BR.1");
    let sender = only_message(news(&json!([message]))).sender;
    assert!(sender.address == Address::Recipient("BR.1".into()));
    assert_eq!(kinds(&sender), [IdentityKind::Bsuid]);
}

#[test]
fn somebody_elses_contact_is_not_mixed_in() {
    let other =
        json!([{"wa_id": "5521987654321", "user_id": "BR.2", "profile": {"name": "Outra"}}]);
    let sender = only_message(with_contacts(&text("wamid.a"), &other)).sender;
    assert_eq!((sender.identities.len(), sender.name), (1, None));
    // The ninth digit makes nobody somebody else.
    let same = json!([{"wa_id": "551187654321", "profile": {"name": "Maria"}}]);
    let sender = only_message(with_contacts(&text("wamid.a"), &same)).sender;
    assert_eq!(sender.name.as_deref(), Some("Maria"));
}

#[test]
fn a_blank_of_the_documentation_names_nobody() {
    let beside = json!([{"wa_id": "5511987654321", "user_id": "BR.1"}]);
    let blank = with("from", "<WHATSAPP_USER_PHONE_NUMBER>");
    let sender = only_message(with_contacts(&blank, &beside)).sender;
    assert_eq!(sender.identities.len(), 2);
    assert_eq!(only_reason(news(&json!([blank]))), Reason::NoSender);
    for hostile in [json!("<script>"), json!(["5511987654321"]), json!(true)] {
        let body = news(&json!([with("from", hostile)]));
        assert_eq!(only_reason(body), Reason::BadIdentity);
    }
}

#[test]
fn a_new_number_is_told_apart_from_the_old_one() {
    let announced = system(json!({
        "type": "user_changed_number", "body": "…", "wa_id": "5511912345678", "user_id": "BR.2",
        "previous_user_id": "BR.1", "parent_user_id": "BR.ENT.2", "previous_parent_user_id": "BR.ENT.1",
    }));
    let rotation = only_rotation(news(&json!([announced])));
    assert!(rotation.phone_changed);
    assert!(rotation.sender.address == Address::To("+5511912345678".into()));
    assert_eq!(rotation.sender.identities.len(), 3);
    let previous: Vec<&str> = rotation
        .previous
        .iter()
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(previous, ["5511987654321", "BR.1", "BR.ENT.1"]);
}

#[test]
fn a_new_user_id_without_a_phone_is_a_rotation() {
    let mut announced = system(
        json!({"type": "user_changed_user_id", "user_id": "BR.2", "previous_user_id": "BR.1"}),
    );
    announced.as_object_mut().unwrap().remove("from");
    let rotation = only_rotation(news(&json!([announced])));
    assert!(!rotation.phone_changed);
    assert!(rotation.sender.address == Address::Recipient("BR.2".into()));
    assert_eq!(
        rotation.previous,
        [(IdentityKind::Bsuid, "BR.1".to_owned())]
    );
}

#[test]
fn old_and_withdrawn_announcements_are_understood() {
    let old = system(
        json!({"type": "customer_changed_number", "new_wa_id": "5511912345678", "wa_id": "5511987654321", "customer": "5511987654321"}),
    );
    let rotation = only_rotation(news(&json!([old])));
    assert!(rotation.sender.address == Address::To("+5511912345678".into()));
    assert_eq!(rotation.previous.len(), 1);
    let stray = json!({"metadata": {"phone_number_id": NUMBER}, "user_id_update": [
        {"wa_id": "5511987654321", "user_id": {"previous": "BR.1", "current": "BR.2"}, "timestamp": "1799999999"},
    ]});
    let rotation = only_rotation(change("user_id_update", &stray));
    assert!(!rotation.phone_changed && rotation.sender.identities.len() == 2);
    let half =
        json!({"metadata": {"phone_number_id": NUMBER}, "user_id_update": [{"timestamp": 1}]});
    assert_eq!(
        only_notice(change("user_id_update", &half))
            .event
            .as_deref(),
        Some("user_id_update")
    );
}

#[test]
fn a_new_security_code_and_other_announcements_are_shown_and_are_no_rotation() {
    for announced in [
        json!({"type": "customer_identity_changed", "body": "…", "identity": "h"}),
        json!({"type": "group_subject", "body": "…"}),
        json!({"body": "…"}),
    ] {
        let message = only_message(news(&json!([system(announced)])));
        assert!(
            matches!(&message.content, Content::Unsupported { type_name, .. } if type_name == "system")
        );
    }
    let mut without_author = system(json!({"type": "x", "user_id": "BR.1"}));
    without_author.as_object_mut().unwrap().remove("from");
    let message = only_message(news(&json!([without_author])));
    assert!(message.sender.address == Address::Recipient("BR.1".into()));
}

#[test]
fn a_wish_about_marketing_is_read_and_other_wishes_are_kept() {
    let wish = |fields: Value| {
        let wish = extended(
            json!({"wa_id": "5511987654321", "user_id": "BR.1", "category": "marketing_messages", "timestamp": 1_799_999_999}),
            fields,
        );
        change(
            "user_preferences",
            &json!({"metadata": {"phone_number_id": NUMBER}, "user_preferences": [wish]}),
        )
    };
    for (word, stop) in [("stop", true), ("resume", false), ("signup", false)] {
        let Item::Preference(preference) = only(wish(json!({"value": word}))) else {
            panic!("not a wish")
        };
        assert_eq!(
            (preference.stop, preference.sender.identities.len()),
            (stop, 2)
        );
        assert_eq!(preference.at.timestamp(), 1_799_999_999);
    }
    for other in [
        json!({"value": "pause"}),
        json!({"value": "stop", "category": "calls"}),
    ] {
        assert_eq!(only_notice(wish(other)).effect, Effect::Nothing);
    }
}
