//! What a file is, by its first bytes: never by its name, and by what its sender says only where bytes cannot tell.
//!
//! Promises: pure and total. A file that a browser or a shell would run is called so whatever it claims to be.
//! Does not: prove that a file is whole or harmless; the scanner, the decoder and the safe headers stand behind this.

use crate::model::{MediaKind, MediaReason};

/// First bytes that are looked at.
pub const HEAD_BYTES: usize = 16 * 1024;

/// Elements that make a page or a picture that runs scripts.
const ACTIVE_ROOTS: [&str; 27] = [
    "html", "head", "body", "script", "iframe", "svg", "math", "style", "title", "a", "b", "br",
    "p", "div", "h1", "table", "font", "img", "form", "object", "embed", "link", "meta", "base",
    "frameset", "template", "applet",
];
/// Words that make any markup active.
const ACTIVE_WORDS: [&str; 5] = [
    "<script",
    ":script",
    "javascript:",
    "xml-stylesheet",
    "<!doctype html",
];
/// Types that a computer runs.
const PROGRAMS: [&str; 14] = [
    "application/vnd.microsoft.portable-executable",
    "application/x-executable",
    "application/x-mach-binary",
    "application/java",
    "application/vnd.android.dex",
    "application/vnd.android.dey",
    "application/wasm",
    "application/x-shockwave-flash",
    "application/x-google-chrome-extension",
    "application/vnd.debian.binary-package",
    "application/x-rpm",
    "application/x-llvm",
    "application/x-nintendo-nes-rom",
    "text/x-shellscript",
];

/// What the first bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// MIME type by content.
    pub mime_type: String,
    /// Why it must not be shown.
    pub fault: Option<MediaReason>,
    /// Whether a browser could show it, once it is known to be whole.
    pub may_be_inline: bool,
}

/// Judges a file that should be of this sort.
#[must_use]
pub fn judge(head: &[u8], kind: MediaKind) -> Judgement {
    let found = mime_of(head);
    let mime_type = match (kind, found) {
        // The container is the same; whether there is a picture in it only a player knows.
        (MediaKind::Audio, "video/mp4" | "audio/m4a") => "audio/mp4",
        (MediaKind::Audio, "video/3gpp") => "audio/3gpp",
        (_, "audio/m4a") => "audio/mp4",
        (_, "audio/opus") => "audio/ogg",
        (_, other) => other,
    };
    let is_active = mime_type == ACTIVE || PROGRAMS.contains(&mime_type);
    let fault = match (is_active, belongs(kind, mime_type)) {
        // What should be a picture and is a page was dressed up; both words are true, the first says more.
        (_, false) => Some(MediaReason::WrongType),
        (true, true) => Some(MediaReason::ActiveContent),
        (false, true) => None,
    };
    Judgement {
        mime_type: if mime_type == ACTIVE {
            "text/html"
        } else {
            mime_type
        }
        .to_owned(),
        fault,
        may_be_inline: fault.is_none() && INLINE.contains(&mime_type),
    }
}

/// The sort of file that bytes are, for an upload that does not say: what a phone would show it as.
#[must_use]
pub fn kind_of(head: &[u8]) -> MediaKind {
    match mime_of(head) {
        "image/jpeg" | "image/png" => MediaKind::Image,
        "image/webp" => MediaKind::Sticker,
        "video/mp4" | "video/3gpp" => MediaKind::Video,
        "audio/aac" | "audio/amr" | "audio/mpeg" | "audio/m4a" | "audio/ogg" | "audio/opus" => {
            MediaKind::Audio
        }
        _ => MediaKind::Document,
    }
}

/// Types that are shown in a page.
const INLINE: [&str; 13] = [
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/mp4",
    "video/3gpp",
    "video/x-m4v",
    "audio/aac",
    "audio/amr",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/3gpp",
    "application/pdf",
];
/// Stands for markup that runs.
const ACTIVE: &str = "active";

/// Whether a type may come as this sort of file. Documents may be anything.
fn belongs(kind: MediaKind, mime_type: &str) -> bool {
    match kind {
        MediaKind::Image => matches!(mime_type, "image/jpeg" | "image/png" | "image/webp"),
        MediaKind::Sticker => mime_type == "image/webp",
        MediaKind::Video => matches!(
            mime_type,
            "video/mp4"
                | "video/3gpp"
                | "video/x-m4v"
                | "video/quicktime"
                | "video/webm"
                | "video/x-matroska"
        ),
        MediaKind::Audio => mime_type.starts_with("audio/"),
        MediaKind::Document => true,
    }
}

fn mime_of(head: &[u8]) -> &'static str {
    let head = &head[..head.len().min(HEAD_BYTES)];
    if let Some(markup) = markup(head) {
        return markup;
    }
    if is_3gpp(head) {
        return "video/3gpp";
    }
    match infer::get(head) {
        // Judged above, by our own stricter rule.
        Some(found) if !matches!(found.mime_type(), "text/html" | "text/xml") => found.mime_type(),
        _ if is_text(head) => "text/plain",
        _ => "application/octet-stream",
    }
}

/// ISO 14496-12 section 4.3: the brand of a file for phones.
fn is_3gpp(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp") && matches!(head.get(8..11), Some(b"3gp" | b"3g2" | b"3ge"))
}

/// Markup: `text/xml` for data (invoices come so), [`ACTIVE`] for what a browser runs.
fn markup(head: &[u8]) -> Option<&'static str> {
    // UTF-16 reads as UTF-8 with zeros between; whoever hides a page so is seen too.
    let text: String = head
        .iter()
        .filter(|byte| **byte != 0)
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    let text = text.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '\u{ef}' | '\u{bb}' | '\u{bf}' | '\u{fe}' | '\u{ff}')
    });
    let mut rest = text.strip_prefix('<').filter(|rest| {
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?' | '/'))
    })?;
    if ACTIVE_WORDS.iter().any(|word| text.contains(word)) {
        return Some(ACTIVE);
    }
    // Over prolog, comments and document type to the first element.
    while rest.starts_with(['!', '?']) {
        let end = if rest.starts_with("!--") { "-->" } else { ">" };
        let Some(after) = rest.find(end).map(|at| &rest[at + end.len()..]) else {
            return Some(ACTIVE);
        };
        let Some(next) = after.find('<') else {
            return Some(ACTIVE);
        };
        rest = &after[next + 1..];
    }
    let name: String = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.'))
        .collect();
    let local = name.rsplit(':').next().unwrap_or_default();
    Some(if local.is_empty() || ACTIVE_ROOTS.contains(&local) {
        ACTIVE
    } else {
        "text/xml"
    })
}

/// Readable text: UTF-8 without control characters, up to a character that the end of the head cuts.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if head.len() == HEAD_BYTES && error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty()
        && text
            .chars()
            .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn fault(head: &[u8], kind: MediaKind) -> Option<MediaReason> {
        judge(head, kind).fault
    }

    #[test]
    fn what_a_phone_sends_is_what_it_says() {
        for (head, kind, mime_type) in [
            (JPEG, MediaKind::Image, "image/jpeg"),
            (PNG, MediaKind::Image, "image/png"),
            (b"RIFF\x1a\0\0\0WEBPVP8L", MediaKind::Sticker, "image/webp"),
            (
                b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
                MediaKind::Video,
                "video/mp4",
            ),
            (
                b"\0\0\0\x18ftyp3gp4\0\0\0\0mp42isom",
                MediaKind::Video,
                "video/3gpp",
            ),
            (
                b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
                MediaKind::Audio,
                "audio/mp4",
            ),
            (b"ID3\x03\0\0\0\0\0\0\0\0", MediaKind::Audio, "audio/mpeg"),
            (b"%PDF-1.4\n1 0 obj", MediaKind::Document, "application/pdf"),
        ] {
            let judgement = judge(head, kind);
            assert_eq!(
                (judgement.mime_type.as_str(), judgement.fault),
                (mime_type, None)
            );
            assert!(judgement.may_be_inline, "{mime_type}");
        }
    }

    #[test]
    fn a_page_dressed_up_as_a_picture_is_of_the_wrong_type() {
        for head in [
            b"<html><body onload=alert(1)>".as_slice(),
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
            b"\xef\xbb\xbf  <?xml version=\"1.0\"?>\n<!-- a -->\n<svg/>",
            b"GIF89a/*\x01\0\0\0\0*/=1;alert(1)//",
            b"alert(1)",
        ] {
            assert_eq!(fault(head, MediaKind::Image), Some(MediaReason::WrongType));
            assert!(!judge(head, MediaKind::Image).may_be_inline);
        }
    }

    #[test]
    fn a_document_that_runs_is_active_content() {
        for head in [
            b"<!DOCTYPE html><html>".as_slice(),
            b"<svg xmlns='x'/>",
            b"<?xml version='1.0'?><x:svg/>",
            b"<?xml version='1.0'?><?xml-stylesheet href='x'?><a/>",
            b"<data><script>alert(1)</script></data>",
            b"<\0h\0t\0m\0l\0>\0",
            b"<!-- never closed",
            b"MZ\x90\0\x03\0\0\0",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0\x78\0\x40\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\x38\0",
            b"#!/bin/sh\nrm",
        ] {
            assert_eq!(
                fault(head, MediaKind::Document),
                Some(MediaReason::ActiveContent),
                "{}",
                String::from_utf8_lossy(head)
            );
        }
    }

    #[test]
    fn an_invoice_in_xml_is_data() {
        let head = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><nfeProc xmlns=\"http://www.portalfiscal.inf.br/nfe\">";
        let judgement = judge(head, MediaKind::Document);
        assert_eq!(
            (judgement.mime_type.as_str(), judgement.fault),
            ("text/xml", None)
        );
        assert!(!judgement.may_be_inline);
    }

    #[test]
    fn text_is_told_from_bytes() {
        assert_eq!(
            judge("Olá, açaí\n".as_bytes(), MediaKind::Document).mime_type,
            "text/plain"
        );
        assert_eq!(
            judge(b"\x01\x02\x03", MediaKind::Document).mime_type,
            "application/octet-stream"
        );
        assert_eq!(
            judge(b"", MediaKind::Document).mime_type,
            "application/octet-stream"
        );
        assert_eq!(kind_of(b"plain"), MediaKind::Document);
        assert_eq!(kind_of(JPEG), MediaKind::Image);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_markup_is_never_inline(head in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(!judge(&head, MediaKind::Document).mime_type.is_empty());
            let mut page = b"<html>".to_vec();
            page.extend(&head);
            prop_assert!(!judge(&page, MediaKind::Document).may_be_inline);
        }
    }
}
