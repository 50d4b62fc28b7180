//! Products and orders.

use super::{Checked, ROW_TITLE_MAX, SECTIONS_MAX, array, named};
use crate::graph::error::GraphError;
use crate::graph::validate::{required, text, within};
use serde_json::Value;

const PRODUCTS_MAX: usize = 30;
const ID_MAX: usize = 256;
const REFERENCE_MAX: usize = 35;

pub(super) fn product(action: &Value) -> Checked {
    for key in ["catalog_id", "product_retailer_id"] {
        text(required(action, "interactive.action", key)?, key, ID_MAX)?;
    }
    Ok(())
}

pub(super) fn product_list(payload: &Value, action: &Value) -> Checked {
    let header = required(payload, "interactive", "header")?;
    if header.get("type").and_then(Value::as_str) != Some("text") {
        return Err(GraphError::invalid("A product list needs a text header"));
    }
    text(
        required(action, "interactive.action", "catalog_id")?,
        "catalog_id",
        ID_MAX,
    )?;
    let sections = array(action, "interactive.action", "sections", 1, SECTIONS_MAX)?;
    let mut products = 0;
    for section in sections {
        match section.get("title") {
            Some(title) => within(title, "section['title']", 0, ROW_TITLE_MAX)?,
            None if sections.len() > 1 => return Err(GraphError::missing("section['title']")),
            None => {}
        }
        let items = array(section, "section", "product_items", 1, PRODUCTS_MAX)?;
        for item in items {
            text(
                required(item, "product_items", "product_retailer_id")?,
                "product_retailer_id",
                ID_MAX,
            )?;
        }
        products += items.len();
    }
    if products > PRODUCTS_MAX {
        return Err(GraphError::invalid(format!(
            "Total product count exceeds the maximum of {PRODUCTS_MAX}"
        )));
    }
    Ok(())
}

pub(super) fn order_details(action: &Value) -> Checked {
    named(action, "review_and_pay")?;
    let parameters = required(action, "interactive.action", "parameters")?;
    reference(parameters)?;
    for key in ["type", "currency"] {
        text(required(parameters, "parameters", key)?, key, 64)?;
    }
    let total = required(parameters, "parameters", "total_amount")?;
    if required(total, "total_amount", "value")?
        .as_i64()
        .is_none_or(|value| value < 0)
    {
        return Err(GraphError::invalid(
            "total_amount['value'] must be a whole number",
        ));
    }
    array(
        required(parameters, "parameters", "order")?,
        "order",
        "items",
        1,
        999,
    )
    .map(|_| ())
}

pub(super) fn order_status(action: &Value) -> Checked {
    named(action, "review_order")?;
    let parameters = required(action, "interactive.action", "parameters")?;
    reference(parameters)?;
    let order = required(parameters, "parameters", "order")?;
    match required(order, "order", "status")?.as_str() {
        Some(
            "pending" | "processing" | "partially_shipped" | "shipped" | "completed" | "canceled",
        ) => Ok(()),
        _ => Err(GraphError::invalid(
            "order['status'] must be pending, processing, partially_shipped, shipped, completed or canceled",
        )),
    }
}

fn reference(parameters: &Value) -> Checked {
    text(
        required(parameters, "parameters", "reference_id")?,
        "reference_id",
        REFERENCE_MAX,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn orders_have_a_reference_and_a_known_status() {
        let order = |status: &str| json!({"name": "review_order", "parameters": {"reference_id": "1", "order": {"status": status}}});
        assert!(order_status(&order("shipped")).is_ok());
        assert!(order_status(&order("lost")).is_err());
    }

    #[test]
    fn thirty_products_are_too_few_for_thirty_one() {
        let items = |count: usize| -> Value {
            (0..count)
                .map(|n| json!({"product_retailer_id": n.to_string()}))
                .collect()
        };
        let header = json!({"header": {"type": "text", "text": "Planos"}});
        let list = |count: usize| json!({"catalog_id": "1", "sections": [{"title": "a", "product_items": items(15)}, {"title": "b", "product_items": items(count)}]});
        assert!(product_list(&header, &list(15)).is_ok());
        assert!(product_list(&header, &list(16)).is_err());
    }
}
