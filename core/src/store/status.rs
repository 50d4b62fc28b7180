//! Applies Meta's delivery statuses, a batch at a time (`status.sql`).
//!
//! Promises: ranks only rise; repeats and late ones change nothing. A send to a group has a row per participant who
//! reported, and the item shows the furthest that anybody got; what failed for one of them fails for nobody else, and is
//! as unknown as any other status as long as the id of the send is.
//! Does not: decide what happens to a status whose message is not known yet (the caller parks it).

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use compliance::{Mac, Mutant};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, outbox};
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
    /// Who of a group reports, as [`participant`] numbers them; 0 = the one person it went to.
    pub participant: i16,
}

/// The number under which somebody's row of a send to a group is found: 1 and up, derived from their mac, so that it
/// needs no table and every node gives the same. Two of a group (Meta allows eight people) share one once in a thousand
/// groups; then the further of both is kept.
#[must_use]
pub fn participant(identity: Mac) -> i16 {
    let [high, low, ..] = identity.0;
    (i16::from_be_bytes([high & 0x7f, low])).max(1)
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

impl Outcome {
    fn read(word: &str) -> Self {
        match word {
            "applied" => Self::Applied,
            "too_low" => Self::TooLow,
            _ => Self::Unknown,
        }
    }
}

/// Applies a batch; outcomes are in the order of the input.
///
/// # Errors
/// [`Error::Database`].
pub async fn apply(
    conn: &mut PgConnection,
    batch: &[Report],
) -> Result<(Vec<Outcome>, Vec<Wake>), Error> {
    if Mutant::RanksFall.lives() {
        let macs: Vec<&[u8]> = batch.iter().map(|report| report.mac.as_bytes()).collect();
        let forget = sqlx::query("update delivery set rank = 0 where mac = any($1)").bind(macs);
        forget.execute(&mut *conn).await?;
    }
    let macs: Vec<Vec<u8>> = batch
        .iter()
        .map(|report| report.mac.as_bytes().to_vec())
        .collect();
    let ranks: Vec<i16> = batch.iter().map(rank_of_all).collect();
    let times: Vec<DateTime<Utc>> = batch.iter().map(|report| report.at).collect();
    let errors: Vec<Option<i32>> = batch.iter().map(|report| report.error_code).collect();
    let conversations: Vec<Option<Uuid>> = batch
        .iter()
        .map(|r| r.callback.map(|key| key.conversation_id.0))
        .map(|id| id.filter(|_| !Mutant::EarlyStatusLost.lives()))
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
    .fetch_all(&mut *conn)
    .await?;

    let mut outcomes = vec![Outcome::Unknown; batch.len()];
    let mut wakes: Vec<Wake> = Vec::new();
    let mut refused = Vec::new();
    for row in rows {
        let index =
            usize::try_from(row.n - 1).map_err(|_| Error::Damaged("ordinality below one"))?;
        let outcome = Outcome::read(&row.outcome);
        // Several reports of one delivery in one batch: the one that moved it speaks for all.
        if outcomes[index] != Outcome::Applied {
            outcomes[index] = outcome;
        }
        refused.extend(refusal(&batch[index], outcome, row.conversation_id));
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
    outbox::of_reports(&mut *conn, &refused).await?;
    let known = note_participants(conn, batch).await?;
    for (report, outcome) in batch.iter().zip(&mut outcomes) {
        if !is_placed(report, &known) {
            *outcome = Outcome::Unknown;
        }
    }
    Ok((outcomes, wakes))
}

/// What a report says of the send as a whole. One participant's failure is noted in their own row only; here it merely
/// finds its message.
fn rank_of_all(report: &Report) -> i16 {
    match report.rank {
        Rank::Failed if report.participant > 0 => Rank::None.stored(),
        rank => rank.stored(),
    }
}

/// Whether a participant has a row to be noted in. Our own key may have found the send, but not under this id yet: then the
/// report waits for the id.
fn is_placed(report: &Report, known: &HashSet<Vec<u8>>) -> bool {
    report.participant == 0 || known.contains(report.mac.as_bytes())
}

/// What a report that moved a send says of its refusal, if it was one.
fn refusal(
    report: &Report,
    outcome: Outcome,
    id: Option<Uuid>,
) -> Option<(ConversationId, i32, DateTime<Utc>)> {
    let id = id.filter(|_| outcome == Outcome::Applied)?;
    Some((ConversationId(id), report.error_code?, report.at))
}

/// Keeps how far a send got with each of a group; the macs of those that are known. After the main rows: those say which
/// sends are.
async fn note_participants(
    conn: &mut PgConnection,
    batch: &[Report],
) -> Result<HashSet<Vec<u8>>, Error> {
    let of_groups: Vec<&Report> = batch
        .iter()
        .filter(|report| report.participant > 0)
        .collect();
    if of_groups.is_empty() {
        return Ok(HashSet::new());
    }
    let macs: Vec<Vec<u8>> = of_groups
        .iter()
        .map(|report| report.mac.as_bytes().to_vec())
        .collect();
    let participants: Vec<i16> = of_groups.iter().map(|report| report.participant).collect();
    let ranks: Vec<i16> = of_groups
        .iter()
        .map(|report| report.rank.stored())
        .collect();
    let times: Vec<DateTime<Utc>> = of_groups.iter().map(|report| report.at).collect();
    let errors: Vec<Option<i32>> = of_groups.iter().map(|report| report.error_code).collect();
    sqlx::query!(
        r#"
        insert into delivery as d (
          conversation_id, seq, attempt, participant, rank, error_code, sent_at, failed_at, delivered_at, read_at, played_at
        )
        select
          main.conversation_id,
          main.seq,
          main.attempt,
          item.participant,
          max(item.rank),
          max(item.error_code) filter (where item.rank = 25),
          max(item.at) filter (where item.rank = 20),
          max(item.at) filter (where item.rank = 25),
          max(item.at) filter (where item.rank = 30),
          max(item.at) filter (where item.rank = 40),
          max(item.at) filter (where item.rank = 50)
        from unnest($1::bytea[], $2::smallint[], $3::smallint[], $4::timestamptz[], $5::integer[])
          as item (mac, participant, rank, at, error_code)
        join delivery main on main.mac = item.mac and main.participant = 0
        group by main.conversation_id, main.seq, main.attempt, item.participant
        order by main.conversation_id, main.seq, main.attempt, item.participant
        on conflict (conversation_id, seq, attempt, participant) do update set
          rank = greatest(d.rank, excluded.rank),
          error_code = coalesce(d.error_code, excluded.error_code),
          sent_at = coalesce(d.sent_at, excluded.sent_at),
          failed_at = coalesce(d.failed_at, excluded.failed_at),
          delivered_at = coalesce(d.delivered_at, excluded.delivered_at),
          read_at = coalesce(d.read_at, excluded.read_at),
          played_at = coalesce(d.played_at, excluded.played_at)
        "#,
        &macs,
        &participants,
        &ranks,
        &times,
        &errors as &[Option<i32>],
    )
    .execute(&mut *conn)
    .await?;
    let known = sqlx::query_scalar!(
        r#"select distinct mac as "mac!" from delivery where mac = any($1) and participant = 0"#,
        &macs
    )
    .fetch_all(conn)
    .await?;
    Ok(known.into_iter().collect())
}
