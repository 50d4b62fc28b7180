//! Applies Meta's delivery statuses, a batch at a time (`status.sql`).
//!
//! Promises: ranks only rise; repeats and late ones change nothing. Does not: decide what happens to a status whose
//! message is not known yet (the caller parks it).

use chrono::{DateTime, Utc};
use compliance::Mac;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::bell::Wake;
use crate::model::{CallbackData, ConversationId, Rank};

/// A status that Meta reported.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Mac of the number and the wamid.
    pub mac: Mac,
    /// How far it got.
    pub rank: Rank,
    /// Meta's time.
    pub at: DateTime<Utc>,
    /// Meta's code when it failed.
    pub error_code: Option<i32>,
    /// Our own key, when Meta echoed it.
    pub callback: Option<CallbackData>,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The delivery moved forward.
    Applied,
    /// It was there already, or further.
    TooLow,
    /// No such delivery yet.
    Unknown,
}

/// Applies a batch; outcomes are in the order of the input.
///
/// # Errors
/// [`Error::Database`].
pub async fn apply(
    conn: &mut PgConnection,
    batch: &[Report],
) -> Result<(Vec<Outcome>, Vec<Wake>), Error> {
    let macs: Vec<Vec<u8>> = batch
        .iter()
        .map(|report| report.mac.as_bytes().to_vec())
        .collect();
    let ranks: Vec<i16> = batch.iter().map(|report| report.rank.stored()).collect();
    let times: Vec<DateTime<Utc>> = batch.iter().map(|report| report.at).collect();
    let errors: Vec<Option<i32>> = batch.iter().map(|report| report.error_code).collect();
    let conversations: Vec<Option<Uuid>> = batch
        .iter()
        .map(|r| r.callback.map(|key| key.conversation_id.0))
        .collect();
    let seqs: Vec<Option<i64>> = batch
        .iter()
        .map(|report| report.callback.map(|key| key.seq))
        .collect();
    let attempts: Vec<Option<i16>> = batch
        .iter()
        .map(|report| report.callback.map(|key| key.attempt))
        .collect();
    let rows = sqlx::query_file!(
        "src/store/status.sql",
        &macs,
        &ranks,
        &times,
        &errors as &[Option<i32>],
        &conversations as &[Option<Uuid>],
        &seqs as &[Option<i64>],
        &attempts as &[Option<i16>],
    )
    .fetch_all(conn)
    .await?;

    let mut outcomes = vec![Outcome::Unknown; batch.len()];
    let mut wakes: Vec<Wake> = Vec::new();
    for row in rows {
        let index =
            usize::try_from(row.n - 1).map_err(|_| Error::Damaged("ordinality below one"))?;
        let outcome = match row.outcome.as_str() {
            "applied" => Outcome::Applied,
            "too_low" => Outcome::TooLow,
            _ => Outcome::Unknown,
        };
        // Several reports of one delivery in one batch: the one that moved it speaks for all.
        if outcomes[index] != Outcome::Applied {
            outcomes[index] = outcome;
        }
        if let (Some(id), Some(rev)) = (row.conversation_id, row.rev) {
            let wake = Wake {
                conversation_id: ConversationId(id),
                rev,
            };
            if !wakes.contains(&wake) {
                wakes.push(wake);
            }
        }
    }
    Ok((outcomes, wakes))
}
