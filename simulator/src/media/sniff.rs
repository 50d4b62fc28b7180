//! Whether a file is what its type says, by its first bytes.
//!
//! Promises: only what has an unmistakable beginning is judged.

/// True when the bytes cannot be of this type.
pub(crate) fn contradicts(mime: &str, bytes: &[u8]) -> bool {
    let begins = |mark: &[u8]| bytes.starts_with(mark);
    let at = |place: usize, mark: &[u8]| bytes.get(place..place + mark.len()) == Some(mark);
    let plain = mime.split(';').next().unwrap_or_default().trim();
    let fits = match plain {
        "image/png" => begins(b"\x89PNG"),
        "image/jpeg" => begins(b"\xff\xd8\xff"),
        "image/webp" => begins(b"RIFF") && at(8, b"WEBP"),
        "application/pdf" => begins(b"%PDF"),
        "audio/ogg" => begins(b"OggS"),
        "video/mp4" | "audio/mp4" | "video/3gpp" => at(4, b"ftyp"),
        "audio/amr" => begins(b"#!AMR"),
        _ => true,
    };
    !fits
}

#[cfg(test)]
mod tests {
    use super::contradicts;

    #[test]
    fn a_text_is_no_picture() {
        assert!(contradicts("image/png", b"hello"));
        assert!(!contradicts("image/png", b"\x89PNG\r\n"));
        assert!(!contradicts("text/plain", b"hello"));
        assert!(contradicts("audio/ogg; codecs=opus", b"ID3"));
    }
}
