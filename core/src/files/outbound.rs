//! What WhatsApp takes from a business, and how large it may be.
//! Source: Meta, "Media" (Cloud API, supported media types), as collected up to 2026-10.
//!
//! Promises: pure. Does not: check codecs (H.264, AAC, mono Opus): Meta answers 131053 for those.

use super::judge::judge;
use crate::model::MediaKind;

const MIB: u64 = 1024 * 1024;
const KIB: u64 = 1024;
/// The largest file of all.
pub const MAX_BYTES: u64 = 100 * MIB;

/// Types that may be sent as documents.
const DOCUMENTS: [&str; 8] = [
    "text/plain",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
];

/// How many bytes a file with these first bytes may have when it is sent as this sort; `None` when it may not be.
#[must_use]
pub fn limit(head: &[u8], kind: MediaKind) -> Option<u64> {
    let judgement = judge(head, kind);
    if judgement.fault.is_some() {
        return None;
    }
    let mime_type = judgement.mime_type.as_str();
    match (kind, mime_type) {
        (MediaKind::Image, "image/jpeg" | "image/png") => Some(5 * MIB),
        (MediaKind::Video, "video/mp4" | "video/3gpp") => Some(16 * MIB),
        (
            MediaKind::Audio,
            "audio/aac" | "audio/amr" | "audio/mpeg" | "audio/mp4" | "audio/ogg",
        ) => Some(16 * MIB),
        (MediaKind::Sticker, "image/webp") if is_animated(head) => Some(500 * KIB),
        (MediaKind::Sticker, "image/webp") => Some(100 * KIB),
        (MediaKind::Document, mime_type) if DOCUMENTS.contains(&mime_type) => Some(MAX_BYTES),
        _ => None,
    }
}

/// WebP container specification: the animation bit of the extended header.
fn is_animated(head: &[u8]) -> bool {
    head.get(12..16) == Some(b"VP8X") && head.get(20).is_some_and(|flags| flags & 0x02 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sort_has_its_limit() {
        let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF";
        let moving = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02";
        assert_eq!(limit(jpeg, MediaKind::Image), Some(5 * MIB));
        assert_eq!(
            limit(jpeg, MediaKind::Document),
            None,
            "Meta takes no pictures as documents"
        );
        assert_eq!(
            limit(b"RIFF\0\0\0\0WEBPVP8L", MediaKind::Sticker),
            Some(100 * KIB)
        );
        assert_eq!(limit(moving, MediaKind::Sticker), Some(500 * KIB));
        assert_eq!(limit(b"%PDF-1.7", MediaKind::Document), Some(100 * MIB));
        assert_eq!(limit(b"<svg/>", MediaKind::Document), None);
        assert_eq!(limit(b"OggS\0\x02", MediaKind::Audio), Some(16 * MIB));
        assert_eq!(limit(b"GIF89a\x01\0", MediaKind::Image), None);
    }
}
