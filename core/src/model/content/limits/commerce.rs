//! Goods, orders, calls and addresses: the channel's own object, of which the envelope is checked.
//!
//! Does not: know catalogues, prices or payments; Meta judges those.

use serde_json::Value;

use super::{Fault, MAX_BODY_CHARS, chars, count};

/// What may be passed on, with the name of its action where Meta fixes one.
const TYPES: [(&str, Option<&str>); 8] = [
    ("product", None),
    ("product_list", None),
    ("catalog_message", Some("catalog_message")),
    ("order_details", Some("review_and_pay")),
    ("order_status", Some("review_order")),
    ("voice_call", Some("voice_call")),
    ("call_permission_request", Some("call_permission_request")),
    ("address_message", Some("address_message")),
];
const MAX_BYTES: usize = 32 * 1024;
const MAX_LINE_CHARS: usize = 60;
const MAX_SECTIONS: usize = 10;
const MAX_PRODUCTS: usize = 30;

pub(super) fn check(interactive: &Value) -> Result<(), Fault> {
    if !interactive.is_object() {
        return Err(Fault::new(
            "type",
            "is missing; give the channel's own object.",
        ));
    }
    let bytes = interactive.to_string().len();
    if bytes > MAX_BYTES {
        return Err(Fault::new(
            "type",
            format!("at most {MAX_BYTES} bytes, the object has {bytes}; take something out."),
        ));
    }
    let known = TYPES.iter().find(|(kind, _)| interactive["type"] == *kind);
    let Some((kind, action)) = known else {
        let all: Vec<&str> = TYPES.iter().map(|(kind, _)| *kind).collect();
        return Err(Fault::new(
            "type",
            format!("must be one of {}.", all.join(", ")),
        ));
    };
    words(interactive, kind)?;
    if !interactive["action"].is_object() {
        return Err(Fault::new("action", "is missing; it says what is offered."));
    }
    if let Some(name) = action
        && interactive["action"]["name"] != *name
    {
        return Err(Fault::new("action.name", format!("must be {name}.")));
    }
    match *kind {
        "product" => {
            present(interactive, "catalog_id")?;
            present(interactive, "product_retailer_id")
        }
        "product_list" => {
            present(interactive, "catalog_id")?;
            products(&interactive["action"]["sections"])
        }
        "order_details" | "order_status" if !interactive["action"]["parameters"].is_object() => {
            Err(Fault::new(
                "action.parameters",
                "is missing; it holds the order.",
            ))
        }
        "address_message" if !interactive["action"]["parameters"]["country"].is_string() => {
            Err(Fault::new(
                "action.parameters.country",
                "is missing; WhatsApp knows IN only.",
            ))
        }
        _ => Ok(()),
    }
}

fn words(interactive: &Value, kind: &str) -> Result<(), Fault> {
    match interactive["body"]["text"].as_str() {
        Some(text) => chars("body.text", text, MAX_BODY_CHARS)?,
        None if kind == "product" && interactive["body"].is_null() => {}
        None => {
            return Err(Fault::new(
                "body.text",
                format!("is missing; write 1 to {MAX_BODY_CHARS} characters."),
            ));
        }
    }
    if let Some(text) = interactive["footer"]["text"].as_str() {
        chars("footer.text", text, MAX_LINE_CHARS)?;
    }
    match interactive["header"]["text"].as_str() {
        Some(text) => chars("header.text", text, MAX_LINE_CHARS),
        None if kind == "product_list" => Err(Fault::new(
            "header.text",
            format!(
                "is missing; a list of products needs 1 to {MAX_LINE_CHARS} characters above it."
            ),
        )),
        None => Ok(()),
    }
}

fn present(interactive: &Value, key: &str) -> Result<(), Fault> {
    let field = format!("action.{key}");
    match interactive["action"][key].as_str() {
        Some(text) => chars(field, text, 256),
        None => Err(Fault::new(
            field,
            "is missing; give the catalogue's own id as text.",
        )),
    }
}

fn products(sections: &Value) -> Result<(), Fault> {
    let sections = sections.as_array().map(Vec::as_slice).unwrap_or_default();
    count(
        "action.sections",
        sections.len(),
        1,
        MAX_SECTIONS,
        "sections",
    )?;
    let products: usize = sections
        .iter()
        .map(|section| section["product_items"].as_array().map_or(0, Vec::len))
        .sum();
    count(
        "action.sections",
        products,
        1,
        MAX_PRODUCTS,
        "products in all",
    )
}
