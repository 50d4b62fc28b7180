//! What happens beside the customer's own words: calls, what staff wrote on the telephone, what was written before.

use balcao_core::model::CallOutcome;

use super::*;

const OURS: &str = "551140000000";
const CUSTOMER: &str = "5511987654321";

fn value(lists: Value) -> Value {
    extended(
        json!({"metadata": {"phone_number_id": NUMBER, "display_phone_number": "+55 11 4000-0000"}}),
        lists,
    )
}

fn call(fields: Value) -> Value {
    extended(
        json!({"id": "wacid.1", "from": CUSTOMER, "to": OURS, "timestamp": "1799999999", "direction": "USER_INITIATED"}),
        fields,
    )
}

fn only_call(fields: Value) -> (bool, CallOutcome, Option<u32>) {
    let message = only_message(change("calls", &value(json!({"calls": [call(fields)]}))));
    assert_eq!(message.wamid, "wacid.1");
    assert!(message.sender.address == Address::To(format!("+{CUSTOMER}")));
    match message.content {
        Content::Call {
            inbound,
            outcome,
            duration_seconds,
        } => (inbound, outcome, duration_seconds),
        _ => panic!("not a call"),
    }
}

#[test]
fn a_call_rings_and_then_was_talked_missed_or_refused() {
    assert_eq!(
        only_call(json!({"event": "connect", "session": {"sdp": "x"}})),
        (true, CallOutcome::Ringing, None)
    );
    assert_eq!(
        only_call(
            json!({"event": "terminate", "status": "COMPLETED", "start_time": "1", "duration": 120})
        ),
        (true, CallOutcome::Completed, Some(120))
    );
    for missed in [
        json!({"event": "terminate"}),
        json!({"event": "terminate", "status": "FAILED"}),
        json!({"event": "terminate", "status": "COMPLETED", "duration": 0}),
    ] {
        assert_eq!(only_call(missed), (true, CallOutcome::Missed, None));
    }
    assert_eq!(
        only_call(json!({"event": "terminate", "status": "Rejected"})).1,
        CallOutcome::Rejected
    );
}

#[test]
fn a_call_that_we_made_is_with_the_customer_all_the_same() {
    let ours = json!({"event": "terminate", "status": "FAILED", "direction": "BUSINESS_INITIATED", "from": OURS, "to": CUSTOMER});
    assert_eq!(only_call(ours), (false, CallOutcome::Failed, None));
    for (word, outcome) in [
        ("RINGING", CallOutcome::Ringing),
        ("ACCEPTED", CallOutcome::Ringing),
        ("REJECTED", CallOutcome::Rejected),
    ] {
        let status = json!({"id": "wacid.1", "type": "call", "status": word, "timestamp": "1799999999", "recipient_id": CUSTOMER});
        let message = only_message(change("calls", &value(json!({"statuses": [status]}))));
        assert!(
            matches!(message.content, Content::Call { inbound: false, outcome: found, .. } if found == outcome)
        );
    }
    let other = value(json!({"calls": [call(json!({"event": "recording_available"}))]}));
    assert_eq!(
        only_notice(change("calls", &other)).event.as_deref(),
        Some("call_recording_available")
    );
}

fn echo(fields: Value) -> String {
    let echo = extended(
        json!({"id": "wamid.e", "from": OURS, "to": CUSTOMER, "timestamp": "1799999999", "type": "text", "text": {"body": "da loja"}}),
        fields,
    );
    change(
        "smb_message_echoes",
        &value(json!({"message_echoes": [echo]})),
    )
}

#[test]
fn what_staff_wrote_on_the_telephone_belongs_to_the_customers_chat() {
    for body in [
        echo(json!({})),
        // Some writers turn the two round.
        echo(json!({"from": CUSTOMER, "to": OURS})),
    ] {
        let message = only_message(body);
        assert_eq!(message.origin, Origin::Phone);
        assert!(message.sender.address == Address::To(format!("+{CUSTOMER}")));
    }
    let hidden = only_message(echo(json!({"to": null, "to_user_id": "BR.1"})));
    assert!(hidden.sender.address == Address::Recipient("BR.1".into()));
    let Item::Change(revoke) = only(echo(
        json!({"type": "revoke", "revoke": {"original_message_id": "wamid.t"}}),
    )) else {
        panic!("not a change")
    };
    assert!(revoke.origin == Origin::Phone && revoke.deed == Deed::Revoke);
}

#[test]
fn the_history_tells_both_sides_apart_and_is_never_stale() {
    let theirs = json!({"id": "wamid.1", "from": CUSTOMER, "timestamp": "1600000000", "type": "text", "text": {"body": "oi"}});
    let ours = json!({"id": "wamid.2", "from": OURS, "to": CUSTOMER, "timestamp": "1600000001", "type": "text", "text": {"body": "olá"},
        "history_context": {"status": "READ"}});
    let file = json!({"id": "wamid.3", "from": CUSTOMER, "timestamp": "1600000002", "type": "media_placeholder"});
    let chunk = json!({"metadata": {"phase": 0, "chunk_order": 1, "progress": 55}, "threads": [
        {"id": CUSTOMER, "context": {"wa_id": CUSTOMER, "user_id": "BR.1", "username": "maria"}, "messages": [theirs, ours, file]},
    ]});
    let items = read(change("history", &value(json!({"history": [chunk]}))));
    let origins: Vec<Origin> = messages(&items)
        .iter()
        .map(|message| message.origin)
        .collect();
    let history = |outbound: bool, rank: Option<Rank>| Origin::History { outbound, rank };
    assert_eq!(
        origins,
        [
            history(false, None),
            history(true, Some(Rank::Read)),
            history(false, None)
        ]
    );
    for message in messages(&items) {
        assert_eq!(
            message.sender.identities.len(),
            2,
            "the thread names the customer"
        );
    }
    assert!(
        matches!(&messages(&items)[2].content, Content::Unsupported { type_name, .. } if type_name == "media_placeholder")
    );
    assert!(
        items.iter().any(
            |item| matches!(item, Item::Notice(notice) if notice.event.as_deref() == Some("progress_55"))
        )
    );
}

#[test]
fn a_file_of_the_history_that_we_sent_is_ours() {
    let file = json!({"id": "wamid.4", "from": OURS, "to": CUSTOMER, "timestamp": "1600000002", "type": "image", "image": {"id": "9", "mime_type": "image/jpeg"}});
    let Item::Change(change) = only(change("history", &value(json!({"messages": [file]})))) else {
        panic!("not a change")
    };
    assert!(matches!(
        change.origin,
        Origin::History { outbound: true, .. }
    ));
    assert!(change.sender.address == Address::To(format!("+{CUSTOMER}")));
}

#[test]
fn a_file_of_the_history_that_comes_later_fills_its_placeholder() {
    let file = json!({"id": "wamid.3", "from": CUSTOMER, "timestamp": "1600000002", "type": "image", "image": {"id": "9", "mime_type": "image/jpeg"}});
    let Item::Change(change) = only(change("history", &value(json!({"messages": [file]})))) else {
        panic!("not a change")
    };
    assert_eq!(change.target, "wamid.3");
    assert_ne!(
        change.wamid, change.target,
        "it has a place of its own among what was seen"
    );
    assert!(matches!(
        &change.deed,
        Deed::Edit {
            content: Content::Media { .. }
        }
    ));
}

#[test]
fn a_history_that_is_not_shared_is_a_warning() {
    let declined =
        value(json!({"history": [{"errors": [{"code": 2_593_109, "title": "declined"}]}]}));
    let notice = only_notice(change("history", &declined));
    assert_eq!(notice.event.as_deref(), Some("error_2593109"));
    assert_eq!(notice.severity, Severity::Warning);
}
