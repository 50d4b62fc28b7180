//! The name under which a file is saved: made by us, from what its sender called it and what it is.
//! Sources: RFC 6266 (Content-Disposition), RFC 8187 (`filename*`), Microsoft, "Naming Files, Paths, and Namespaces".
//!
//! Promises: pure; never a path, a control or direction character, a device name or a second header; the ending is that
//! of the type by content, whatever the sender's was.

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization as _;

/// Longest part before the ending, in characters.
const MAX_STEM_CHARS: usize = 80;
/// Longest stem of a device name.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];
/// Endings of texts that are kept: what they hold is text all the same.
const TEXT_ENDINGS: [&str; 9] = [
    "csv", "tsv", "log", "md", "json", "ofx", "rem", "ret", "ics",
];

/// A file name from what the sender called it (`told`), else from `fallback`, with the ending of its type.
#[must_use]
pub fn safe(told: Option<&str>, fallback: &str, extension: &str) -> String {
    let told: String = told
        .unwrap_or_default()
        .nfc()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .collect();
    let last = told.rsplit(['/', '\\']).next().unwrap_or_default();
    let (stem, ending) = last.rsplit_once('.').unwrap_or((last, ""));
    let ending = ending.to_ascii_lowercase();
    let extension = if extension == "txt" && TEXT_ENDINGS.contains(&ending.as_str()) {
        ending.as_str()
    } else {
        extension
    };
    let stem: String = stem
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .take(MAX_STEM_CHARS)
        .collect();
    let stem = stem.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let device = stem.split('.').next().unwrap_or_default().trim();
    match stem {
        "" => format!("{fallback}.{extension}"),
        stem if DEVICES.contains(&device.to_ascii_lowercase().as_str()) => {
            format!("_{stem}.{extension}")
        }
        stem => format!("{stem}.{extension}"),
    }
}

/// Letters and figures of any language and what does no harm beside them.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '(' | ')' | '+' | ',')
}

/// Characters that change how the others are shown: direction marks, joiners, tags, fillers.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The header's value: both spellings of a name that [`safe`] made.
#[must_use]
pub fn disposition(is_inline: bool, name: &str) -> String {
    let kind = if is_inline { "inline" } else { "attachment" };
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii() { c } else { '_' })
        .collect();
    let mut coded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            coded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _never = write!(coded, "%{byte:02X}");
        }
    }
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

/// The name in a Content-Disposition that came with an upload: `filename*` before `filename`.
#[must_use]
pub fn told(header: &str) -> Option<String> {
    let parameter = |wanted: &str| {
        header.split(';').skip(1).find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            key.trim()
                .eq_ignore_ascii_case(wanted)
                .then(|| value.trim().trim_matches('"').to_owned())
        })
    };
    let coded = parameter("filename*").and_then(|value| {
        let (charset, rest) = value.split_once('\'')?;
        let (_, coded) = rest.split_once('\'')?;
        charset
            .eq_ignore_ascii_case("utf-8")
            .then(|| decoded(coded))
            .flatten()
    });
    coded
        .or_else(|| parameter("filename"))
        .filter(|name| !name.is_empty())
}

fn decoded(coded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(coded.len());
    let mut rest = coded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_names_become_harmless() {
        for (told, expected) in [
            ("../../etc/passwd", "passwd.pdf"),
            ("..\\..\\boot.ini", "boot.pdf"),
            ("a.pdf\r\nSet-Cookie:x", "a.pdf"),
            ("\u{202e}fdp.exe", "fdp.pdf"),
            ("invoice\u{200b}\u{2066}.pdf.exe", "invoice.pdf.pdf"),
            ("CON", "_CON.pdf"),
            ("nul.tar.gz", "_nul.tar.pdf"),
            ("com1 .txt", "_com1.pdf"),
            (".htaccess", "file-1.pdf"),
            ("...", "file-1.pdf"),
            ("a\"; filename=\"b.exe", "a__ filename__b.pdf"),
            ("fatura março.pdf", "fatura março.pdf"),
        ] {
            assert_eq!(safe(Some(told), "file-1", "pdf"), expected, "{told:?}");
        }
        assert_eq!(safe(None, "image-1", "jpg"), "image-1.jpg");
        assert_eq!(safe(Some("extrato.csv"), "file-1", "txt"), "extrato.csv");
        assert_eq!(safe(Some("run.bat"), "file-1", "txt"), "run.txt");
    }

    #[test]
    fn the_header_has_both_spellings() {
        assert_eq!(
            disposition(false, "fatura março.pdf"),
            "attachment; filename=\"fatura mar_o.pdf\"; filename*=UTF-8''fatura%20mar%C3%A7o.pdf"
        );
    }

    #[test]
    fn the_name_of_an_upload_is_read_in_both_spellings() {
        assert_eq!(
            told("attachment; filename=\"a.pdf\"; filename*=UTF-8''mar%C3%A7o.pdf").as_deref(),
            Some("março.pdf")
        );
        assert_eq!(
            told("form-data; name=\"file\"; filename=\"a.pdf\"").as_deref(),
            Some("a.pdf")
        );
        assert_eq!(told("attachment; filename*=UTF-8''%zz"), None);
        assert_eq!(told("attachment"), None);
    }

    proptest! {
        #[test]
        fn whatever_the_name_there_is_one_header_and_no_path(told in any::<String>()) {
            let name = safe(Some(&told), "file-1", "bin");
            let is_harmless = !name.contains(['/', '\\', '"', '\r', '\n', '\0', ':', '\u{202e}']);
            prop_assert!(is_harmless);
            prop_assert!(name.ends_with(".bin") && !name.starts_with('.'));
            let header = disposition(false, &name);
            prop_assert!(axum::http::HeaderValue::from_str(&header).is_ok());
            prop_assert!(header.is_ascii());
        }
    }
}
