//! Pictures: whether one is whole, and a small one of it.
//!
//! Promises: the header is read before anything is decoded; more than [`MAX_PIXELS`] are never decoded and no decoder
//! gets more than [`MAX_DECODER_BYTES`]. The small picture is drawn anew: it carries nothing of the original's metadata.
//! Does not: catch a decoder's panic (the caller runs it on a thread of its own).

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, RgbImage};

/// Pixels that are decoded at most: about twice what a phone's camera makes.
pub const MAX_PIXELS: u64 = 40_000_000;
/// Longest side that is decoded, in pixels.
const MAX_SIDE: u32 = 16_000;
/// Memory of one decoder, in bytes.
pub const MAX_DECODER_BYTES: u64 = 256 * 1024 * 1024;
/// Longest side of the small picture, in pixels.
const SMALL_SIDE: u32 = 320;
/// Quality of the small picture, of 100.
const SMALL_QUALITY: u8 = 78;

/// What was seen.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is whole; a small one of it.
    Sound(Small),
    /// It is larger than we look at.
    TooLarge,
    /// It is not a picture, or broken.
    Broken,
}

/// A small picture, JPEG.
#[derive(Debug, PartialEq, Eq)]
pub struct Small {
    /// The file.
    pub bytes: Vec<u8>,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Looks at a picture of this MIME type. Slow: not on a thread that serves.
#[must_use]
pub fn look(bytes: &[u8], mime_type: &str) -> Seen {
    let format = match mime_type {
        "image/jpeg" => ImageFormat::Jpeg,
        "image/png" => ImageFormat::Png,
        "image/webp" => ImageFormat::WebP,
        _ => return Seen::Broken,
    };
    match decoded(bytes, format) {
        Ok(Some(picture)) => small(&picture).map_or(Seen::Broken, Seen::Sound),
        Ok(None) | Err(image::ImageError::Limits(_)) => Seen::TooLarge,
        Err(_) => Seen::Broken,
    }
}

/// `None`: more pixels than we decode.
fn decoded(bytes: &[u8], format: ImageFormat) -> Result<Option<DynamicImage>, image::ImageError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Ok(None);
    }
    // A picture with broken metadata is still a picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?.thumbnail(SMALL_SIDE, SMALL_SIDE);
    picture.apply_orientation(orientation);
    Ok(Some(picture))
}

fn small(picture: &DynamicImage) -> Option<Small> {
    let (width, height) = (picture.width(), picture.height());
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, SMALL_QUALITY)
        .encode_image(&on_white(picture))
        .ok()?;
    Some(Small {
        bytes,
        width,
        height,
    })
}

/// JPEG knows no transparency: stickers get a white ground.
fn on_white(picture: &DynamicImage) -> RgbImage {
    let pixels = picture.to_rgba8();
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [red, green, blue, alpha] = pixels.get_pixel(x, y).0;
        let over = |colour: u8| {
            let (colour, alpha) = (u32::from(colour), u32::from(alpha));
            u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255)
        };
        image::Rgb([over(red), over(green), over(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(picture)
            .write_to(&mut bytes, format)
            .unwrap();
        bytes.into_inner()
    }

    /// A PNG whose header says so many pixels and whose data is a few bytes.
    fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
        let mut png = encoded(1, 1, ImageFormat::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let crc = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        png
    }

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

    #[test]
    fn a_picture_becomes_small_and_keeps_its_shape() {
        for (format, mime_type) in [
            (ImageFormat::Jpeg, "image/jpeg"),
            (ImageFormat::Png, "image/png"),
            (ImageFormat::WebP, "image/webp"),
        ] {
            let Seen::Sound(small) = look(&encoded(800, 400, format), mime_type) else {
                panic!("{mime_type} is whole");
            };
            assert_eq!((small.width, small.height), (320, 160));
            assert!(matches!(look(&small.bytes, "image/jpeg"), Seen::Sound(_)));
        }
    }

    #[test]
    fn a_bomb_is_not_decoded() {
        assert_eq!(
            look(&png_that_claims(30_000, 30_000), "image/png"),
            Seen::TooLarge
        );
        assert_eq!(
            look(&png_that_claims(15_000, 15_000), "image/png"),
            Seen::TooLarge
        );
    }

    #[test]
    fn broken_pictures_are_no_pictures() {
        let jpeg = encoded(200, 200, ImageFormat::Jpeg);
        assert_eq!(
            look(b"RIFF\xff\xff\xff\xffWEBPVP8X\0\0\0\0", "image/webp"),
            Seen::Broken
        );
        assert_eq!(look(&jpeg[..20], "image/jpeg"), Seen::Broken);
        assert_eq!(look(&jpeg, "image/png"), Seen::Broken);
        assert_eq!(look(b"", "image/png"), Seen::Broken);
    }
}
