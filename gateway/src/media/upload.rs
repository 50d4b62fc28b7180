//! Our files at Meta: uploaded once per number, used for as long as Meta keeps them.

use std::time::Duration;

use balcao_core::model::{MediaId, MediaState};
use balcao_core::object_store;
use balcao_core::store::channel::Channel;
use balcao_core::store::media::{self, Facts, Opened};
use balcao_core::{files, store};
use chrono::TimeDelta;
use reqwest::{Body, multipart};
use uuid::Uuid;

use super::client::Unanswered;
use super::{Media, jittered};
use crate::cloud_api::Refusal;

/// Meta keeps an upload for 30 days; a message that waits in the outbox must still find it.
const REMEMBERED_DAYS: i64 = 25;
/// Nobody is there (Meta, disk, bucket): again after about so long.
const AWAY: Duration = Duration::from_secs(10);

/// Why a file of ours has no id at Meta.
#[derive(Debug, thiserror::Error)]
pub enum Unsent {
    /// It is not here (any more): the message cannot be sent.
    #[error("the file is gone")]
    Gone,
    /// It may not be uploaded where we are told to.
    #[error("the upload was blocked")]
    Blocked,
    /// Meta refuses it.
    #[error("Meta refuses the file: {0:?}")]
    Refused(Refusal),
    /// The upload broke off, or took too long: perhaps because of this very file.
    #[error("the upload broke off")]
    BrokeOff,
    /// It was not tried, something is away: again after so long.
    #[error("not now; again in {0:?}")]
    Later(Duration),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<store::DatabaseError> for Unsent {
    fn from(error: store::DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl Media {
    /// Meta's id of a file of ours for this number; uploads it when Meta does not have it yet.
    ///
    /// # Errors
    /// [`Unsent`].
    pub async fn graph_id(&self, channel: &Channel, file: Uuid) -> Result<String, Unsent> {
        let ctx = &self.0.ctx;
        let now = ctx.clock.now();
        let mut conn = ctx.store.worker.acquire().await?;
        if let Some(id) = media::graph_id(&ctx.store, &mut conn, file, channel.id, now).await? {
            return Ok(id);
        }
        let opened = media::open(&ctx.store, &mut conn, MediaId(file)).await?;
        drop(conn);
        let (facts, part) = self.part(opened).await?;
        let breaker = self.breaker(channel.id);
        let Some(permit) = breaker.permit() else {
            return Err(Unsent::Later(jittered(AWAY)));
        };
        let answer = self.0.api.upload(channel, &facts.mime_type, part).await;
        breaker.record(permit, !answer.as_ref().is_err_and(|error| error.is_dead()));
        let id = answer.map_err(|error| match error {
            Unanswered::Blocked => Unsent::Blocked,
            Unanswered::NoConnection => Unsent::Later(jittered(AWAY)),
            Unanswered::Lost => Unsent::BrokeOff,
            Unanswered::Refused(refusal) => Unsent::Refused(refusal),
        })?;
        let until = now + TimeDelta::days(REMEMBERED_DAYS);
        let mut tx = ctx.store.worker.begin().await?;
        media::remember_graph_id(&ctx.store, &mut tx, file, channel.id, (&id, until)).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The file as a part of a form, read while it is sent.
    async fn part(&self, opened: Option<Opened>) -> Result<(Facts, multipart::Part), Unsent> {
        let opened = opened
            .filter(|file| file.state == MediaState::Ready)
            .ok_or(Unsent::Gone)?;
        let (Some(facts), Some(object_key)) = (opened.facts, opened.object_key) else {
            return Err(Unsent::Gone);
        };
        let bytes = self
            .0
            .files
            .store()
            .read(
                &object_key,
                &facts.file_key,
                opened.size_bytes,
                0..opened.size_bytes,
            )
            .await
            .map_err(|error| match error {
                object_store::Error::Missing | object_store::Error::DoesNotOpen => {
                    tracing::error!(%error, media_id = %opened.id, "the bytes of an upload are gone");
                    Unsent::Gone
                }
                _ => Unsent::Later(jittered(AWAY)),
            })?;
        let part = multipart::Part::stream_with_length(Body::wrap_stream(bytes), opened.size_bytes)
            // Meta wants a name and ignores it; the customer sees the one that the message says.
            .file_name(format!("file.{}", files::extension(&facts.mime_type)))
            .mime_str(&facts.mime_type)
            .map_err(|_| Unsent::Gone)?;
        Ok((facts, part))
    }
}
