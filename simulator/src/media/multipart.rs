//! Reads `multipart/form-data` bodies that are in memory already.
//!
//! Promises: strict about boundaries; a body without its end mark is refused.
//! Does not: stream; uploads are bounded before they come here.

use bytes::Bytes;

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

/// Splits the body at its boundary.
pub(crate) fn parse(content_type: &str, body: &Bytes) -> Result<Vec<Part>, String> {
    if !content_type
        .to_ascii_lowercase()
        .starts_with("multipart/form-data")
    {
        return Err("Send multipart/form-data with messaging_product, type and file.".to_owned());
    }
    let boundary =
        parameter(content_type, "boundary").ok_or("The multipart boundary is missing.")?;
    let mark = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut at = find(body, mark.as_bytes(), 0)
        .ok_or("The multipart boundary does not occur in the body.")?;
    loop {
        at += mark.len();
        if body.get(at..at + 2) == Some(b"--") {
            return Ok(parts);
        }
        let head_end = find(body, b"\r\n\r\n", at).ok_or("A part has no header.")?;
        let next = find(body, format!("\r\n{mark}").as_bytes(), head_end)
            .ok_or("The multipart body has no end.")?;
        let head = String::from_utf8_lossy(&body[at..head_end]).into_owned();
        parts.push(part(&head, body.slice((head_end + 4).min(next)..next))?);
        at = next + 2;
    }
}

fn part(head: &str, body: Bytes) -> Result<Part, String> {
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    };
    let disposition = header("content-disposition").ok_or("A part has no Content-Disposition.")?;
    Ok(Part {
        name: parameter(disposition, "name").ok_or("A part has no name.")?,
        content_type: header("content-type").map(str::to_owned),
        body,
    })
}

fn parameter(header: &str, name: &str) -> Option<String> {
    header
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let tail = haystack.get(from..)?;
    tail.windows(needle.len())
        .position(|window| window == needle)
        .map(|at| at + from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_with_a_file_is_read() {
        let body = Bytes::from_static(b"--x\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\x00\r\n--\r\n--x--\r\n");
        let parts = parse("multipart/form-data; boundary=\"x\"", &body).unwrap();
        assert_eq!(parts[0].body.as_ref(), b"whatsapp");
        assert_eq!(parts[1].body.as_ref(), b"\x00\r\n--");
        assert_eq!(parts[1].content_type.as_deref(), Some("image/png"));
    }

    #[test]
    fn broken_forms_are_refused() {
        assert!(parse("application/json", &Bytes::new()).is_err());
        assert!(
            parse(
                "multipart/form-data; boundary=x",
                &Bytes::from_static(b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb")
            )
            .is_err()
        );
    }
}
