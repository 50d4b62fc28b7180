//! What leaves for each content, and what is refused before it leaves.

use balcao_core::model::{
    Button, Card, CardAction, ConversationId, Heading, ListRow, ListSection, MediaKind, MediaRef,
};

use super::*;

const FILE: Uuid = Uuid::from_u128(7);

fn callback() -> CallbackData {
    CallbackData {
        conversation_id: ConversationId(Uuid::from_u128(1)),
        seq: 3,
        attempt: 1,
    }
}

fn files() -> Files {
    Files::from([(FILE, "1000".to_owned())])
}

fn sent_to(address: &Address, content: &Content) -> Result<Value, i32> {
    let files = files();
    message(
        content,
        Envelope {
            address,
            quotes: None,
            callback: callback(),
            files: &files,
        },
    )
}

fn sent(content: &Content) -> Result<Value, i32> {
    sent_to(&Address::of_phone("5511987654321"), content)
}

/// The part that the type names.
fn part_of(content: &Content) -> Value {
    let wire = sent(content).unwrap();
    let kind = wire["type"].as_str().unwrap();
    wire[kind].clone()
}

fn text(text: &str) -> Content {
    Content::Text { text: text.into() }
}

fn ours(kind: MediaKind) -> MediaRef {
    MediaRef {
        file: Some(FILE),
        ..MediaRef::of(kind)
    }
}

fn button(id: &str, title: &str) -> Button {
    Button {
        id: id.into(),
        title: title.into(),
    }
}

#[test]
fn text_goes_with_address_quote_and_key() {
    let address = Address::Recipient("BR.1".into());
    let files = Files::new();
    let envelope = Envelope {
        address: &address,
        quotes: Some("wamid.x"),
        callback: callback(),
        files: &files,
    };
    assert_eq!(
        message(&text("olá"), envelope).unwrap(),
        json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "recipient": "BR.1",
            "type": "text",
            "text": {"body": "olá"},
            "context": {"message_id": "wamid.x"},
            "biz_opaque_callback_data": callback().to_string(),
        })
    );
}

#[test]
fn a_send_has_exactly_one_address_in_its_own_field() {
    for (address, field, kind) in [
        (Address::of_phone("5511987654321"), "to", "individual"),
        (
            Address::Recipient("BR.ENT.1".into()),
            "recipient",
            "individual",
        ),
        (Address::Group("120363:abc".into()), "to", "group"),
    ] {
        let wire = sent_to(&address, &text("olá")).unwrap();
        let fields: Vec<&str> = ["to", "recipient"]
            .into_iter()
            .filter(|field| wire.get(*field).is_some())
            .collect();
        assert_eq!(fields, [field]);
        assert_eq!(wire["recipient_type"], kind);
    }
    assert_eq!(
        sent(&text("olá")).unwrap()["to"],
        "+5511987654321",
        "without + Meta may put our country before it"
    );
}

#[test]
fn a_user_id_never_goes_into_to() {
    for unsound in [
        Address::To("BR.1".into()),
        Address::To("+BR.1".into()),
        Address::Recipient("5511987654321".into()),
        Address::Group(String::new()),
    ] {
        assert_eq!(sent_to(&unsound, &text("olá")), Err(UNDELIVERABLE));
    }
}

#[test]
fn a_text_with_an_address_is_sent_with_a_preview() {
    let wire = |words: &str| part_of(&text(words));
    assert_eq!(wire("veja https://example.com")["preview_url"], true);
    assert!(wire("veja").get("preview_url").is_none());
}

#[test]
fn a_file_goes_by_metas_id_or_by_its_address() {
    let captioned = MediaRef {
        caption: Some("foto".into()),
        ..ours(MediaKind::Image)
    };
    assert_eq!(
        part_of(&Content::Media { media: captioned }),
        json!({"id": "1000", "caption": "foto"})
    );
    let linked = MediaRef {
        url: Some("https://example.com/a.pdf".into()),
        file_name: Some("fatura.pdf".into()),
        ..MediaRef::of(MediaKind::Document)
    };
    assert_eq!(
        part_of(&Content::Media { media: linked }),
        json!({"link": "https://example.com/a.pdf", "filename": "fatura.pdf"})
    );
    let spoken = MediaRef {
        voice: true,
        ..ours(MediaKind::Audio)
    };
    assert_eq!(
        part_of(&Content::Media { media: spoken }),
        json!({"id": "1000", "voice": true})
    );
    for kind in [MediaKind::Video, MediaKind::Sticker, MediaKind::Audio] {
        let named = MediaRef {
            file_name: Some("x".into()),
            ..ours(kind)
        };
        assert_eq!(
            part_of(&Content::Media { media: named }),
            json!({"id": "1000"})
        );
    }
}

#[test]
fn a_file_that_meta_does_not_have_is_not_called() {
    let lost = MediaRef {
        file: Some(Uuid::from_u128(8)),
        ..MediaRef::of(MediaKind::Image)
    };
    assert_eq!(
        sent(&Content::Media {
            media: lost.clone()
        }),
        Err(NO_FILE)
    );
    let headed = Content::Buttons {
        text: "?".into(),
        buttons: vec![button("a", "Sim")],
        heading: Some(Heading::Media { media: lost }),
        footer: None,
    };
    assert_eq!(sent(&headed), Err(NO_FILE));
}

#[test]
fn places_and_cards_go_as_they_are() {
    let place = Content::Location {
        latitude: -23.5,
        longitude: -46.6,
        name: Some("Loja".into()),
        address: None,
    };
    assert_eq!(
        part_of(&place),
        json!({"latitude": -23.5, "longitude": -46.6, "name": "Loja"})
    );
    let card = json!({"name": {"formatted_name": "Ana", "first_name": "Ana"}});
    let wire = sent(&Content::Contacts {
        cards: vec![card.clone()],
    });
    assert_eq!(wire.unwrap()["contacts"], json!([card]));
}

#[test]
fn buttons_have_words_above_and_below() {
    let content = Content::Buttons {
        text: "?".into(),
        buttons: vec![button("a", "Sim"), button("b", "Não")],
        heading: Some(Heading::Media {
            media: ours(MediaKind::Image),
        }),
        footer: Some("Balcão".into()),
    };
    assert_eq!(
        part_of(&content),
        json!({
            "type": "button",
            "header": {"type": "image", "image": {"id": "1000"}},
            "body": {"text": "?"},
            "footer": {"text": "Balcão"},
            "action": {"buttons": [
                {"type": "reply", "reply": {"id": "a", "title": "Sim"}},
                {"type": "reply", "reply": {"id": "b", "title": "Não"}},
            ]},
        })
    );
}

#[test]
fn a_list_leaves_out_what_is_empty() {
    let row = ListRow {
        id: "x".into(),
        title: "x".into(),
        description: Some(String::new()),
    };
    let section = ListSection {
        title: String::new(),
        rows: vec![row],
    };
    assert_eq!(
        part_of(&Content::list("?", "Ver", vec![section])),
        json!({
            "type": "list",
            "body": {"text": "?"},
            "action": {"button": "Ver", "sections": [{"rows": [{"id": "x", "title": "x"}]}]},
        })
    );
}

#[test]
fn links_and_requests_name_their_action() {
    let link = Content::Link {
        text: "Veja".into(),
        label: "Abrir".into(),
        url: "https://example.com".into(),
        heading: Some(Heading::Text {
            text: "Aviso".into(),
        }),
        footer: None,
    };
    assert_eq!(
        part_of(&link),
        json!({
            "type": "cta_url",
            "header": {"type": "text", "text": "Aviso"},
            "body": {"text": "Veja"},
            "action": {"name": "cta_url", "parameters": {"display_text": "Abrir", "url": "https://example.com"}},
        })
    );
    assert_eq!(
        part_of(&Content::LocationRequest {
            text: "Onde?".into()
        }),
        json!({"type": "location_request_message", "body": {"text": "Onde?"}, "action": {"name": "send_location"}})
    );
    assert_eq!(
        part_of(&Content::ContactRequest {
            text: "Número?".into()
        }),
        json!({"type": "contact_request", "body": {"text": "Número?"}, "action": {"name": "request_contact_info"}})
    );
}

#[test]
fn a_form_begins_at_a_screen_or_asks_its_server() {
    let form = |screen: Option<&str>| Content::FormRequest {
        text: "Preencha".into(),
        label: "Abrir".into(),
        form_id: "9".into(),
        token: "t".into(),
        screen: screen.map(str::to_owned),
        data: screen.map(|_| json!({"plano": "fibra"})),
    };
    let parameters = |screen| part_of(&form(screen))["action"]["parameters"].clone();
    assert_eq!(
        parameters(Some("START")),
        json!({
            "flow_message_version": "3", "flow_token": "t", "flow_id": "9", "flow_cta": "Abrir",
            "flow_action": "navigate",
            "flow_action_payload": {"screen": "START", "data": {"plano": "fibra"}},
        })
    );
    assert_eq!(parameters(None)["flow_action"], "data_exchange");
}

#[test]
fn a_carousel_numbers_its_cards() {
    let card = |action: CardAction| Card {
        media: ours(MediaKind::Video),
        text: Some("Plano".into()),
        action,
    };
    let linked = || CardAction::Link {
        label: "Ver".into(),
        url: "https://example.com".into(),
    };
    let carousel = |cards: Vec<Card>| Content::Carousel {
        text: "Planos".into(),
        cards,
    };
    let wire = part_of(&carousel(vec![card(linked()), card(linked())]));
    assert_eq!(
        wire["action"]["cards"][1],
        json!({
            "card_index": 1,
            "type": "cta_url",
            "header": {"type": "video", "video": {"id": "1000"}},
            "body": {"text": "Plano"},
            "action": {"name": "cta_url", "parameters": {"display_text": "Ver", "url": "https://example.com"}},
        })
    );
    let asking = || CardAction::Buttons {
        buttons: vec![button("a", "Quero")],
    };
    let wire = part_of(&carousel(vec![card(asking()), card(asking())]));
    assert_eq!(
        wire["action"]["cards"][0]["action"]["buttons"][0],
        json!({"type": "quick_reply", "quick_reply": {"id": "a", "title": "Quero"}})
    );
}

#[test]
fn goods_are_passed_on_untouched() {
    let product =
        json!({"type": "product", "action": {"catalog_id": "1", "product_retailer_id": "x"}});
    let content = Content::Commerce {
        text: "Produto".into(),
        interactive: product.clone(),
    };
    assert_eq!(part_of(&content), product);
}

#[test]
fn a_template_carries_its_parameters_and_not_what_we_show() {
    let template = |parameters: &[&str], components: Option<Value>| Content::Template {
        name: "aviso".into(),
        language: "pt_BR".into(),
        preview: "Olá Maria".into(),
        parameters: parameters.iter().map(|text| (*text).to_owned()).collect(),
        components,
    };
    let wire = part_of(&template(&["Maria"], None));
    assert_eq!(
        wire["components"][0]["parameters"][0],
        json!({"type": "text", "text": "Maria"})
    );
    assert!(!wire.to_string().contains("preview"));
    assert!(part_of(&template(&[], None)).get("components").is_none());
    assert!(
        part_of(&template(&[], Some(json!([]))))
            .get("components")
            .is_none()
    );
    let fitted = json!([
        {"type": "header", "parameters": [{"type": "image", "image": {"file": FILE}}]},
        {"type": "body", "parameters": [{"type": "text", "parameter_name": "nome", "text": "Maria"}]},
    ]);
    let content = template(&["Maria"], Some(fitted));
    assert_eq!(carried(&content), [FILE]);
    let wire = part_of(&content);
    assert_eq!(
        wire["components"][0]["parameters"][0]["image"],
        json!({"id": "1000"})
    );
    assert_eq!(
        wire["components"][1]["parameters"][0]["parameter_name"],
        "nome"
    );
}

#[test]
fn a_reaction_names_its_message_and_is_taken_back_by_nothing() {
    let address = Address::of_phone("5511987654321");
    let files = Files::new();
    let envelope = Envelope {
        address: &address,
        quotes: None,
        callback: callback(),
        files: &files,
    };
    let wire = reaction("wamid.x", Some("👍"), envelope).unwrap();
    assert_eq!(wire["type"], "reaction");
    assert_eq!(
        wire["reaction"],
        json!({"message_id": "wamid.x", "emoji": "👍"})
    );
    let wire = reaction("wamid.x", None, envelope).unwrap();
    assert_eq!(wire["reaction"]["emoji"], "");
}

#[test]
fn what_meta_would_refuse_is_not_called() {
    for (content, code) in [
        (text(""), limits::INVALID),
        (text(&"á".repeat(4_097)), limits::INVALID),
        (Content::buttons("?", vec![]), limits::INVALID),
        (Content::Note { text: "x".into() }, limits::UNSUPPORTED),
    ] {
        assert_eq!(sent(&content), Err(code), "{content:?}");
    }
    assert!(sent(&text(&"á".repeat(4_096))).is_ok());
}
