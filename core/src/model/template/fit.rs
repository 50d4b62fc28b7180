//! A send against the template that Meta approved: every slot filled, with the right kind, and nothing else.

use serde_json::{Value, json};

use super::{Needs, TOO_LONG, WRONG_COUNT, WRONG_KIND, buttons, filled, part, slots, sub_type};
use crate::model::Fault;
use crate::model::limits::MAX_BODY_CHARS;

/// A send that fits.
#[derive(Clone, PartialEq)]
pub struct Fitted {
    /// The components of the send, complete; an empty list when there is nothing to fill in.
    pub components: Value,
    /// What the customer reads.
    pub preview: String,
}

/// Never the words.
impl std::fmt::Debug for Fitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fitted(..)")
    }
}

/// Completes and checks a send: `parameters` are the body's by position, `given` what is more (or all of it).
///
/// # Errors
/// A [`Fault`] that names the slot, with the code that Meta would give.
pub fn fit(
    approved: &Value,
    is_named: bool,
    parameters: &[String],
    given: Option<&Value>,
) -> Result<Fitted, Fault> {
    let mut components = given.cloned().unwrap_or_else(|| json!([]));
    let has_body = part(&components, "body").is_some();
    if has_body && !parameters.is_empty() {
        return Err(Fault::new(
            "parameters",
            "are given twice; leave out either parameters or the body among the components.",
        ));
    }
    if !has_body && !parameters.is_empty() {
        let body = body_of(approved, is_named, parameters)?;
        if let Some(list) = components.as_array_mut() {
            list.push(body);
        }
    }
    check(approved, is_named, &components, "components")?;
    let preview = preview(approved, &components);
    Ok(Fitted {
        components,
        preview,
    })
}

/// The body's parameters by position, named when the template's slots have names.
fn body_of(approved: &Value, is_named: bool, parameters: &[String]) -> Result<Value, Fault> {
    let slots = Needs::of(approved).body;
    same_count("parameters", slots.len(), parameters.len())?;
    let parameters: Vec<Value> = slots
        .iter()
        .zip(parameters)
        .map(|(slot, text)| {
            if is_named {
                json!({"type": "text", "parameter_name": slot, "text": text})
            } else {
                json!({"type": "text", "text": text})
            }
        })
        .collect();
    Ok(json!({"type": "body", "parameters": parameters}))
}

fn same_count(field: &str, wanted: usize, found: usize) -> Result<(), Fault> {
    if wanted == found {
        return Ok(());
    }
    Err(Fault {
        code: WRONG_COUNT,
        ..Fault::new(
            field,
            format!(
                "the template has {wanted} slots here, {found} were filled in; fill in each once."
            ),
        )
    })
}

fn wrong_kind(field: String, problem: String) -> Fault {
    Fault {
        code: WRONG_KIND,
        ..Fault::new(field, problem)
    }
}

/// One set of components: of the template, or of a card of it.
fn check(approved: &Value, is_named: bool, given: &Value, path: &str) -> Result<(), Fault> {
    let needs = Needs::of(approved);
    header(&needs, given, path)?;
    body(approved, &needs, is_named, given, path)?;
    given_buttons(approved, &needs, given, path)?;
    cards(approved, is_named, given, path)
}

fn parameters(component: Option<&Value>) -> &[Value] {
    component
        .and_then(|component| component["parameters"].as_array())
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn header(needs: &Needs, given: &Value, path: &str) -> Result<(), Fault> {
    let field = format!("{path}.header");
    let found = parameters(part(given, "header"));
    same_count(&field, usize::from(needs.header.is_some()), found.len())?;
    match (&needs.header, found) {
        (Some(need), [parameter]) if parameter["type"] != need.kind() => Err(wrong_kind(
            field,
            format!("must be of the kind {}, as the template says.", need.kind()),
        )),
        _ => Ok(()),
    }
}

fn body(
    approved: &Value,
    needs: &Needs,
    is_named: bool,
    given: &Value,
    path: &str,
) -> Result<(), Fault> {
    let found = parameters(part(given, "body"));
    let field = format!("{path}.body");
    same_count(&field, needs.body.len(), found.len())?;
    let names: Vec<&str> = found
        .iter()
        .filter_map(|parameter| parameter["parameter_name"].as_str())
        .collect();
    let all_named = needs
        .body
        .iter()
        .all(|slot| names.iter().any(|name| name == slot));
    if is_named && !all_named {
        return Err(wrong_kind(
            field,
            format!(
                "name each parameter (parameter_name): {}.",
                needs.body.join(", ")
            ),
        ));
    }
    let text = part(approved, "BODY")
        .and_then(|body| body["text"].as_str())
        .unwrap_or_default();
    let chars = filled(text, &values(text, found)).chars().count();
    if chars > MAX_BODY_CHARS {
        return Err(Fault {
            code: TOO_LONG,
            ..Fault::new(
                field,
                format!(
                    "at most {MAX_BODY_CHARS} characters once filled in, it has {chars}; shorten the parameters."
                ),
            )
        });
    }
    Ok(())
}

fn given_buttons(approved: &Value, needs: &Needs, given: &Value, path: &str) -> Result<(), Fault> {
    let known = buttons(approved);
    let mut filled = Vec::new();
    for button in given.as_array().into_iter().flatten() {
        let is_button = button["type"]
            .as_str()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("button"));
        if !is_button {
            continue;
        }
        let index = match &button["index"] {
            Value::String(digits) => digits.parse().ok(),
            other => other.as_u64().and_then(|index| usize::try_from(index).ok()),
        };
        let target = index.and_then(|index| Some((index, known.get(index)?)));
        let wanted = target.and_then(|(_, button)| sub_type(button));
        let is_same = wanted.is_some_and(|wanted| {
            button["sub_type"]
                .as_str()
                .is_some_and(|given| given.eq_ignore_ascii_case(wanted))
        });
        let Some((index, _)) = target.filter(|_| is_same) else {
            return Err(wrong_kind(
                format!("{path}.button"),
                "the template has no such button at this index; check index and sub_type."
                    .to_owned(),
            ));
        };
        filled.push(index);
    }
    for need in &needs.buttons {
        let times = filled.iter().filter(|index| **index == need.index).count();
        same_count(&format!("{path}.button[{}]", need.index), 1, times)?;
    }
    Ok(())
}

fn cards(approved: &Value, is_named: bool, given: &Value, path: &str) -> Result<(), Fault> {
    let of = |components: &Value, kind| {
        part(components, kind)
            .and_then(|carousel| carousel["cards"].as_array().cloned())
            .unwrap_or_default()
    };
    let (wanted, found) = (of(approved, "CAROUSEL"), of(given, "carousel"));
    same_count(&format!("{path}.cards"), wanted.len(), found.len())?;
    for (n, (wanted, found)) in wanted.iter().zip(&found).enumerate() {
        let path = format!("{path}.cards[{n}]");
        check(&wanted["components"], is_named, &found["components"], &path)?;
    }
    Ok(())
}

/// What each slot of a text is filled with.
fn values(text: &str, parameters: &[Value]) -> Vec<(String, String)> {
    let slots = slots(text);
    parameters
        .iter()
        .enumerate()
        .filter_map(|(n, parameter)| {
            let slot = match parameter["parameter_name"].as_str() {
                Some(name) => name.to_owned(),
                None => slots.get(n)?.clone(),
            };
            Some((slot, shown(parameter)))
        })
        .collect()
}

/// What a phone shows of a parameter. Currencies and times are shown as Meta falls back to.
fn shown(parameter: &Value) -> String {
    let kind = parameter["type"].as_str().unwrap_or_default();
    let value = &parameter[kind];
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => fields
            .get("fallback_value")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        other => other.to_string(),
    }
}

/// Header, body and footer as the customer reads them.
fn preview(approved: &Value, given: &Value) -> String {
    let words = |kind: &str| {
        let text = part(approved, &kind.to_ascii_uppercase())?["text"].as_str()?;
        Some(filled(text, &values(text, parameters(part(given, kind)))))
    };
    let lines: Vec<String> = ["header", "body", "footer"]
        .iter()
        .filter_map(|kind| words(kind))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}
