//! Sends against templates of every shape, and drafts at their limits.

use serde_json::{Value, json};

use super::*;

fn body(text: &str) -> Value {
    json!([{"type": "BODY", "text": text}])
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn code(fitted: Result<Fitted, Fault>) -> Option<i32> {
    fitted.err().map(|fault| fault.code)
}

#[test]
fn parameters_fill_the_body_by_position() {
    let approved = body("Olá, {{1}}! Protocolo {{2}}, {{1}}.");
    let fitted = fit(&approved, false, &words(&["Ana", "7"]), None).unwrap();
    assert_eq!(fitted.preview, "Olá, Ana! Protocolo 7, Ana.");
    assert_eq!(
        fitted.components,
        json!([{"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "7"}]}])
    );
    for wrong in [&["Ana"][..], &["Ana", "7", "8"], &[]] {
        assert_eq!(
            code(fit(&approved, false, &words(wrong), None)),
            Some(WRONG_COUNT),
            "{wrong:?}"
        );
    }
}

#[test]
fn slots_with_names_get_them() {
    let approved = body("Olá, {{nome}}! {{dia}}");
    let fitted = fit(&approved, true, &words(&["Ana", "hoje"]), None).unwrap();
    assert_eq!(fitted.preview, "Olá, Ana! hoje");
    assert_eq!(
        fitted.components[0]["parameters"][1]["parameter_name"],
        "dia"
    );
    let given = |name: &str| {
        json!([{"type": "body", "parameters": [
            {"type": "text", "parameter_name": name, "text": "hoje"},
            {"type": "text", "parameter_name": "nome", "text": "Ana"},
        ]}])
    };
    let fitted = fit(&approved, true, &[], Some(&given("dia"))).unwrap();
    assert_eq!(
        fitted.preview, "Olá, Ana! hoje",
        "the order does not matter"
    );
    assert_eq!(
        code(fit(&approved, true, &[], Some(&given("mes")))),
        Some(WRONG_KIND)
    );
}

#[test]
fn a_body_is_given_once() {
    let given = json!([{"type": "body", "parameters": [{"type": "text", "text": "a"}]}]);
    let fitted = fit(&body("{{1}}"), false, &words(&["a"]), Some(&given));
    assert_eq!(fitted.unwrap_err().field, "parameters");
}

#[test]
fn a_header_wants_its_kind() {
    let approved = json!([
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Olá"},
        {"type": "FOOTER", "text": "Balcão"},
    ]);
    let with =
        |kind: &str| json!([{"type": "header", "parameters": [{"type": kind, kind: {"id": "1"}}]}]);
    let fitted = fit(&approved, false, &[], Some(&with("image"))).unwrap();
    assert_eq!(fitted.preview, "Olá\nBalcão");
    assert_eq!(
        code(fit(&approved, false, &[], Some(&with("video")))),
        Some(WRONG_KIND)
    );
    assert_eq!(code(fit(&approved, false, &[], None)), Some(WRONG_COUNT));
    let plain = body("Olá");
    assert_eq!(
        code(fit(&plain, false, &[], Some(&with("image")))),
        Some(WRONG_COUNT),
        "a header that the template has not"
    );
    let text = json!([{"type": "HEADER", "format": "TEXT", "text": "{{1}}!"}, {"type": "BODY", "text": "Olá"}]);
    let given = json!([{"type": "header", "parameters": [{"type": "text", "text": "Aviso"}]}]);
    assert_eq!(
        fit(&text, false, &[], Some(&given)).unwrap().preview,
        "Aviso!\nOlá"
    );
}

#[test]
fn buttons_that_need_something_get_it() {
    let approved = json!([
        {"type": "BODY", "text": "Olá"},
        {"type": "BUTTONS", "buttons": [
            {"type": "QUICK_REPLY", "text": "Sim"},
            {"type": "URL", "text": "Ver", "url": "https://example.com/{{1}}"},
            {"type": "URL", "text": "Site", "url": "https://example.com"},
            {"type": "PHONE_NUMBER", "text": "Ligar", "phone_number": "+551140000000"},
        ]},
    ]);
    assert_eq!(
        Needs::of(&approved).buttons,
        [ButtonNeed {
            index: 1,
            sub_type: "url"
        }]
    );
    let button = |index: Value, sub_type: &str| json!([{"type": "button", "sub_type": sub_type, "index": index, "parameters": [{"type": "text", "text": "x"}]}]);
    assert!(fit(&approved, false, &[], Some(&button(json!("1"), "URL"))).is_ok());
    assert_eq!(code(fit(&approved, false, &[], None)), Some(WRONG_COUNT));
    for (index, sub_type) in [(json!(0), "url"), (json!(3), "url"), (json!(9), "url")] {
        let given = button(index, sub_type);
        assert_eq!(
            code(fit(&approved, false, &[], Some(&given))),
            Some(WRONG_KIND)
        );
    }
    let code_button = json!([
        {"type": "BODY", "text": "Olá"},
        {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copiar"}]},
    ]);
    assert_eq!(code(fit(&code_button, false, &[], None)), Some(WRONG_COUNT));
}

#[test]
fn each_card_is_checked_like_a_template() {
    let card = json!({"components": [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Plano {{1}}"},
    ]});
    let approved = json!([
        {"type": "BODY", "text": "Planos"},
        {"type": "CAROUSEL", "cards": [card, card]},
    ]);
    let given = |texts: &[&str]| {
        let cards: Vec<Value> = texts
            .iter()
            .enumerate()
            .map(|(n, text)| {
                let parameters: Vec<Value> = text
                    .split_terminator('|')
                    .map(|text| json!({"type": "text", "text": text}))
                    .collect();
                json!({"card_index": n, "components": [
                    {"type": "header", "parameters": [{"type": "image", "image": {"id": "1"}}]},
                    {"type": "body", "parameters": parameters},
                ]})
            })
            .collect();
        json!([{"type": "carousel", "cards": cards}])
    };
    assert!(fit(&approved, false, &[], Some(&given(&["a", "b"]))).is_ok());
    let fault = fit(&approved, false, &[], Some(&given(&["a", "b|c"]))).unwrap_err();
    assert_eq!(fault.field, "components.cards[1].body");
    assert_eq!(
        code(fit(&approved, false, &[], Some(&given(&["a"])))),
        Some(WRONG_COUNT)
    );
}

#[test]
fn a_body_that_grows_too_long_is_refused() {
    let approved = body("{{1}}");
    let at = |chars: usize| fit(&approved, false, &["á".repeat(chars)], None);
    assert!(at(1_024).is_ok());
    assert_eq!(code(at(1_025)), Some(TOO_LONG));
}

#[test]
fn braces_that_are_no_slots_stay() {
    let approved = body("{{1}} {{ e }} {{");
    let given = words(&["a", "b"]);
    let fitted = fit(&approved, false, &given, None).unwrap();
    assert_eq!(fitted.preview, "a b {{");
}

#[test]
fn what_customers_write_into_slots_is_not_read_as_slots() {
    let approved = body("{{1}} {{2}}");
    let fitted = fit(&approved, false, &words(&["{{2}}", "x"]), None).unwrap();
    assert_eq!(fitted.preview, "{{2}} x");
}

#[test]
fn only_approved_templates_are_sent() {
    for (status, wanted) in [
        ("APPROVED", None),
        ("REINSTATED", None),
        ("FLAGGED", None),
        ("PAUSED", Some(PAUSED)),
        ("DISABLED", Some(DISABLED)),
        ("REJECTED", Some(MISSING)),
        ("PENDING", Some(MISSING)),
        ("DELETED", Some(MISSING)),
        ("SOMETHING_NEW", Some(MISSING)),
    ] {
        let found = check_status(status).err().map(|fault| fault.code);
        assert_eq!(found, wanted, "{status}");
    }
}

#[test]
fn a_draft_is_checked_before_it_is_handed_in() {
    let components = |text: &str| json!([{"type": "BODY", "text": text}]);
    let fault = |name: &str, language: &str, category: &str, components: &Value| {
        let draft = Draft {
            name,
            language,
            category,
            components,
        };
        check_draft(&draft).err().map(|fault| fault.field)
    };
    let good = components("Olá");
    assert_eq!(fault("aviso_2", "pt_BR", "UTILITY", &good), None);
    for (name, language, category, bad, field) in [
        ("Aviso", "pt_BR", "UTILITY", &good, "name"),
        ("", "pt_BR", "UTILITY", &good, "name"),
        ("a", "p", "UTILITY", &good, "language"),
        ("a", "pt-BR", "UTILITY", &good, "language"),
        ("a", "pt_BR", "utility", &good, "category"),
        ("a", "pt_BR", "UTILITY", &json!([]), "components"),
        (
            "a",
            "pt_BR",
            "UTILITY",
            &json!([{"type": "FOOTER", "text": "x"}]),
            "components",
        ),
        (
            "a",
            "pt_BR",
            "UTILITY",
            &json!([{"type": "BODY"}]),
            "components.BODY.text",
        ),
    ] {
        assert_eq!(fault(name, language, category, bad).as_deref(), Some(field));
    }
    assert_eq!(
        fault("a", "pt_BR", "AUTHENTICATION", &json!([{"type": "BODY"}])),
        None
    );
    let edge = |kind: &str, max: usize| {
        let of = |chars: usize| {
            let mut all = components("Olá");
            all.as_array_mut()
                .unwrap()
                .insert(0, json!({"type": kind, "text": "á".repeat(chars)}));
            fault("a", "pt_BR", "UTILITY", &all)
        };
        (of(max), of(max + 1))
    };
    for (kind, max) in [("HEADER", 60), ("FOOTER", 60), ("BODY", 1_024)] {
        let (at, over) = edge(kind, max);
        assert_eq!(at, None);
        assert_eq!(over, Some(format!("components.{kind}.text")));
    }
}
