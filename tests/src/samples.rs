//! Files that customers send, whole and hostile, made here so that each byte is known.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A picture that a phone would send.
#[must_use]
pub fn picture(format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(640, 480, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, 90]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture)
        .write_to(&mut bytes, format)
        .expect("a picture");
    bytes.into_inner()
}

/// A PNG of a few bytes whose header says so many pixels each way.
#[must_use]
pub fn giant_png(side: u32) -> Vec<u8> {
    let mut png = Vec::new();
    DynamicImage::from(RgbImage::new(1, 1))
        .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .expect("a picture");
    png[16..20].copy_from_slice(&side.to_be_bytes());
    png[20..24].copy_from_slice(&side.to_be_bytes());
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    png
}

/// An MP4 with an index and so many bytes of film.
#[must_use]
pub fn film(film_bytes: u32) -> Vec<u8> {
    let mut film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08moov".to_vec();
    film.extend((film_bytes + 8).to_be_bytes());
    film.extend(b"mdat");
    film.extend((0..film_bytes).map(|n| (n % 253) as u8));
    film
}

/// A voice note's first page and some bytes.
#[must_use]
pub fn voice() -> Vec<u8> {
    let mut voice = b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0".to_vec();
    voice.extend((0..5_000_u32).map(|n| (n % 247) as u8));
    voice
}

/// A PDF with these words in it.
#[must_use]
pub fn pdf(words: &str) -> Vec<u8> {
    format!(
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Title({words})>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )
    .into_bytes()
}

/// A zip with one stored file; encrypted as far as its headers say.
#[must_use]
pub fn zip(name: &str, data: &[u8], is_encrypted: bool) -> Vec<u8> {
    let flags = u16::from(is_encrypted);
    let length = u32::try_from(data.len()).expect("a small file");
    let name_bytes = u16::try_from(name.len()).expect("a short name");
    let mut shared = Vec::new();
    shared.extend(20_u16.to_le_bytes());
    shared.extend(flags.to_le_bytes());
    shared.extend([0; 6]);
    shared.extend(crc32(data).to_le_bytes());
    shared.extend(length.to_le_bytes());
    shared.extend(length.to_le_bytes());
    shared.extend(name_bytes.to_le_bytes());
    shared.extend([0; 2]);
    let mut zip = b"PK\x03\x04".to_vec();
    zip.extend(&shared);
    zip.extend(name.as_bytes());
    zip.extend(data);
    let directory_at = u32::try_from(zip.len()).expect("a small file");
    zip.extend(b"PK\x01\x02\x14\0");
    zip.extend(&shared);
    zip.extend([0; 14]);
    zip.extend(name.as_bytes());
    let directory_bytes = u32::try_from(zip.len()).expect("a small file") - directory_at;
    zip.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    zip.extend(directory_bytes.to_le_bytes());
    zip.extend(directory_at.to_le_bytes());
    zip.extend([0; 2]);
    zip
}

/// ISO 3309.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}
