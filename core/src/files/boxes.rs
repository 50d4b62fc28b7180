//! Whether a film or a sound in an ISO container (MP4, 3GP, M4A) is whole: its outer boxes fit the file and an index is
//! among them (ISO/IEC 14496-12 section 4.2).
//!
//! Does not: look into the boxes; that is the player's work, in the browser's sandbox.

/// Outer boxes of one file at most.
pub const MAX_BOXES: usize = 4_096;
/// Bytes that say what a box is: size, type, and the long size.
pub const HEAD_BYTES: u64 = 16;

/// What one box says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outer {
    /// Where the next one begins.
    pub next: u64,
    /// It is the index.
    pub is_index: bool,
}

/// Reads the head of the box at `at`; `None` when it cannot be one of a file of `size_bytes`.
#[must_use]
pub fn outer(head: &[u8], at: u64, size_bytes: u64) -> Option<Outer> {
    let short: [u8; 4] = head.get(..4)?.try_into().ok()?;
    let kind: [u8; 4] = head.get(4..8)?.try_into().ok()?;
    let length = match u32::from_be_bytes(short) {
        // To the end of the file.
        0 => size_bytes.checked_sub(at)?,
        1 => {
            let long: [u8; 8] = head.get(8..16)?.try_into().ok()?;
            Some(u64::from_be_bytes(long)).filter(|length| *length >= 16)?
        }
        length if length >= 8 => u64::from(length),
        _ => return None,
    };
    let next = at.checked_add(length).filter(|next| *next <= size_bytes)?;
    let is_plain = kind
        .iter()
        .all(|byte| (0x20..0x7f).contains(byte) || *byte == 0xa9);
    is_plain.then_some(Outer {
        next,
        is_index: &kind == b"moov" || &kind == b"moof",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_sound(file: &[u8]) -> bool {
        let (mut at, mut has_index) = (0, false);
        while at < file.len() as u64 {
            let Some(found) = outer(&file[usize::try_from(at).unwrap()..], at, file.len() as u64)
            else {
                return false;
            };
            has_index |= found.is_index;
            at = found.next;
        }
        has_index
    }

    #[test]
    fn a_whole_film_has_boxes_that_fit_and_an_index() {
        let film = b"\0\0\0\x10ftypmp42\0\0\0\0\0\0\0\x08moov\0\0\0\x0cmdat1234";
        assert!(is_sound(film));
        assert!(!is_sound(&film[..film.len() - 1]), "cut");
        assert!(
            !is_sound(b"\0\0\0\x10ftypmp42\0\0\0\0\0\0\0\x08mdat"),
            "no index"
        );
        assert!(
            !is_sound(b"\0\0\0\x10ftypmp42\0\0\0\0\0\0\0\x02moov"),
            "a box shorter than its head"
        );
    }

    #[test]
    fn a_length_that_wraps_is_no_box() {
        let mut head = b"\0\0\0\x01moov".to_vec();
        head.extend(u64::MAX.to_be_bytes());
        assert_eq!(outer(&head, 8, 100), None);
    }
}
