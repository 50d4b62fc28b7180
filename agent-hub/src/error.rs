//! What can go wrong between a person and Balcão, and how it is told: RFC 9457 `application/problem+json` over HTTP,
//! the same [`Problem`] in a frame.
//!
//! Promises: every variant has one status and one stable code; nothing of the caller's data, of SQL or of keys is told.
//! Does not: log by itself, except what is our own fault (5xx), once, where it becomes an answer.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use balcao_core::files;
use balcao_core::model::{MediaReason, MediaState, Problem};
use balcao_core::object_store;
use balcao_core::store::{self, DatabaseError, Refusal};

/// Why a person's request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 401 `unauthenticated`: no access token, or one that is not (or no longer) good.
    #[error("not logged in")]
    Unauthenticated,
    /// 401 `invalid_credentials`: e-mail and password do not belong together.
    #[error("wrong e-mail or password")]
    InvalidCredentials,
    /// 403 `forbidden`: this role may not do that.
    #[error("not allowed")]
    Forbidden,
    /// 403 `forbidden`: a browser sent it from another site.
    #[error("another site sent this")]
    CrossSite,
    /// 404 `not_found`: no such thing, or not for this person to know.
    #[error("not found")]
    NotFound,
    /// 404 `not_found`: there is no such path.
    #[error("no such path")]
    NoRoute,
    /// 405 `method_not_allowed`.
    #[error("wrong method")]
    MethodNotAllowed,
    /// 400 `invalid`: it cannot be read; the text says what to change and repeats no value.
    #[error("cannot be read: {0}")]
    Malformed(String),
    /// 415 `invalid`: the body is not JSON.
    #[error("not JSON")]
    NotJson,
    /// 421 `misdirected`: the Host header is not a name of this installation.
    #[error("unknown host name")]
    Misdirected,
    /// 422 `invalid`: it can be read and makes no sense; the text says what to change.
    #[error("makes no sense: {0}")]
    Invalid(&'static str),
    /// 422 `too_long`: a text is longer than allowed.
    #[error("{field} has more than {max_chars} characters")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// How many characters are allowed.
        max_chars: usize,
    },
    /// 422 `invalid`: WhatsApp would not take it; names the field and the limit.
    #[error("a limit of WhatsApp: {}", .0.field)]
    Fault(#[from] balcao_core::model::Fault),
    /// 409 `window_closed`: only a template may be sent, e.g. one of these.
    #[error("the window is closed")]
    WindowClosed {
        /// Templates that may be sent, by name and language.
        offers: Vec<String>,
    },
    /// 413 `too_large`: the body is larger than allowed.
    #[error("body too large")]
    TooLarge,
    /// 413 `too_large`: a file is larger than WhatsApp takes it.
    #[error("file over {max_bytes} bytes")]
    FileTooLarge {
        /// How many bytes are allowed.
        max_bytes: u64,
    },
    /// 422 `quarantined`: a file may not be sent.
    #[error("file refused: {0:?}")]
    FileRefused(MediaReason),
    /// 403 `quarantined`: a file is not shown to this person, or to nobody.
    #[error("file in quarantine: {0:?}")]
    Quarantined(Option<MediaReason>),
    /// 409 `not_ready`: a file is on its way, or did not come.
    #[error("file {0:?}")]
    NotReady(MediaState),
    /// 416 `invalid`: several ranges, or none of the file.
    #[error("range refused")]
    Range,
    /// As the object store says: 503, 500 when something does not open.
    #[error(transparent)]
    Objects(#[from] object_store::Error),
    /// 503: a file could not be examined.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// 429 `rate_limited`, with Retry-After.
    #[error("too many requests")]
    RateLimited {
        /// When to try again, in seconds.
        retry_after_s: u64,
    },
    /// 410 `resync`: the feed no longer has what follows that rev.
    #[error("changes pruned")]
    Resync,
    /// 503 `unavailable`: something that we need does not answer; try again.
    #[error("unavailable: {0}")]
    Unavailable(&'static str),
    /// 500 `internal`: our fault.
    #[error("internal: {0}")]
    Internal(&'static str),
    /// As [`Refusal`] says, else 503 or 500.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// 503 when keys are away, 500 when something does not open.
    #[error(transparent)]
    Compliance(#[from] compliance::Error),
    /// 503: the database did not answer.
    #[error("the database did not answer: {0}")]
    Database(#[from] DatabaseError),
    /// The listener failed; never an answer.
    #[error("the listener failed: {0}")]
    Listener(#[from] std::io::Error),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Store(store::Error::Refused(refusal))
    }
}

const TRY_AGAIN: &str = "Nothing was changed. Try again in a few seconds.";

impl Error {
    /// The error as a client sees it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Unauthenticated => Problem::new(401, "unauthenticated", "You are not logged in.")
                .with_detail("Log in with POST /api/v1/session, or renew the access token with POST /api/v1/session/refresh."),
            Self::InvalidCredentials => {
                Problem::new(401, "invalid_credentials", "E-mail and password do not belong together.")
                    .with_detail("Check both; an administrator can set a new password.")
            }
            Self::Forbidden => Problem::new(403, "forbidden", "Your role may not do that.")
                .with_detail("Ask a supervisor or an administrator."),
            Self::CrossSite => Problem::new(403, "forbidden", "The browser says that another site sent this.")
                .with_detail("Send it from the console's own pages, or use a log-in with \"client\":\"api\"."),
            Self::NotFound => not_found(),
            Self::NoRoute => Problem::new(404, "not_found", "There is no such path.")
                .with_detail("The paths are listed in /api/v1/openapi.json."),
            Self::MethodNotAllowed => {
                Problem::new(405, "method_not_allowed", "This path does not know that method.")
                    .with_detail("The methods are listed in /api/v1/openapi.json.")
            }
            Self::Malformed(what) => Problem::new(400, "invalid", "The request cannot be read.").with_detail(what),
            Self::NotJson => Problem::new(415, "invalid", "The body is not JSON.")
                .with_detail("Send JSON with the header Content-Type: application/json."),
            Self::Misdirected => Problem::new(421, "misdirected", "This is not the host you asked for.")
                .with_detail("Use the address that the configuration names as the console's."),
            Self::Invalid(what) => Problem::new(422, "invalid", "The request makes no sense.").with_detail(what),
            Self::TooLong { field, max_chars } => Problem::new(422, "too_long", "The text is too long.")
                .with_detail(&format!("{field}: 1 to {max_chars} characters.")),
            Self::Fault(fault) => Problem::new(422, "invalid", "WhatsApp would not take this.")
                .with_field(&fault.field)
                .with_detail(&fault.to_string()),
            Self::WindowClosed { offers } => window_closed(offers),
            Self::TooLarge => Problem::new(413, "too_large", "The body is too large.")
                .with_detail("64 KiB at most; 16 KiB for a log-in."),
            Self::FileTooLarge { max_bytes } => Problem::new(413, "too_large", "The file is too large.")
                .with_detail(&format!("WhatsApp takes at most {max_bytes} bytes of this kind.")),
            Self::FileRefused(reason) => {
                Problem::new(422, "quarantined", "The file may not be sent.").with_detail(refused_file(*reason))
            }
            Self::Quarantined(reason) => {
                Problem::new(403, "quarantined", "The file is in quarantine.").with_detail(quarantine(*reason))
            }
            Self::NotReady(MediaState::Failed) => Problem::new(409, "not_ready", "The file could not be fetched.")
                .with_detail("Fetch it again with POST /api/v1/media/{id}/retry, or ask the customer to send it again."),
            Self::NotReady(_) => Problem::new(409, "not_ready", "The file is on its way.")
                .with_detail("Try again in a moment; the conversation shows when it is there."),
            Self::Range => Problem::new(416, "invalid", "That part of the file cannot be given.")
                .with_detail("Ask for one range inside the file, or for all of it."),
            Self::Objects(object_store::Error::DoesNotOpen) => internal(),
            Self::Objects(_) | Self::Files(_) => {
                Problem::new(503, "unavailable", "Files cannot be kept or read now.").with_detail(TRY_AGAIN)
            }
            Self::RateLimited { retry_after_s } => Problem::new(429, "rate_limited", "Too many requests.")
                .with_detail(&format!("Wait {retry_after_s} s, then try again.")),
            Self::Resync => Problem::new(410, "resync", "The changes after that rev are no longer kept.")
                .with_detail("Read the conversation anew."),
            Self::Unavailable(_) | Self::Database(_) => {
                Problem::new(503, "unavailable", "Something that Balcão needs does not answer.").with_detail(TRY_AGAIN)
            }
            Self::Internal(_) | Self::Listener(_) => internal(),
            Self::Store(error) => of_store(error),
            Self::Compliance(error) => of_compliance(error),
        }
    }
}

fn window_closed(offers: &[String]) -> Problem {
    let problem = of_refusal(Refusal::WindowClosed);
    if offers.is_empty() {
        return problem;
    }
    problem.with_detail(&format!(
        "Until the customer writes again only an approved template may be sent, such as {}; all are listed by GET \
         /api/v1/templates.",
        offers.join(", ")
    ))
}

fn not_found() -> Problem {
    Problem::new(404, "not_found", "There is no such thing.")
        .with_detail("It may belong to another team.")
}

fn quarantine(reason: Option<MediaReason>) -> &'static str {
    match reason {
        Some(MediaReason::Infected) => {
            "The virus scanner found something; the file was thrown away."
        }
        Some(MediaReason::Limits) => {
            "The virus scanner could not look at all of it; the file was thrown away."
        }
        _ => "A supervisor can download it to look at it on a computer that can bear it.",
    }
}

fn refused_file(reason: MediaReason) -> &'static str {
    match reason {
        MediaReason::Encrypted => "It is locked with a password; send it without one.",
        MediaReason::Limits => {
            "It is packed too deep or too large to be scanned; send it unpacked."
        }
        MediaReason::Infected => "The virus scanner found something in it.",
        _ => "Its content is not what its kind promises.",
    }
}

fn internal() -> Problem {
    Problem::new(500, "internal", "Balcão made a mistake.").with_detail(
        "Nothing was changed. Tell your administrator the request id in the header x-request-id.",
    )
}

fn of_store(error: &store::Error) -> Problem {
    match error {
        store::Error::Refused(refusal) => of_refusal(*refusal),
        store::Error::Database(_) => {
            Problem::new(503, "unavailable", "The database does not answer.").with_detail(TRY_AGAIN)
        }
        store::Error::Vault(error) => of_compliance(error),
        store::Error::Damaged(_) => internal(),
    }
}

fn of_compliance(error: &compliance::Error) -> Problem {
    match error {
        compliance::Error::ProviderAway => {
            Problem::new(503, "unavailable", "The keys are away.").with_detail(TRY_AGAIN)
        }
        compliance::Error::Storage(_) | compliance::Error::File { .. } => Problem::new(
            503,
            "unavailable",
            "Something that Balcão needs does not answer.",
        )
        .with_detail(TRY_AGAIN),
        compliance::Error::NotSequenced { .. } => {
            Problem::new(503, "unavailable", "The audit log is behind.").with_detail(TRY_AGAIN)
        }
        _ => internal(),
    }
}

fn of_refusal(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::NotFound => not_found(),
        Refusal::AlreadyClaimed => {
            Problem::new(409, "already_claimed", "Somebody else has taken it.")
                .with_detail("Ask its owner to transfer it, or a supervisor to take it.")
        }
        Refusal::StaleEpoch => {
            Problem::new(409, "stale_epoch", "It changed hands since you looked.")
                .with_detail("Read the conversation again, then repeat with its epoch.")
        }
        Refusal::NotOwner => Problem::new(409, "not_owner", "Only its owner may do that.")
            .with_detail("Claim it first."),
        Refusal::Resolved => Problem::new(409, "resolved", "The conversation is closed.")
            .with_detail("A new message of the customer opens it again."),
        Refusal::WindowClosed => {
            Problem::new(409, "window_closed", "The 24 hours for free text are over.").with_detail(
                "Only an approved template may be sent until the customer writes again.",
            )
        }
        Refusal::AtCapacity => Problem::new(
            409,
            "at_capacity",
            "The agent has as many conversations as they may have.",
        )
        .with_detail("Resolve or transfer one first."),
        Refusal::TooLate => Problem::new(409, "too_late", "It is leaving or has left.")
            .with_detail("Nothing was taken back. Write to the customer instead."),
        Refusal::NotEnded => Problem::new(409, "not_ended", "It is under way, or it arrived.")
            .with_detail("Only a message that failed, or whose outcome is unknown, is sent again."),
        Refusal::Exists => Problem::new(409, "exists", "There is one already.")
            .with_detail("Change the one that is there, or choose another name or language."),
        Refusal::Busy => Problem::new(409, "busy", "Another change of it is under way.")
            .with_detail("Wait until it ended, then repeat."),
        Refusal::TakenIn => Problem::new(409, "taken_in", "This record is part of another one.").with_detail(
            "Show the contact to see which record it is part of, and use that one; a later merge is undone first.",
        ),
        Refusal::Erased => Problem::new(409, "erased", "This record was erased.")
            .with_detail("Nothing can be moved to or from it; a new message of the customer makes a new record."),
        Refusal::AlreadySplit => Problem::new(409, "already_split", "This merge was undone before.")
            .with_detail("Show the contact again: `merges` lists what can still be undone."),
        Refusal::NotAlike => Problem::new(422, "invalid", "These two cannot be one person.")
            .with_detail("Name two different contacts, neither of them a group."),
        Refusal::BadTarget => Problem::new(422, "invalid", "That team or agent cannot take it.")
            .with_detail("Choose a team or an active agent of the floor."),
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let problem = self.problem();
        if problem.status >= 500 {
            tracing::error!(status = problem.status, error = %self, "a person's request failed");
        }
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        match self {
            Self::RateLimited { retry_after_s } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
            }
            Self::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_status_and_code() {
        let problem = Error::from(Refusal::AlreadyClaimed).problem();
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (409, "already_claimed")
        );
        assert_eq!(
            Error::from(Refusal::NotFound).problem(),
            Error::NotFound.problem()
        );
    }

    #[test]
    fn a_database_error_says_nothing_about_the_database() {
        let error = Error::from(store::Error::Database(DatabaseError::Protocol(
            "relation secret".into(),
        )));
        let problem = error.problem();
        assert_eq!(problem.status, 503);
        assert!(!format!("{problem:?}").contains("secret"));
    }

    #[test]
    fn too_many_requests_say_when_to_come_back() {
        let response = Error::RateLimited { retry_after_s: 7 }.into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }
}
