//! Files in a send: by Meta's id of our upload, or by an address that Meta fetches from.

use balcao_core::model::{Card, Content, Heading, MediaKind, MediaRef};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Files, NO_FILE};

/// Our files that a content carries, each once.
pub(in crate::sender) fn carried(content: &Content) -> Vec<Uuid> {
    let mut found = Vec::new();
    let mut add = |media: &MediaRef| {
        if let Some(file) = media.file
            && !found.contains(&file)
        {
            found.push(file);
        }
    };
    match content {
        Content::Media { media } => add(media),
        Content::Buttons {
            heading: Some(Heading::Media { media }),
            ..
        }
        | Content::Link {
            heading: Some(Heading::Media { media }),
            ..
        } => add(media),
        Content::Carousel { cards, .. } => {
            cards.iter().map(|card: &Card| &card.media).for_each(add)
        }
        Content::Template {
            components: Some(components),
            ..
        } => {
            let mut components = components.clone();
            walk(&mut components, &mut |_, file| {
                if !found.contains(&file) {
                    found.push(file);
                }
                Ok(())
            })
            .unwrap_or_default();
        }
        _ => {}
    }
    found
}

/// Meta's name of a sort of file.
pub(super) fn word(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Document => "document",
        MediaKind::Sticker => "sticker",
    }
}

/// Where Meta finds the file.
pub(super) fn source(media: &MediaRef, files: &Files) -> Result<Value, i32> {
    match (media.file, &media.url) {
        (Some(file), _) => {
            let id = files.get(&file).ok_or(NO_FILE)?;
            Ok(json!({ "id": id }))
        }
        (None, Some(link)) => Ok(json!({ "link": link })),
        (None, None) => Err(NO_FILE),
    }
}

/// A message that is a file.
pub(super) fn message(media: &MediaRef, files: &Files) -> Result<(&'static str, Value), i32> {
    let kind = word(media.kind);
    let mut part = source(media, files)?;
    if let Some(caption) = media.caption.as_deref().filter(|text| !text.is_empty()) {
        part["caption"] = json!(caption);
    }
    match media.kind {
        MediaKind::Document => {
            if let Some(name) = media.file_name.as_deref().filter(|name| !name.is_empty()) {
                part["filename"] = json!(name);
            }
        }
        MediaKind::Audio if media.voice => part["voice"] = json!(true),
        _ => {}
    }
    Ok((kind, part))
}

/// Puts Meta's ids where a template's components name our files.
pub(super) fn place(components: &mut Value, files: &Files) -> Result<(), i32> {
    walk(components, &mut |fields, file| {
        let id = files.get(&file).ok_or(NO_FILE)?;
        fields.remove("file");
        fields.insert("id".to_owned(), json!(id));
        Ok(())
    })
}

/// Visits every parameter that is one of our files.
fn walk(
    value: &mut Value,
    visit: &mut impl FnMut(&mut serde_json::Map<String, Value>, Uuid) -> Result<(), i32>,
) -> Result<(), i32> {
    match value {
        Value::Array(all) => {
            for one in all {
                walk(one, visit)?;
            }
        }
        Value::Object(fields) => {
            for kind in ["image", "video", "document", "gif"] {
                let Some(Value::Object(source)) = fields.get_mut(kind) else {
                    continue;
                };
                let file = source.get("file").and_then(Value::as_str);
                if let Some(file) = file {
                    let file = file.parse().map_err(|_| NO_FILE)?;
                    visit(source, file)?;
                }
            }
            for key in ["parameters", "cards", "components"] {
                if let Some(inner) = fields.get_mut(key) {
                    walk(inner, visit)?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}
