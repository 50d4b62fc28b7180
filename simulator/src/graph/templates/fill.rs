//! A template send against the stored template: the right parameters in the right places, and what a phone shows.
//!
//! Promises: counts answer 132000, kinds 132012, things the template has no place for 132018, missing button values
//! 131008, a text that grew too long 132005; what passes is shown with header, body, footer, buttons and cards.

use super::{component, variables};
use crate::business::Account;
use crate::graph::error::GraphError;
use crate::graph::validate::media;
use crate::state::lock;
use serde_json::{Value, json};

const BODY_MAX: usize = 1024;

/// A template that may be sent.
#[derive(Debug)]
pub(crate) struct Filled {
    /// The payload with `rendered` (words of the body), `shown` and `category`.
    pub(crate) payload: Value,
    pub(crate) category: String,
}

/// Looks the template up and fills it.
pub(crate) fn fill(account: &Account, payload: &Value, strict: bool) -> Result<Filled, GraphError> {
    let name = payload["name"].as_str().unwrap_or_default();
    let language = payload["language"]["code"].as_str().unwrap_or_default();
    let templates = lock(&account.templates);
    let Some(template) = templates.find(name, language) else {
        if strict {
            return Err(not_there(name, language));
        }
        return Ok(Filled {
            payload: payload.clone(),
            category: "UTILITY".to_owned(),
        });
    };
    match template["status"].as_str() {
        Some("APPROVED") => {}
        Some("PAUSED") => {
            return Err(GraphError::new(
                132_015,
                "Template is paused due to low quality so it cannot be sent.",
            ));
        }
        Some("DISABLED") => {
            return Err(GraphError::new(
                132_016,
                "Template has been paused too many times and is disabled.",
            ));
        }
        _ => return Err(not_there(name, language)),
    }
    let named = template["parameter_format"] == "NAMED";
    let shown = show(&template["components"], &payload["components"], named)?;
    let category = template["category"].as_str().unwrap_or_default().to_owned();
    let mut payload = payload.clone();
    payload["rendered"] = shown["body"].clone();
    payload["shown"] = shown;
    payload["category"] = json!(category);
    Ok(Filled { payload, category })
}

fn not_there(name: &str, language: &str) -> GraphError {
    GraphError::new(
        132_001,
        format!("template name ({name}) does not exist in {language}"),
    )
}

/// A template's components, or a card's, with what was sent for them.
fn show(stored: &Value, sent: &Value, named: bool) -> Result<Value, GraphError> {
    let empty = Value::Null;
    let given = |kind: &str| component(sent, kind).map_or(&empty, |part| &part["parameters"]);
    let mut shown = json!({"header": header(component(stored, "HEADER"), given("header"), named)?});
    if let Some(body) = component(stored, "BODY") {
        let text = body["text"].as_str().unwrap_or_default();
        let words = words(text, given("body"), named, "body")?;
        if words.chars().count() > BODY_MAX {
            return Err(GraphError::new(
                132_005,
                format!("body: Translated text too long: {BODY_MAX} characters at most."),
            ));
        }
        shown["body"] = json!(words);
    }
    if let Some(footer) = component(stored, "FOOTER") {
        shown["footer"] = footer["text"].clone();
    }
    let buttons = component(stored, "BUTTONS").map_or(&empty, |part| &part["buttons"]);
    shown["buttons"] = self::buttons(buttons, sent)?;
    if let Some(carousel) = component(stored, "CAROUSEL") {
        shown["cards"] = cards(&carousel["cards"], component(sent, "carousel"), named)?;
    }
    Ok(shown)
}

fn header(stored: Option<&Value>, given: &Value, named: bool) -> Result<Value, GraphError> {
    let parameters = given.as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(stored) = stored else {
        return match parameters.len() {
            0 => Ok(Value::Null),
            _ => Err(GraphError::new(
                132_018,
                "header: the template has no header.",
            )),
        };
    };
    let format = stored["format"].as_str().unwrap_or("TEXT");
    if format == "TEXT" {
        let text = words(
            stored["text"].as_str().unwrap_or_default(),
            given,
            named,
            "header",
        )?;
        return Ok(json!({"type": "text", "text": text}));
    }
    let kind = format.to_ascii_lowercase();
    let parameter = parameters.first().unwrap_or(&Value::Null);
    if parameter["type"] != kind.as_str() {
        let received = parameter["type"]
            .as_str()
            .unwrap_or("UNKNOWN")
            .to_uppercase();
        return Err(GraphError::new(
            132_012,
            format!("header: Format mismatch, expected {format}, received {received}"),
        ));
    }
    if matches!(kind.as_str(), "image" | "video" | "document") {
        media(&kind, &parameter[&kind], true)?;
    }
    Ok(json!({"type": kind, (kind.clone()): parameter[&kind]}))
}

/// The text with its variables replaced.
fn words(text: &str, given: &Value, named: bool, place: &str) -> Result<String, GraphError> {
    let parameters = given.as_array().map(Vec::as_slice).unwrap_or_default();
    let names = variables(text);
    if parameters.len() != names.len() {
        let (got, expected) = (parameters.len(), names.len());
        return Err(GraphError::new(
            132_000,
            format!(
                "{place}: number of localizable_params ({got}) does not match the expected number of params ({expected})"
            ),
        ));
    }
    let mut words = text.to_owned();
    for (n, parameter) in parameters.iter().enumerate() {
        let value = value_of(parameter, place)?;
        if value.contains(['\n', '\t']) || value.contains("     ") {
            return Err(GraphError::new(
                132_018,
                format!(
                    "{place}: Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
                ),
            ));
        }
        let slot = match parameter["parameter_name"].as_str() {
            Some(name) if named => name.to_owned(),
            None if named => {
                return Err(GraphError::parameter("Parameter name is missing or empty"));
            }
            _ => (n + 1).to_string(),
        };
        if !names.contains(&slot.as_str()) {
            return Err(GraphError::new(
                132_018,
                format!("{place}: the template has no parameter {slot}."),
            ));
        }
        words = words.replace(&format!("{{{{{slot}}}}}"), value);
    }
    Ok(words)
}

fn value_of<'v>(parameter: &'v Value, place: &str) -> Result<&'v str, GraphError> {
    let value = match parameter["type"].as_str() {
        Some("text") => &parameter["text"],
        Some("currency") => &parameter["currency"]["fallback_value"],
        Some("date_time") => &parameter["date_time"]["fallback_value"],
        other => {
            let received = other.unwrap_or("nothing");
            return Err(GraphError::new(
                132_012,
                format!("{place}: expected text, currency or date_time, received {received}"),
            ));
        }
    };
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| GraphError::missing(&format!("template.components.{place}.parameters.text")))
}

fn buttons(stored: &Value, sent: &Value) -> Result<Value, GraphError> {
    let stored = stored.as_array().map(Vec::as_slice).unwrap_or_default();
    let given: Vec<&Value> = sent
        .as_array()
        .into_iter()
        .flatten()
        .filter(|part| {
            part["type"]
                .as_str()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("button"))
        })
        .collect();
    let index = |part: &Value| {
        part["index"]
            .as_u64()
            .or_else(|| part["index"].as_str()?.parse().ok())
    };
    if given
        .iter()
        .any(|part| index(part).is_none_or(|at| at >= stored.len() as u64))
    {
        return Err(GraphError::new(
            132_018,
            "buttons: a button component needs the index of a button of the template.",
        ));
    }
    let mut shown = Vec::new();
    for (at, button) in stored.iter().enumerate() {
        let part = given.iter().find(|part| index(part) == Some(at as u64));
        let parameter = part.map_or(&Value::Null, |part| &part["parameters"][0]);
        shown.push(self::button(at, button, parameter)?);
    }
    Ok(json!(shown))
}

fn button(at: usize, button: &Value, parameter: &Value) -> Result<Value, GraphError> {
    let kind = button["type"].as_str().unwrap_or_default();
    let text = &button["text"];
    let needs = |what: &str| {
        GraphError::new(
            131_008,
            format!("buttons: Button at index {at} of type {kind} requires a parameter: {what}"),
        )
    };
    Ok(match kind {
        "URL" => {
            let url = button["url"].as_str().unwrap_or_default();
            let url = match variables(url).first() {
                None => url.to_owned(),
                Some(name) => {
                    let value = parameter["text"].as_str().ok_or_else(|| needs("text"))?;
                    url.replace(&format!("{{{{{name}}}}}"), value)
                }
            };
            json!({"type": "url", "text": text, "url": url})
        }
        "OTP" => {
            let code = parameter["text"]
                .as_str()
                .or(parameter["coupon_code"].as_str())
                .ok_or_else(|| needs("text"))?;
            json!({"type": "copy_code", "text": text, "code": code})
        }
        "COPY_CODE" => {
            let code = parameter["coupon_code"]
                .as_str()
                .ok_or_else(|| needs("coupon_code"))?;
            json!({"type": "copy_code", "text": text, "code": code})
        }
        "QUICK_REPLY" => {
            let payload = parameter["payload"]
                .as_str()
                .or(text.as_str())
                .unwrap_or_default();
            json!({"type": "quick_reply", "text": text, "payload": payload})
        }
        "PHONE_NUMBER" => {
            json!({"type": "phone_number", "text": text, "phone_number": button["phone_number"]})
        }
        other => json!({"type": other.to_ascii_lowercase(), "text": text}),
    })
}

fn cards(stored: &Value, sent: Option<&Value>, named: bool) -> Result<Value, GraphError> {
    let stored = stored.as_array().map(Vec::as_slice).unwrap_or_default();
    let sent = sent
        .and_then(|part| part["cards"].as_array())
        .map(Vec::as_slice)
        .unwrap_or_default();
    if stored.len() != sent.len() {
        let (got, expected) = (sent.len(), stored.len());
        return Err(GraphError::new(
            132_000,
            format!("carousel: {got} cards, the template has {expected}"),
        ));
    }
    let cards = stored
        .iter()
        .zip(sent)
        .map(|(stored, sent)| show(&stored["components"], &sent["components"], named));
    Ok(json!(cards.collect::<Result<Vec<_>, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account::new("1", "x", "1")
    }

    fn send(name: &str, components: &Value) -> Result<Filled, i64> {
        let payload =
            json!({"name": name, "language": {"code": "pt_BR"}, "components": components});
        fill(&account(), &payload, true).map_err(|error| error.code)
    }

    fn texts(words: &[&str]) -> Value {
        words
            .iter()
            .map(|word| json!({"type": "text", "text": word}))
            .collect()
    }

    #[test]
    fn counts_names_and_kinds_are_checked() {
        let body = |words: &[&str]| json!([{"type": "body", "parameters": texts(words)}]);
        let filled = send("lembrete_fatura", &body(&["R$ 10", "1/12"])).unwrap();
        assert!(
            filled.payload["rendered"]
                .as_str()
                .unwrap()
                .starts_with("Sua fatura de R$ 10 vence em 1/12")
        );
        assert_eq!(
            send("lembrete_fatura", &body(&["R$ 10"])).unwrap_err(),
            132_000
        );
        assert_eq!(
            send("lembrete_fatura", &body(&["a\nb", "c"])).unwrap_err(),
            132_018
        );
        assert_eq!(
            send(
                "lembrete_fatura",
                &json!([{"type": "body", "parameters": [{"type": "image"}, {"type": "image"}]}])
            )
            .unwrap_err(),
            132_012
        );
        assert_eq!(send("nenhum", &body(&[])).unwrap_err(), 132_001);
        assert_eq!(
            send("lembrete_fatura", &body(&["x".repeat(1100).as_str(), "y"])).unwrap_err(),
            132_005
        );
    }

    #[test]
    fn headers_and_buttons_are_checked() {
        let header = json!({"type": "header", "parameters": [{"type": "document", "document": {"id": "1"}}]});
        let body = json!({"type": "body", "parameters": texts(&["novembro", "10/12"])});
        let button = json!({"type": "button", "sub_type": "url", "index": "0", "parameters": texts(&["42"])});
        let filled = send("fatura_em_pdf", &json!([header, body, button])).unwrap();
        assert_eq!(
            filled.payload["shown"]["buttons"][0]["url"],
            "https://example.com/faturas/42"
        );
        assert_eq!(
            send("fatura_em_pdf", &json!([body, button])).unwrap_err(),
            132_012
        );
        assert_eq!(
            send("fatura_em_pdf", &json!([header, body])).unwrap_err(),
            131_008
        );
        let far =
            json!({"type": "button", "sub_type": "url", "index": 3, "parameters": texts(&["42"])});
        assert_eq!(
            send("fatura_em_pdf", &json!([header, body, button, far])).unwrap_err(),
            132_018
        );
    }

    #[test]
    fn named_parameters_are_found_by_name() {
        let parameter =
            |name: &str, text: &str| json!({"type": "text", "parameter_name": name, "text": text});
        let parameters = json!([
            parameter("fim", "10h"),
            parameter("nome", "Ana"),
            parameter("data", "1/12"),
            parameter("inicio", "8h")
        ]);
        let filled = send(
            "visita_tecnica",
            &json!([{"type": "body", "parameters": parameters}]),
        )
        .unwrap();
        assert_eq!(
            filled.payload["rendered"],
            "Olá, Ana! O técnico chega em 1/12, entre 8h e 10h. Está bom assim?"
        );
        assert_eq!(
            send(
                "visita_tecnica",
                &json!([{"type": "body", "parameters": texts(&["a", "b", "c", "d"])}])
            )
            .unwrap_err(),
            100
        );
    }
}
