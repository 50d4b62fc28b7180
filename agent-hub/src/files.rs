//! Files as people may open them.
//!
//! Promises: whoever may see the conversation may see its files, whoever uploaded one may see it before it is sent, and
//! for everybody else there is none; no event, no file: the audit event commits before the first byte goes out; what is
//! in quarantine goes to supervisors only, as a download, and never when it is infected; what was taken back is gone.
//! Does not: read bytes (the answer's body does).

use std::time::Duration;

use balcao_core::files::{Stored, object_key};
use balcao_core::limits::{Limit, LimitKey};
use balcao_core::model::{MediaId, MediaState, TeamId};
use balcao_core::store::media::{self, Facts, Kept, Opened, Upload};
use balcao_core::store::{PgConnection, Refusal, inbox};
use compliance::Mutant;
use compliance::audit::{self, Action, ObjectKind, Outcome};

use crate::error::Error;
use crate::people::{Caller, People};
use crate::views::{event, eyes, refused};

/// How often one file is fetched again.
const RETRIES: Limit = Limit::new("media_retry", 1, Duration::from_secs(600));

/// Which bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// The file itself.
    File,
    /// Its small picture.
    Thumbnail,
}

/// A file that the caller may have, recorded as opened.
pub struct Released {
    /// Which.
    pub id: MediaId,
    /// What it is.
    pub facts: Facts,
    /// Where its bytes lie.
    pub object_key: String,
    /// How many bytes.
    pub size_bytes: u64,
    /// A browser may show it.
    pub is_inline: bool,
}

/// Releases a file to the caller.
///
/// # Errors
/// `not_found`; `quarantined`; `not_ready` while it is on its way or when it failed.
pub async fn release(
    people: &People,
    caller: &Caller,
    id: MediaId,
    variant: Variant,
) -> Result<Released, Error> {
    let store = &people.ctx.store;
    let mut tx = store.api.begin().await?;
    let file = media::open(store, &mut tx, id)
        .await?
        .ok_or(Error::NotFound)?;
    let team = visible(people, caller, &mut tx, &file).await?;
    let is_quarantined = file.state == MediaState::Quarantined;
    if is_quarantined && !may_release(caller, &file, variant) {
        refused(people, caller, ObjectKind::Media, id.0).await?;
        return Err(Error::Quarantined(file.reason));
    }
    let thumbnail = file.thumbnail_key.clone();
    let (Some(facts), Some(object_key)) = (file.facts, file.object_key) else {
        return Err(Error::NotReady(file.state));
    };
    if matches!(file.state, MediaState::Pending | MediaState::Failed) {
        return Err(Error::NotReady(file.state));
    }
    let mut opened = event(caller, Action::MediaOpened)
        .object(ObjectKind::Media, id.0)
        .subject(file.subject_id)
        .outcome(Outcome::Ok)
        .detail(
            "variant",
            match variant {
                Variant::File => "file",
                Variant::Thumbnail => "thumbnail",
            },
        )
        .detail("quarantined", i64::from(is_quarantined));
    if let Some(team) = team {
        opened = opened.team(team.0);
    }
    if !Mutant::MediaUnrecorded.lives() {
        audit::record(&mut tx, &opened).await?;
    }
    let released = match variant {
        Variant::File => Released {
            id,
            is_inline: facts.is_inline && !is_quarantined,
            size_bytes: file.size_bytes,
            facts,
            object_key,
        },
        Variant::Thumbnail => of_thumbnail(id, facts, thumbnail)?,
    };
    tx.commit().await?;
    Ok(released)
}

fn of_thumbnail(id: MediaId, facts: Facts, key: Option<String>) -> Result<Released, Error> {
    let (Some(small), Some(object_key)) = (facts.thumbnail.clone(), key) else {
        return Err(Error::NotFound);
    };
    Ok(Released {
        id,
        object_key,
        size_bytes: small.size_bytes,
        is_inline: true,
        facts: Facts {
            mime_type: "image/jpeg".to_owned(),
            file_key: small.file_key,
            file_name: None,
            ..facts
        },
    })
}

fn may_release(caller: &Caller, file: &Opened, variant: Variant) -> bool {
    Mutant::QuarantineOpen.lives()
        || caller.role.supervises()
            && variant == Variant::File
            && file.reason.is_some_and(|reason| reason.is_releasable())
}

/// Refuses, and records the refusal, unless the caller may know of the file; the team it belongs to.
async fn visible(
    people: &People,
    caller: &Caller,
    conn: &mut PgConnection,
    file: &Opened,
) -> Result<Option<TeamId>, Error> {
    let Some(conversation_id) = file.conversation_id else {
        if file.uploaded_by == Some(caller.agent_id) || Mutant::UploadForAll.lives() {
            return Ok(None);
        }
        refused(people, caller, ObjectKind::Media, file.id.0).await?;
        return Err(Error::NotFound);
    };
    if file.is_revoked {
        return Err(Error::NotFound);
    }
    let place = inbox::places(conn, &[conversation_id])
        .await?
        .into_iter()
        .next();
    match place {
        Some(place)
            if Mutant::MediaForAll.lives()
                || (caller.role.answers()
                    && eyes(caller).covers(place.team_id, place.agent_id)) =>
        {
            Ok(place.team_id)
        }
        Some(_) => {
            refused(people, caller, ObjectKind::Media, file.id.0).await?;
            Err(Error::NotFound)
        }
        None => Err(Error::NotFound),
    }
}

/// Fetches a failed or quarantined file again; recorded, and once in ten minutes, because Meta counts what fails.
///
/// # Errors
/// `not_found`; `invalid` when it is on its way, ready, or our own; `rate_limited`.
pub async fn retry(people: &People, caller: &Caller, id: MediaId) -> Result<(), Error> {
    let store = &people.ctx.store;
    let mut tx = store.api.begin().await?;
    let file = media::open(store, &mut tx, id)
        .await?
        .ok_or(Error::NotFound)?;
    let team = visible(people, caller, &mut tx, &file).await?;
    let wake = match media::retry(&mut tx, id).await {
        Err(balcao_core::store::Error::Refused(Refusal::BadTarget)) => {
            return Err(Error::Invalid(
                "Only a file that failed or is in quarantine can be fetched again.",
            ));
        }
        retried => retried?,
    };
    let decision = people
        .ctx
        .limits
        .check(&RETRIES, &LimitKey::id(id.0), 1)
        .await;
    if !decision.allowed {
        return Err(Error::RateLimited {
            retry_after_s: decision.retry_after_seconds(),
        });
    }
    let mut retried = event(caller, Action::MediaRetried)
        .object(ObjectKind::Media, id.0)
        .subject(file.subject_id);
    if let Some(team) = team {
        retried = retried.team(team.0);
    }
    audit::record(&mut tx, &retried).await?;
    tx.commit().await?;
    people.ctx.bell.ring(&[wake]);
    Ok(())
}

/// Notes an upload that lies in the object store.
///
/// # Errors
/// `unavailable`; the object is for the caller to delete then.
pub async fn note(
    people: &People,
    caller: &Caller,
    id: MediaId,
    stored: &Stored,
) -> Result<(), Error> {
    debug_assert_eq!(stored.object_key, object_key(id, 0));
    let store = &people.ctx.store;
    let mut tx = store.api.begin().await?;
    let subject_id = media::uploader(&mut tx, caller.agent_id).await?;
    let upload = Upload {
        id,
        uploaded_by: caller.agent_id,
        subject_id,
        kept: Kept {
            object_key: stored.object_key.clone(),
            size_bytes: i64::try_from(stored.size_bytes).unwrap_or(i64::MAX),
            thumbnail_key: stored.thumbnail_key.clone(),
            facts: stored.facts.clone(),
        },
    };
    media::put_upload(store, &mut tx, &upload).await?;
    tx.commit().await?;
    Ok(())
}
