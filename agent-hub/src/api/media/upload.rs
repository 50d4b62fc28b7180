//! An upload: read as it comes, judged by its content, kept sealed.
//!
//! Promises: the limit is that of what the bytes are, and ends the reading; what WhatsApp does not take is refused here
//! and not when it is sent.

use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use balcao_core::files::{self, Intake, Whole, judge, outbound};
use balcao_core::model::{MediaId, MediaKind};
use balcao_core::object_store;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

use super::name;
use crate::error::Error;
use crate::people::People;

/// Longest wait for the next bytes.
const IDLE: Duration = Duration::from_secs(30);
/// The field of a form that holds the file.
const FIELD: &str = "file";

/// What came.
pub struct Received {
    /// The bytes.
    pub whole: Whole,
    /// What it is sent as.
    pub kind: MediaKind,
    /// What its sender calls it.
    pub file_name: Option<String>,
}

/// Reads an upload: the body itself, or the field `file` of a form.
///
/// # Errors
/// `too_large` with the limit, `invalid` when there is no file in it or WhatsApp does not take its type.
pub async fn receive(
    people: &People,
    request: Request,
    kind: Option<MediaKind>,
) -> Result<Received, Error> {
    let (parts, body) = request.into_parts();
    if length(&parts.headers).is_some_and(|length| length > outbound::MAX_BYTES + FORM_BYTES) {
        return Err(too_large(outbound::MAX_BYTES));
    }
    let intake = people.files.begin(outbound::MAX_BYTES).await?;
    let stream = body.into_data_stream();
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !content_type
        .to_ascii_lowercase()
        .starts_with("multipart/form-data")
    {
        let file_name = parts
            .headers
            .get(header::CONTENT_DISPOSITION)
            .and_then(|value| name::told(&String::from_utf8_lossy(value.as_bytes())));
        return read(intake, stream, kind, file_name).await;
    }
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| Error::Malformed("The form has no boundary.".to_owned()))?;
    let mut form = multer::Multipart::new(stream, boundary);
    loop {
        let field = next(form.next_field()).await?;
        let field = field.map_err(|_| Error::Malformed("The form ended early.".to_owned()))?;
        let Some(field) = field else {
            return Err(Error::Invalid(
                "Send the file as the field `file`, or as the body itself.",
            ));
        };
        if field.name() == Some(FIELD) {
            let file_name = field.file_name().map(str::to_owned);
            return read(intake, field, kind, file_name).await;
        }
    }
}

/// What a form needs beside its file, in bytes.
const FORM_BYTES: u64 = 64 * 1024;

fn length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn too_large(max_bytes: u64) -> Error {
    Error::FileTooLarge { max_bytes }
}

async fn next<T>(coming: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(IDLE, coming)
        .await
        .map_err(|_| Error::Malformed("The upload stood still for 30 s; send it again.".to_owned()))
}

async fn read<E>(
    mut intake: Intake,
    mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin,
    kind: Option<MediaKind>,
    file_name: Option<String>,
) -> Result<Received, Error> {
    let mut limit = None;
    while let Some(piece) = next(stream.next()).await? {
        let piece = piece
            .map_err(|_| Error::Malformed("The upload ended early; send it again.".to_owned()))?;
        write(&mut intake, &piece, limit).await?;
        if limit.is_none() && intake.head().len() == judge::HEAD_BYTES {
            limit = Some(narrowed(&mut intake, kind)?.1);
        }
    }
    if intake.head().is_empty() {
        return Err(Error::Invalid("The file is empty."));
    }
    // A short one was judged by nothing yet.
    let (kind, max_bytes) = narrowed(&mut intake, kind)?;
    let whole = intake.finish().await?;
    if whole.size_bytes() > max_bytes {
        return Err(too_large(max_bytes));
    }
    Ok(Received {
        whole,
        kind,
        file_name,
    })
}

async fn write(intake: &mut Intake, piece: &[u8], limit: Option<u64>) -> Result<(), Error> {
    match intake.write(piece).await {
        Err(files::Error::Store(object_store::Error::TooLarge)) => {
            Err(too_large(limit.unwrap_or(outbound::MAX_BYTES)))
        }
        written => Ok(written?),
    }
}

/// What the file is sent as, and how large it may be then.
fn narrowed(intake: &mut Intake, wanted: Option<MediaKind>) -> Result<(MediaKind, u64), Error> {
    let kind = wanted.unwrap_or_else(|| judge::kind_of(intake.head()));
    let max_bytes = outbound::limit(intake.head(), kind).ok_or(Error::Invalid(
        "WhatsApp takes images (JPEG, PNG), videos (MP4, 3GP), sound (AAC, AMR, MP3, M4A, OGG), stickers (WebP) and \
         documents (text, PDF, Word, Excel, PowerPoint); this file is none of them, or not of the kind asked for.",
    ))?;
    intake.limit(max_bytes);
    Ok((kind, max_bytes))
}

/// Where an upload lies: it is written once.
pub fn object_key(id: MediaId) -> String {
    files::object_key(id, 0)
}
