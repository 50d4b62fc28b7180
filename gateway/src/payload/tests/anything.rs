//! Whatever comes: bytes, JSON and types that nobody has heard of. Nothing panics, and everything is kept.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(!read(body).is_empty());
    }

    #[test]
    fn a_body_cut_anywhere_is_kept(cut in 1_usize..200) {
        let whole = news(&json!([text("wamid.a")]));
        let kept = whole.len() - cut.min(whole.len());
        prop_assert_eq!(reasons(&read(whole.as_bytes()[..kept].to_vec())).len(), 1);
    }

    #[test]
    fn each_message_comes_out_once_and_in_order(ids in prop::collection::vec("[a-zA-Z0-9+/=]{1,40}", 0..20)) {
        let all: Vec<Value> = ids.iter().map(|id| text(&format!("wamid.{id}"))).collect();
        let items = read(news(&json!(all)));
        let read: Vec<String> = messages(&items).iter().map(|message| message.wamid.replace("wamid.", "")).collect();
        prop_assert_eq!(read, ids);
    }

    #[test]
    fn any_json_in_any_place_is_read_without_a_panic_and_accounted_for(value in any_json(), field in any_field(), key in any_list()) {
        prop_assert!(!read(change(&field, &value)).is_empty());
        let value = json!({"metadata": {"phone_number_id": NUMBER, "display_phone_number": "551140000000"}, key: [value]});
        prop_assert!(!read(change(&field, &value)).is_empty());
    }

    #[test]
    fn a_message_of_any_type_keeps_what_it_came_with(kind in "[a-z_]{1,40}", part in any_json()) {
        let known = ["text", "image", "video", "audio", "voice", "document", "sticker", "location", "contacts", "interactive",
            "button", "order", "reaction", "edit", "revoke", "system", "unsupported"];
        prop_assume!(!known.contains(&kind.as_str()) && text("")[kind.as_str()].is_null());
        let mut message = with("type", kind.as_str());
        message[kind.as_str()] = part;
        let inbound = only_message(news(&json!([message])));
        let kept: Value = serde_json::from_slice(&inbound.raw).unwrap();
        prop_assert_eq!(&kept, &message);
        let Content::Unsupported { type_name, raw } = &inbound.content else { panic!("understood") };
        prop_assert_eq!(type_name, &kind);
        prop_assert_eq!(raw, &message);
    }

    #[test]
    fn a_change_of_any_other_field_is_a_notice_that_keeps_it(field in "[a-z_]{1,40}", value in any_json()) {
        prop_assume!(!LISTED.contains(&field.as_str()));
        let notice = only_notice(change(&field, &value));
        let kept: Value = serde_json::from_slice(&notice.raw).unwrap();
        prop_assert_eq!(&kept["value"], &value);
        prop_assert_eq!(notice.field, field);
        prop_assert!(notice.at <= now());
    }
}

/// JSON as nobody sends it, with Meta's own names among the keys.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        Just(json!("5511987654321")),
        Just(json!("1799999999")),
        Just(json!("wamid.x")),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any_key(), inner, 0..8).prop_map(|members| json!(members)),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "id",
        "from",
        "from_user_id",
        "to",
        "timestamp",
        "type",
        "text",
        "body",
        "image",
        "context",
        "errors",
        "code",
        "system",
        "wa_id",
        "user_id",
        "previous_user_id",
        "status",
        "event",
        "direction",
        "threads",
        "messages",
        "metadata",
        "phone_number_id",
        "contacts",
        "profile",
        "name",
        "edit",
        "message",
        "original_message_id",
        "reaction",
        "emoji",
        "message_template_name",
        "message_template_language",
        "restriction_info",
        "ban_info",
        "interactive",
        "nfm_reply",
    ]);
    prop_oneof![3 => known.prop_map(str::to_owned), 1 => "[a-z]{1,5}"]
}

fn any_field() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "messages",
        "history",
        "calls",
        "smb_message_echoes",
        "user_preferences",
        "user_id_update",
        "account_update",
        "account_alerts",
        "message_template_status_update",
        "message_template_quality_update",
        "template_category_update",
        "phone_number_quality_update",
        "business_capability_update",
        "standby",
        "messaging_handovers",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => "[a-z_]{1,12}"]
}

fn any_list() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "messages",
        "statuses",
        "errors",
        "calls",
        "message_echoes",
        "history",
        "user_preferences",
        "user_id_update",
        "contacts",
    ]);
    known.prop_map(str::to_owned)
}
