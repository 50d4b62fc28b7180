//! Templates and commerce: what is passed on, with its envelope checked.

use super::*;

#[test]
fn a_template_is_named_as_meta_names_it() {
    passes(&template(None));
    for bad in ["", "Aviso", "a b", "é"] {
        fails(&with(&template(None), "/name", json!(bad)), "name");
    }
    for bad in ["", "p", "pt BR", &"x".repeat(17)] {
        fails(&with(&template(None), "/language", json!(bad)), "language");
    }
    at_most(&template(None), "/parameters/0", 1_024, "parameters[0]");
    fails(
        &with(&template(None), "/parameters/0", json!("")),
        "parameters[0]",
    );
}

#[test]
fn the_components_of_a_template_have_a_shape() {
    let good = json!([
        {"type": "header", "parameters": [{"type": "image", "image": {"file": Uuid::nil()}}]},
        {"type": "body", "parameters": [{"type": "text", "parameter_name": "name", "text": "Ana"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "x"}]},
        {"type": "button", "sub_type": "quick_reply", "index": 1, "parameters": [{"type": "payload", "payload": "p"}]},
    ]);
    passes(&template(Some(good)));
    for (bad, field) in [
        (json!({}), "components"),
        (json!([{"type": "footer"}]), "components[0].type"),
        (
            json!([{"type": "body", "parameters": {}}]),
            "components[0].parameters",
        ),
        (
            json!([{"type": "button", "index": 0}]),
            "components[0].sub_type",
        ),
        (
            json!([{"type": "button", "sub_type": "url", "index": 10}]),
            "components[0].index",
        ),
        (
            json!([{"type": "body", "parameters": [{"type": "text"}]}]),
            "components[0].parameters[0].text",
        ),
        (
            json!([{"type": "body", "parameters": [{"type": "poem", "poem": "x"}]}]),
            "components[0].parameters[0].type",
        ),
        (
            json!([{"type": "header", "parameters": [{"type": "image", "image": {"id": "1", "link": "x"}}]}]),
            "components[0].parameters[0].image",
        ),
        (
            json!([{"type": "carousel", "cards": [{"components": []}]}]),
            "components[0].cards",
        ),
    ] {
        fails(&template(Some(bad)), field);
    }
}

#[test]
fn goods_and_orders_pass_with_their_envelope_checked() {
    let product =
        json!({"type": "product", "action": {"catalog_id": "1", "product_retailer_id": "x"}});
    let body =
        |kind: &str, action: Value| json!({"type": kind, "body": {"text": "x"}, "action": action});
    let products = |count: usize| {
        let items = vec![json!({"product_retailer_id": "x"}); count];
        let mut all = body(
            "product_list",
            json!({"catalog_id": "1", "sections": [{"title": "a", "product_items": items}]}),
        );
        all["header"] = json!({"type": "text", "text": "Ofertas"});
        all
    };
    for good in [
        product.clone(),
        products(30),
        body("catalog_message", json!({"name": "catalog_message"})),
        body(
            "order_details",
            json!({"name": "review_and_pay", "parameters": {}}),
        ),
        body(
            "order_status",
            json!({"name": "review_order", "parameters": {}}),
        ),
        body("voice_call", json!({"name": "voice_call"})),
        body(
            "call_permission_request",
            json!({"name": "call_permission_request"}),
        ),
        body(
            "address_message",
            json!({"name": "address_message", "parameters": {"country": "IN"}}),
        ),
    ] {
        passes(&commerce(good));
    }
    for (bad, field) in [
        (json!("x"), "interactive.type"),
        (json!({"type": "button"}), "interactive.type"),
        (
            json!({"type": "product", "action": {"catalog_id": "1"}}),
            "interactive.action.product_retailer_id",
        ),
        (products(31), "interactive.action.sections"),
        (body("voice_call", Value::Null), "interactive.action"),
        (
            body("order_status", json!({"name": "x"})),
            "interactive.action.name",
        ),
        (
            json!({"type": "voice_call", "action": {"name": "voice_call"}}),
            "interactive.body.text",
        ),
        (
            body("order_details", json!({"name": "review_and_pay"})),
            "interactive.action.parameters",
        ),
    ] {
        fails(&commerce(bad), field);
    }
    let content = commerce(body("voice_call", json!({"name": "voice_call"})));
    at_most(
        &content,
        "/interactive/body/text",
        1_024,
        "interactive.body.text",
    );
    let huge = with(&content, "/interactive/action/x", json!("x".repeat(33_000)));
    fails(&huge, "interactive.type");
}
