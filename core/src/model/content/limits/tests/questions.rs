//! Questions: buttons, lists, links, forms, requests, carousels.

use super::*;

#[test]
fn buttons_are_one_to_three_short_and_distinct() {
    let of = |buttons: &[Button]| Content::buttons("?", buttons.to_vec());
    let three = [
        button("a", "Sim"),
        button("b", "Não"),
        button("c", "Talvez"),
    ];
    passes(&of(&three));
    fails(&of(&[]), "buttons");
    fails(&of(&[&three[..], &[button("d", "d")]].concat()), "buttons");
    let content = of(&three);
    at_most(&content, "/text", 1_024, "text");
    at_most(&content, "/buttons/1/title", 20, "buttons[1].title");
    at_most(&content, "/buttons/2/id", 256, "buttons[2].id");
    fails(
        &of(&[button("a", "Sim"), button("b", "Sim")]),
        "buttons[1].title",
    );
    fails(
        &of(&[button("a", "Sim"), button("a", "Não")]),
        "buttons[1].id",
    );
    fails(&of(&[button("a", " ")]), "buttons[0].title");
    at_most(&content, "/footer", 60, "footer");
}

#[test]
fn above_a_question_stands_text_or_a_film_picture_or_document() {
    let of = |heading: Heading| Content::Buttons {
        text: "?".into(),
        buttons: vec![button("a", "Sim")],
        heading: Some(heading),
        footer: None,
    };
    at_most(
        &of(Heading::Text { text: "x".into() }),
        "/heading/text",
        60,
        "heading.text",
    );
    for (kind, may) in [
        (MediaKind::Image, true),
        (MediaKind::Video, true),
        (MediaKind::Document, true),
        (MediaKind::Audio, false),
        (MediaKind::Sticker, false),
    ] {
        let content = of(Heading::Media { media: ours(kind) });
        if may {
            passes(&content);
        } else {
            fails(&content, "heading.media.kind");
        }
    }
    let captioned = MediaRef {
        caption: Some("x".into()),
        ..ours(MediaKind::Image)
    };
    fails(
        &of(Heading::Media { media: captioned }),
        "heading.media.caption",
    );
}

#[test]
fn a_list_has_ten_rows_in_all() {
    passes(&list(vec![section("", rows(10))]));
    fails(&list(vec![section("", rows(11))]), "sections");
    fails(&list(vec![]), "sections");
    fails(&list(vec![section("", vec![])]), "sections");
    let two = |first: &str| {
        list(vec![
            section(first, rows(1)),
            section("b", vec![rows(2).remove(1)]),
        ])
    };
    passes(&two("a"));
    fails(&two(""), "sections[0].title");
    fails(
        &list(vec![section("a", rows(1)), section("b", rows(1))]),
        "sections[1].rows[0].id",
    );
    fails(
        &list(vec![section("a", rows(1)), section("b", vec![])]),
        "sections[1].rows",
    );
}

#[test]
fn the_words_of_a_list_have_limits() {
    let content = list(vec![section("a", rows(2))]);
    for (pointer, max, field) in [
        ("/text", 4_096, "text"),
        ("/open_label", 20, "open_label"),
        ("/heading", 60, "heading"),
        ("/footer", 60, "footer"),
        ("/sections/0/title", 24, "sections[0].title"),
        ("/sections/0/rows/1/id", 200, "sections[0].rows[1].id"),
        ("/sections/0/rows/1/title", 24, "sections[0].rows[1].title"),
        (
            "/sections/0/rows/0/description",
            72,
            "sections[0].rows[0].description",
        ),
    ] {
        at_most(&content, pointer, max, field);
    }
}

#[test]
fn a_link_opens_a_page_by_https() {
    for (pointer, max, field) in [
        ("/text", 1_024, "text"),
        ("/label", 20, "label"),
        ("/heading/text", 60, "heading.text"),
        ("/footer", 60, "footer"),
    ] {
        at_most(&link(), pointer, max, field);
    }
    for bad in ["http://example.com", "javascript:alert(1)", "", "https://"] {
        fails(&with(&link(), "/url", json!(bad)), "url");
    }
}

#[test]
fn a_form_is_given_data_only_for_a_screen() {
    at_most(&form(), "/text", 1_024, "text");
    at_most(&form(), "/label", 30, "label");
    at_most(&form(), "/token", 256, "token");
    fails(&with(&form(), "/form_id", json!("")), "form_id");
    fails(&with(&form(), "/screen", Value::Null), "screen");
    fails(&with(&form(), "/data", json!({})), "data");
    fails(&with(&form(), "/data", json!([1])), "data");
    passes(&with(&form(), "/data", Value::Null));
}

#[test]
fn requests_have_1_to_1024_characters() {
    for content in [
        Content::LocationRequest { text: "?".into() },
        Content::ContactRequest { text: "?".into() },
    ] {
        at_most(&content, "/text", 1_024, "text");
        fails(&with(&content, "/text", json!(" ")), "text");
    }
}

#[test]
fn a_carousel_has_two_to_ten_cards_of_one_shape() {
    passes(&carousel(2));
    passes(&carousel(10));
    fails(&carousel(1), "cards");
    fails(&carousel(11), "cards");
    at_most(&carousel(2), "/text", 1_024, "text");
    at_most(&carousel(2), "/cards/1/text", 160, "cards[1].text");
    at_most(
        &carousel(2),
        "/cards/1/action/label",
        20,
        "cards[1].action.label",
    );
    let answers = |count: usize| {
        let all: Vec<Value> = (0..count)
            .map(|n| json!({"id": n.to_string(), "title": n.to_string()}))
            .collect();
        json!({"type": "buttons", "buttons": all})
    };
    fails(
        &with(&carousel(2), "/cards/1/action", answers(1)),
        "cards[1].action",
    );
    let both = |first: usize, second: usize| {
        let one = with(&carousel(2), "/cards/0/action", answers(first));
        with(&one, "/cards/1/action", answers(second))
    };
    passes(&both(3, 3));
    fails(&both(2, 1), "cards[1].action");
    fails(&both(4, 4), "cards[0].action.buttons");
    let audio = serde_json::to_value(ours(MediaKind::Audio)).unwrap();
    fails(
        &with(&carousel(2), "/cards/0/media", audio),
        "cards[0].media.kind",
    );
}
