//! Bodies, queries and paths, read so that whatever is wrong is answered as problem+json and says what to change.
//!
//! Promises: no value of the caller is repeated in an answer, only names of fields and places in the text.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::error::Error;

/// A JSON body of exactly the fields that the route knows.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::NotJson);
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unreadable(&rejection))?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| describe(&error))
    }
}

/// A JSON body, or none at all.
#[derive(Debug)]
pub struct MaybeJson<T>(pub Option<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for MaybeJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unreadable(&rejection))?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        if !json {
            return Err(Error::NotJson);
        }
        serde_json::from_slice(&bytes)
            .map(|body| Self(Some(body)))
            .map_err(|error| describe(&error))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    kind.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/json")
}

fn unreadable(rejection: &BytesRejection) -> Error {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge;
    }
    Error::Malformed("The body ended early; send it again.".to_owned())
}

/// What is wrong with a body, without its values: serde repeats those in most messages.
fn describe(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let what = if error.is_data() {
        let named = ["unknown field", "missing field", "duplicate field"];
        match named.iter().find(|start| text.starts_with(**start)) {
            Some(_) => text
                .split(" at line ")
                .next()
                .unwrap_or_default()
                .to_owned(),
            None => "a value has the wrong type or is out of range".to_owned(),
        }
    } else {
        "it is not well-formed JSON".to_owned()
    };
    Error::Malformed(format!(
        "Body, line {} column {}: {what}.",
        error.line(),
        error.column()
    ))
}

/// Query parameters of exactly the names that the route knows.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        axum::extract::Query::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|_| {
            Error::Malformed("Query: a parameter is unknown, missing or of the wrong type; see /api/v1/openapi.json.".to_owned())
        })
    }
}

/// The id in a path.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|_| Error::Malformed("Path: the id is not a UUID.".to_owned()))
    }
}

/// Rows of a page: absent is 50, more than 200 is 200.
///
/// # Errors
/// [`Error::Malformed`] below 1.
pub fn page_size(limit: Option<i64>) -> Result<usize, Error> {
    const DEFAULT: i64 = 50;
    const MOST: i64 = crate::protocol::MAX_LIST_ROWS as i64;
    let limit = limit.unwrap_or(DEFAULT);
    if limit < 1 {
        return Err(Error::Malformed(format!(
            "Query: limit must be 1 to {MOST}."
        )));
    }
    Ok(usize::try_from(limit.min(MOST)).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Words {
        text: String,
        #[serde(default)]
        seq: Option<i64>,
    }

    async fn read(kind: &str, body: &'static str) -> Result<Words, Error> {
        let request = Request::builder()
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body))
            .unwrap();
        Json::<Words>::from_request(request, &())
            .await
            .map(|json| json.0)
    }

    async fn detail(body: &'static str) -> String {
        let problem = read("application/json", body).await.unwrap_err().problem();
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (400, "invalid"),
            "{body}"
        );
        problem.detail.unwrap()
    }

    #[tokio::test]
    async fn a_good_body_is_read() {
        let words = read("application/json; charset=utf-8", r#"{"text":"a","seq":2}"#)
            .await
            .unwrap();
        assert_eq!((words.text.as_str(), words.seq), ("a", Some(2)));
    }

    #[tokio::test]
    async fn a_bad_body_names_the_field_and_never_the_value() {
        assert!(
            detail(r#"{"text":"a","role":"admin"}"#)
                .await
                .contains("unknown field `role`")
        );
        assert!(detail("{}").await.contains("missing field `text`"));
        assert!(
            detail(r#"{"text":"a","text":"b"}"#)
                .await
                .contains("duplicate field `text`")
        );
        assert!(detail(r#"{"text":"#).await.contains("well-formed"));
        let wrong = detail(r#"{"text":"a","seq":"Zebra"}"#).await;
        assert!(
            wrong.contains("wrong type") && !wrong.contains("Zebra"),
            "{wrong}"
        );
    }

    #[tokio::test]
    async fn a_form_is_not_json() {
        let refused = read("application/x-www-form-urlencoded", r#"{"text":"a"}"#)
            .await
            .unwrap_err();
        assert_eq!(refused.problem().status, 415);
        let plain = read("text/plain", r#"{"text":"a"}"#).await.unwrap_err();
        assert_eq!(plain.problem().status, 415);
    }

    #[test]
    fn a_page_has_1_to_200_rows() {
        assert_eq!(page_size(None).unwrap(), 50);
        assert_eq!(page_size(Some(7)).unwrap(), 7);
        assert_eq!(page_size(Some(1_000_000_000)).unwrap(), 200);
        for limit in [0, -1, i64::MIN] {
            assert!(matches!(page_size(Some(limit)), Err(Error::Malformed(_))));
        }
    }
}
