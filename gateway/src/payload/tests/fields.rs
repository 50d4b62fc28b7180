//! What is about accounts, numbers and templates, and whatever nobody has heard of.

use super::*;

fn template(fields: Value) -> Value {
    extended(
        json!({"message_template_id": 77, "message_template_name": "aviso", "message_template_language": "pt-BR"}),
        fields,
    )
}

fn effect(field: &str, value: &Value) -> (Option<String>, Severity, Effect) {
    let notice = only_notice(change(field, value));
    assert_eq!(
        (notice.waba_id.as_str(), notice.field.as_str()),
        ("W1", field)
    );
    assert_eq!(notice.at.timestamp(), 1_799_999_000);
    (notice.event, notice.severity, notice.effect)
}

#[test]
fn what_happens_to_templates_is_understood() {
    let (event, severity, status) = effect(
        "message_template_status_update",
        &template(
            json!({"event": "REJECTED", "reason": "INVALID_FORMAT", "message_template_category": "UTILITY"}),
        ),
    );
    assert_eq!(
        (event.as_deref(), severity),
        (Some("REJECTED"), Severity::Warning)
    );
    let wanted = Effect::TemplateStatus {
        meta_id: Some("77".into()),
        name: "aviso".into(),
        language: "pt_BR".into(),
        status: "REJECTED".into(),
        category: Some("UTILITY".into()),
        reason: Some("INVALID_FORMAT".into()),
    };
    assert_eq!(status, wanted);
    let (event, severity, _) = effect(
        "message_template_quality_update",
        &template(json!({"previous_quality_score": "GREEN", "new_quality_score": "RED"})),
    );
    assert_eq!(
        (event.as_deref(), severity),
        (Some("RED"), Severity::Warning)
    );
    for (field, fields, is_impending) in [
        (
            "template_category_update",
            json!({"previous_category": "UTILITY", "new_category": "MARKETING"}),
            false,
        ),
        (
            "template_category_update",
            json!({"new_category": "UTILITY", "correct_category": "MARKETING"}),
            true,
        ),
        (
            "template_correct_category_detection",
            json!({"category": "UTILITY", "correct_category": "MARKETING"}),
            true,
        ),
    ] {
        let (_, _, category) = effect(field, &template(fields));
        assert!(
            matches!(category, Effect::TemplateCategory { new, is_impending: found, .. } if new == "MARKETING" && found == is_impending)
        );
    }
    let (_, _, words) = effect(
        "message_template_components_update",
        &template(json!({"message_template_element": "x"})),
    );
    assert!(matches!(words, Effect::TemplateComponents { .. }));
    let (_, _, nameless) = effect(
        "message_template_status_update",
        &json!({"event": "APPROVED"}),
    );
    assert_eq!(nameless, Effect::Nothing);
}

#[test]
fn what_happens_to_numbers_is_understood() {
    let quality = json!({"display_phone_number": "+55 (11) 4000-0000", "event": "FLAGGED", "current_limit": "TIER_2K"});
    let notice = only_notice(change("phone_number_quality_update", &quality));
    assert_eq!(notice.display_number.as_deref(), Some("551140000000"));
    assert_eq!(notice.severity, Severity::Warning);
    let wanted = Effect::Quality {
        event: Some("FLAGGED".into()),
        limit: Some("TIER_2K".into()),
    };
    assert_eq!(notice.effect, wanted);
    let (event, _, name) = effect(
        "phone_number_name_update",
        &json!({"decision": "REJECTED", "requested_verified_name": "Loja", "rejection_reason": "x"}),
    );
    assert_eq!(event.as_deref(), Some("REJECTED"));
    assert!(matches!(name, Effect::Name { name: Some(name), .. } if name == "Loja"));
    let (_, _, capability) = effect(
        "business_capability_update",
        &json!({"max_daily_conversations_per_business": 2000, "max_phone_numbers_per_waba": "25"}),
    );
    let wanted = Effect::Capability {
        limit: Some("2000".into()),
        numbers: Some(25),
    };
    assert_eq!(capability, wanted);
}

#[test]
fn what_happens_to_the_account_is_understood() {
    let (event, severity, restricted) = effect(
        "account_update",
        &json!({"event": "ACCOUNT_RESTRICTION", "restriction_info": [
            {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": "1800000100"},
            {"restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION", "expiration": "<TIMESTAMP>"},
        ]}),
    );
    assert_eq!(
        (event.as_deref(), severity),
        (Some("ACCOUNT_RESTRICTION"), Severity::Alert)
    );
    let Effect::Account { restrictions, .. } = restricted else {
        panic!("not of the account")
    };
    assert_eq!(restrictions[0].until.unwrap().timestamp(), 1_800_000_100);
    assert_eq!(restrictions[1].until, None);
    let (_, severity, banned) = effect(
        "account_update",
        &json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": ["SCHEDULE_FOR_DISABLE"], "waba_ban_date": "x"}}),
    );
    assert_eq!(severity, Severity::Alert);
    assert!(
        matches!(banned, Effect::Account { ban_state: Some(state), .. } if state == "SCHEDULE_FOR_DISABLE")
    );
    let (event, severity, _) = effect(
        "account_alerts",
        &json!({"entity_type": "WABA", "alert_info": {"alert_severity": "CRITICAL", "alert_type": "OBA_APPROVED", "alert_status": "NONE"}}),
    );
    assert_eq!(
        (event.as_deref(), severity),
        (Some("OBA_APPROVED"), Severity::Alert)
    );
    let (_, severity, review) = effect("account_review_update", &json!({"decision": "REJECTED"}));
    assert_eq!(severity, Severity::Alert);
    assert!(matches!(review, Effect::Review { .. }));
}

#[test]
fn what_is_only_watched_has_no_effect() {
    let copy = json!({"metadata": {"phone_number_id": NUMBER}, "messages": [text("wamid.a")]});
    let notice = only_notice(change("standby", &copy));
    assert_eq!(notice.phone_number_id.as_deref(), Some(NUMBER));
    assert_eq!(notice.effect, Effect::Nothing, "never answered");
    let (event, severity, nothing) = effect(
        "messaging_handovers",
        &json!({"control_passed": {"previous_owner": "x"}, "timestamp": "1"}),
    );
    assert_eq!(
        (event.as_deref(), severity),
        (Some("control_passed"), Severity::Warning)
    );
    assert_eq!(nothing, Effect::Nothing);
    for field in [
        "smb_app_state_sync",
        "group_lifecycle_update",
        "flows",
        "security",
        "payment_configuration_update",
        "a_field_of_next_year",
    ] {
        let (_, _, nothing) = effect(field, &json!({"groups": [{"type": "group_create"}]}));
        assert_eq!(nothing, Effect::Nothing);
    }
}

#[test]
fn an_error_of_the_account_is_kept_with_its_code() {
    let value = json!({"metadata": {"phone_number_id": NUMBER}, "errors": [{"code": 130_429}, {"code": "131042"}, 5]});
    let items = read(envelope(&value));
    let told: Vec<(Option<&str>, Severity)> = items
        .iter()
        .map(|item| match item {
            Item::Notice(notice) => (notice.event.as_deref(), notice.severity),
            _ => panic!("not a notice"),
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some("error_130429"), Severity::Warning),
            (Some("error_131042"), Severity::Alert),
            (Some("error"), Severity::Warning),
        ]
    );
    let clicked = json!({"metadata": {"phone_number_id": NUMBER}, "user_actions": [{"action_type": "marketing_messages_link_click"}]});
    assert_eq!(
        only_notice(envelope(&clicked)).event.as_deref(),
        Some("user_action")
    );
}

#[test]
fn a_notice_said_again_is_the_same_and_said_later_is_another() {
    let body = change("account_update", &json!({"event": "ACCOUNT_VIOLATION"}));
    let (one, again) = (only_notice(body.clone()), only_notice(body.clone()));
    assert!((one.entry_time, &one.raw) == (again.entry_time, &again.raw));
    let later = only_notice(body.replace("1799999000", "1799999001"));
    assert_ne!(one.entry_time, later.entry_time);
    let ahead = only_notice(body.replace("1799999000", "9999999999"));
    assert_eq!(ahead.at, now(), "never in the future");
    assert_eq!(Severity::Alert.word(), "alert");
}
