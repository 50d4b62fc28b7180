//! Files in what we send: where they come from and what may stand beside them.

use super::{BAD_FILE, Fault, MAX_BODY_CHARS, chars_or_none, url};
use crate::model::content::{MediaKind, MediaRef};

/// Longest name of a document, in characters: ours, what phones can show.
const MAX_FILE_NAME_CHARS: usize = 240;

/// A message that is a file.
pub(super) fn message(media: &MediaRef) -> Result<(), Fault> {
    source(media)?;
    if let Some(caption) = &media.caption {
        if matches!(media.kind, MediaKind::Audio | MediaKind::Sticker) {
            return Err(Fault::new(
                "caption",
                "WhatsApp shows no words below audio and stickers; send them as a text of their own.",
            ));
        }
        chars_or_none("caption", caption, MAX_BODY_CHARS)?;
    }
    if let Some(name) = &media.file_name {
        chars_or_none("file_name", name, MAX_FILE_NAME_CHARS)?;
    }
    if media.voice && media.kind != MediaKind::Audio {
        return Err(Fault::new("voice", "is for audio only; leave it out."));
    }
    Ok(())
}

/// A file above a question or on a card.
pub(super) fn picture(media: &MediaRef, allowed: &[MediaKind]) -> Result<(), Fault> {
    if !allowed.contains(&media.kind) {
        let words: Vec<&str> = allowed.iter().map(|kind| word(*kind)).collect();
        return Err(Fault::new(
            "kind",
            format!("must be {} here; choose another file.", words.join(" or ")),
        ));
    }
    if media.caption.is_some() {
        return Err(Fault::new(
            "caption",
            "has no place here; put the words into the text.",
        ));
    }
    source(media)
}

/// Exactly one of our own file and an address that Meta fetches from; and of a type that phones show.
fn source(media: &MediaRef) -> Result<(), Fault> {
    if media.id.is_some() {
        return Err(Fault::new(
            "id",
            "the channel's own ids are not sent; upload the file (POST /api/v1/media) and give `file`.",
        ));
    }
    match (&media.file, &media.url) {
        (Some(_), None) => {}
        (None, Some(link)) => url("url", link, &["https://", "http://"])?,
        (None, None) => {
            return Err(Fault::new(
                "file",
                "is missing; upload the file (POST /api/v1/media) and give its id, or give `url`.",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(Fault::new("url", "give either `file` or `url`, not both."));
        }
    }
    let allowed = mime_types(media.kind);
    let given = media.mime_type.as_deref().map(|full| {
        let essence = full.split(';').next().unwrap_or_default();
        essence.trim().to_ascii_lowercase()
    });
    match given {
        Some(given) if !allowed.is_empty() && !allowed.contains(&given.as_str()) => Err(Fault {
            code: BAD_FILE,
            ..Fault::new(
                "mime_type",
                format!(
                    "WhatsApp takes {} as {}; convert the file, or send it as a document.",
                    allowed.join(", "),
                    word(media.kind)
                ),
            )
        }),
        _ => Ok(()),
    }
}

/// Whether a file is small enough for what it is sent as.
///
/// # Errors
/// A [`Fault`] with the code of uploads.
pub fn check_size(media: &MediaRef, size_bytes: i64) -> Result<(), Fault> {
    const KIB: i64 = 1_024;
    const MIB: i64 = 1_024 * KIB;
    let (max_bytes, shown) = match media.kind {
        MediaKind::Image => (5 * MIB, "5 MB"),
        MediaKind::Video | MediaKind::Audio => (16 * MIB, "16 MB"),
        MediaKind::Document => (100 * MIB, "100 MB"),
        // 100 KB when it does not move, which is Meta's to see.
        MediaKind::Sticker => (500 * KIB, "500 KB"),
    };
    if size_bytes <= max_bytes {
        return Ok(());
    }
    Err(Fault::of_file(
        "file",
        &format!(
            "WhatsApp takes at most {shown} as {}; make it smaller, or send it as a document.",
            word(media.kind)
        ),
    ))
}

/// Types that Meta takes; empty: any that documents come in.
fn mime_types(kind: MediaKind) -> &'static [&'static str] {
    match kind {
        MediaKind::Image => &["image/jpeg", "image/png"],
        MediaKind::Video => &["video/mp4", "video/3gpp"],
        MediaKind::Audio => &[
            "audio/aac",
            "audio/amr",
            "audio/mpeg",
            "audio/mp4",
            "audio/ogg",
        ],
        MediaKind::Sticker => &["image/webp"],
        MediaKind::Document => &[],
    }
}

fn word(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Document => "document",
        MediaKind::Sticker => "sticker",
    }
}
