//! Questions that a customer answers with a tap: buttons, lists, links, forms, requests, carousels.

use std::collections::HashSet;

use serde_json::Value;

use super::{Fault, MAX_BODY_CHARS, MAX_TEXT_CHARS, chars, chars_or_none, count, file, url};
use crate::model::content::{Button, Card, CardAction, Content, Heading, ListSection, MediaKind};

const MAX_BUTTONS: usize = 3;
const MAX_BUTTON_ID_CHARS: usize = 256;
/// Of buttons, of the label that opens a list, of links.
const MAX_LABEL_CHARS: usize = 20;
const MAX_SECTIONS: usize = 10;
const MAX_ROWS: usize = 10;
const MAX_ROW_ID_CHARS: usize = 200;
/// Of rows and sections.
const MAX_ROW_TITLE_CHARS: usize = 24;
const MAX_ROW_DESCRIPTION_CHARS: usize = 72;
const MAX_HEADING_CHARS: usize = 60;
const MAX_FOOTER_CHARS: usize = 60;
const MAX_FORM_LABEL_CHARS: usize = 30;
const MAX_FORM_TOKEN_CHARS: usize = 256;
const MIN_CARDS: usize = 2;
const MAX_CARDS: usize = 10;
const MAX_CARD_CHARS: usize = 160;

/// The limits of a question.
pub(super) fn check(content: &Content) -> Result<(), Fault> {
    match content {
        Content::Buttons {
            text,
            buttons,
            heading,
            footer,
        } => {
            frame(text, heading.as_ref(), footer.as_deref())?;
            self::buttons(buttons)
        }
        Content::List {
            text,
            open_label,
            sections,
            heading,
            footer,
        } => {
            chars("text", text, MAX_TEXT_CHARS)?;
            if let Some(heading) = heading {
                chars("heading", heading, MAX_HEADING_CHARS)?;
            }
            self::footer(footer.as_deref())?;
            chars("open_label", open_label, MAX_LABEL_CHARS)?;
            self::sections(sections)
        }
        Content::Link {
            text,
            label,
            url: page,
            heading,
            footer,
        } => {
            frame(text, heading.as_ref(), footer.as_deref())?;
            chars("label", label, MAX_LABEL_CHARS)?;
            url("url", page, &["https://"])
        }
        Content::FormRequest {
            text,
            label,
            form_id,
            token,
            screen,
            data,
        } => {
            chars("text", text, MAX_BODY_CHARS)?;
            chars("label", label, MAX_FORM_LABEL_CHARS)?;
            chars("form_id", form_id, 64)?;
            chars("token", token, MAX_FORM_TOKEN_CHARS)?;
            form_start(screen.as_deref(), data.as_ref())
        }
        Content::LocationRequest { text } | Content::ContactRequest { text } => {
            chars("text", text, MAX_BODY_CHARS)
        }
        Content::Carousel { text, cards } => {
            chars("text", text, MAX_BODY_CHARS)?;
            self::cards(cards)
        }
        _ => Ok(()),
    }
}

/// What buttons and links have in common: words, something above, something below.
fn frame(text: &str, heading: Option<&Heading>, footer: Option<&str>) -> Result<(), Fault> {
    chars("text", text, MAX_BODY_CHARS)?;
    match heading {
        Some(Heading::Text { text }) => chars("heading.text", text, MAX_HEADING_CHARS)?,
        Some(Heading::Media { media }) => file::picture(
            media,
            &[MediaKind::Image, MediaKind::Video, MediaKind::Document],
        )
        .map_err(|fault| fault.within("heading.media"))?,
        None => {}
    }
    self::footer(footer)
}

fn footer(footer: Option<&str>) -> Result<(), Fault> {
    footer.map_or(Ok(()), |text| chars("footer", text, MAX_FOOTER_CHARS))
}

fn buttons(buttons: &[Button]) -> Result<(), Fault> {
    count("buttons", buttons.len(), 1, MAX_BUTTONS, "buttons")?;
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for (n, button) in buttons.iter().enumerate() {
        chars(
            format_args!("buttons[{n}].id"),
            &button.id,
            MAX_BUTTON_ID_CHARS,
        )?;
        chars(
            format_args!("buttons[{n}].title"),
            &button.title,
            MAX_LABEL_CHARS,
        )?;
        if !ids.insert(button.id.as_str()) {
            return Err(twice(format_args!("buttons[{n}].id"), "button"));
        }
        if !titles.insert(button.title.as_str()) {
            return Err(twice(format_args!("buttons[{n}].title"), "button"));
        }
    }
    Ok(())
}

fn twice(field: impl std::fmt::Display, what: &str) -> Fault {
    Fault::new(field, format!("is there twice; each {what} needs its own."))
}

fn sections(sections: &[ListSection]) -> Result<(), Fault> {
    count("sections", sections.len(), 1, MAX_SECTIONS, "sections")?;
    let rows: usize = sections.iter().map(|section| section.rows.len()).sum();
    count("sections", rows, 1, MAX_ROWS, "rows in all")?;
    let mut ids = HashSet::new();
    for (s, section) in sections.iter().enumerate() {
        let title = format_args!("sections[{s}].title").to_string();
        if sections.len() > 1 {
            chars(title, &section.title, MAX_ROW_TITLE_CHARS)?;
        } else {
            chars_or_none(title, &section.title, MAX_ROW_TITLE_CHARS)?;
        }
        count(
            format_args!("sections[{s}].rows"),
            section.rows.len(),
            1,
            MAX_ROWS,
            "rows",
        )?;
        for (r, row) in section.rows.iter().enumerate() {
            let path = format!("sections[{s}].rows[{r}]");
            chars(format_args!("{path}.id"), &row.id, MAX_ROW_ID_CHARS)?;
            chars(
                format_args!("{path}.title"),
                &row.title,
                MAX_ROW_TITLE_CHARS,
            )?;
            if let Some(text) = &row.description {
                chars_or_none(
                    format_args!("{path}.description"),
                    text,
                    MAX_ROW_DESCRIPTION_CHARS,
                )?;
            }
            if !ids.insert(row.id.as_str()) {
                return Err(twice(format_args!("{path}.id"), "row"));
            }
        }
    }
    Ok(())
}

/// What a form is given belongs to a screen, and Meta refuses an empty object.
fn form_start(screen: Option<&str>, data: Option<&Value>) -> Result<(), Fault> {
    if let Some(screen) = screen {
        chars("screen", screen, MAX_FORM_TOKEN_CHARS)?;
    }
    match data {
        None => Ok(()),
        Some(_) if screen.is_none() => Err(Fault::new(
            "screen",
            "is missing; data is given to a screen, name it or leave data out.",
        )),
        Some(Value::Object(fields)) if !fields.is_empty() => Ok(()),
        Some(_) => Err(Fault::new(
            "data",
            "must be an object with at least one field; leave it out when there is none.",
        )),
    }
}

fn cards(cards: &[Card]) -> Result<(), Fault> {
    count("cards", cards.len(), MIN_CARDS, MAX_CARDS, "cards")?;
    for (n, card) in cards.iter().enumerate() {
        self::card(card, &cards[0]).map_err(|fault| fault.within(format_args!("cards[{n}]")))?;
    }
    Ok(())
}

fn card(card: &Card, first: &Card) -> Result<(), Fault> {
    file::picture(&card.media, &[MediaKind::Image, MediaKind::Video])
        .map_err(|fault| fault.within("media"))?;
    if let Some(text) = &card.text {
        chars("text", text, MAX_CARD_CHARS)?;
    }
    let is_alike = match (&card.action, &first.action) {
        (CardAction::Link { .. }, CardAction::Link { .. }) => true,
        (CardAction::Buttons { buttons }, CardAction::Buttons { buttons: others }) => {
            buttons.len() == others.len()
        }
        _ => false,
    };
    if !is_alike {
        return Err(Fault::new(
            "action",
            "must have the same shape on all cards: one link each, or the same number of buttons each.",
        ));
    }
    match &card.action {
        CardAction::Link { label, url: page } => {
            chars("action.label", label, MAX_LABEL_CHARS)?;
            url("action.url", page, &["https://"])
        }
        CardAction::Buttons { buttons } => {
            self::buttons(buttons).map_err(|fault| fault.within("action"))
        }
    }
}
