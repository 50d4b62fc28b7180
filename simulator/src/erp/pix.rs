//! Pix copy-and-paste codes: EMV tag, length, value, and a CRC-16 at the end.
//!
//! Promises: a bank's app would read it; the key is an example domain's, so nobody is paid.

/// The code for an amount and a transaction id (letters and digits).
pub(super) fn code(amount_cents: u32, id: &str) -> String {
    let account = field("00", "br.gov.bcb.pix") + &field("01", "cobranca@exemplo.com.br");
    let amount = format!("{}.{:02}", amount_cents / 100, amount_cents % 100);
    let body = [
        field("00", "01"),
        field("26", &account),
        field("52", "0000"),
        field("53", "986"),
        field("54", &amount),
        field("58", "BR"),
        field("59", "PROVEDOR EXEMPLO"),
        field("60", "SAO PAULO"),
        field("62", &field("05", &id.chars().take(25).collect::<String>())),
        "6304".to_owned(),
    ]
    .concat();
    format!("{body}{:04X}", crc16(body.as_bytes()))
}

fn field(tag: &str, value: &str) -> String {
    format!("{tag}{:02}{value}", value.len())
}

/// CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x1021
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc16(b"123456789"), 0x29b1);
    }

    #[test]
    fn a_code_has_its_fields_in_order() {
        let code = code(9_990, "F123");
        assert!(
            code.starts_with("00020126450014br.gov.bcb.pix0123cobranca@exemplo.com.br5204"),
            "{code}"
        );
        assert!(
            code.contains("540599.90") && code.contains("62080504F1236304"),
            "{code}"
        );
    }
}
