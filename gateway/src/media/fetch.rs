//! One file, from its job to its place in the object store.

use compliance::Mutant;
use std::time::{Duration, Instant};

use balcao_core::files::{self, Examined, Whole};
use balcao_core::metrics;
use balcao_core::model::{MediaId, MediaReason};
use balcao_core::object_store;
use balcao_core::store;
use balcao_core::store::channel::Channel;
use balcao_core::store::job::{self, Back, Claimed};
use balcao_core::store::media::{self, Fetch, Kept, Outcome};
use reqwest::Response;

use super::client::Fault;
use super::{Media, hash, jittered};

/// Attempts before a file is given up: two hours when nobody answers, five when Meta answers with errors.
const MAX_TRIES: i32 = 12;
/// The first pause between attempts; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1_800);
/// The pauses after answers that Meta counts, the last one for ever: one file costs its number about three an hour.
const COUNTED_PAUSES: [Duration; 3] = [FIRST_PAUSE, Duration::from_secs(60), LONGEST_PAUSE];
/// Downloads with other bytes than announced before a file is given up.
const MAX_MISMATCHES: i16 = 3;
/// A number that is disabled or unknown is asked for again after so long.
const NO_CHANNEL: Duration = Duration::from_secs(60);
/// Scanner, disk or bucket are away: again after about so long.
const AWAY: Duration = Duration::from_secs(20);
/// While Meta is taken for dead, fetches come back after about so long.
const BREAKER_OPEN: Duration = Duration::from_secs(5);

/// Why bytes are not here.
enum Missed {
    /// It cannot help to try again.
    Final(MediaReason),
    /// Nobody answered: again later.
    Passing(MediaReason),
    /// Meta answered with an error, and counts it: again later still.
    Counted(MediaReason),
    /// Not our turn, or something of ours is away: again after so long.
    Wait(Duration, Back),
}

impl From<files::Error> for Missed {
    fn from(error: files::Error) -> Self {
        match error {
            files::Error::Store(object_store::Error::TooLarge) => {
                Self::Final(MediaReason::TooLarge)
            }
            error => {
                tracing::warn!(%error, "a file could not be taken in; it waits");
                Self::Wait(AWAY, Back::Untried)
            }
        }
    }
}

impl Media {
    /// Does one fetch job. Whatever fails here leaves the lease to end by itself: the file is fetched again then.
    pub(super) async fn fetch(self, job: Claimed) {
        let began = Instant::now();
        match Box::pin(self.attempt(&job)).await {
            Ok(outcome) => {
                ::metrics::counter!(metrics::MEDIA_FETCHES, "outcome" => outcome).increment(1);
                ::metrics::histogram!(metrics::MEDIA_FETCH).record(began.elapsed());
            }
            Err(error) => {
                tracing::warn!(%error, media_id = %job.key, "a file waits for its lease to end");
            }
        }
    }

    async fn attempt(&self, job: &Claimed) -> Result<&'static str, store::Error> {
        let ctx = &self.0.ctx;
        let mut conn = ctx.store.worker.acquire().await?;
        let fetch = match job.key.parse::<MediaId>() {
            Ok(id) => match media::open_fetch(&ctx.store, &mut conn, id).await {
                // It will open no better the next time.
                Err(error) if error.is_of_one() => {
                    tracing::error!(%error, media_id = %id, "a file does not open; it fails");
                    drop(conn);
                    return self.unopened(job, id).await;
                }
                found => found?,
            },
            Err(_) => None,
        };
        let Some(fetch) = fetch else {
            job::finish(&mut conn, job, None).await?;
            return Ok("gone");
        };
        drop(conn);
        // The node died in the middle, again and again: perhaps because of this very file.
        if job.attempts > MAX_TRIES {
            return self.give_up(job, &fetch, MediaReason::Unavailable).await;
        }
        let Some(channel) = self.0.channels.by_id(fetch.channel_id).await? else {
            return self.wait(job, NO_CHANNEL, Back::Untried).await;
        };
        let is_first = job.attempts == 1 && fetch.discarded == 0 && !media::is_again(job);
        match self.bytes(&channel, &fetch, is_first).await {
            Ok((whole, announced)) => self.arrived(job, &fetch, whole, announced).await,
            Err(missed) => self.missed(job, &fetch, missed).await,
        }
    }

    /// The bytes came whole.
    async fn arrived(
        &self,
        job: &Claimed,
        fetch: &Fetch,
        whole: Whole,
        announced: Option<[u8; 32]>,
    ) -> Result<&'static str, store::Error> {
        if whole.size_bytes() == 0 {
            return self.give_up(job, fetch, MediaReason::Empty).await;
        }
        let is_other = announced.is_some_and(|announced| announced != whole.sha256);
        if is_other && !Mutant::MediaHashIgnored.lives() {
            return self.mismatch(job, fetch).await;
        }
        match self.0.files.examine(whole, fetch.announced.kind).await {
            Ok(examined) => self.keep(job, fetch, examined).await,
            Err(error) => self.missed(job, fetch, error.into()).await,
        }
    }

    async fn mismatch(&self, job: &Claimed, fetch: &Fetch) -> Result<&'static str, store::Error> {
        tracing::warn!(media_id = %fetch.id, "a file's bytes are not the announced ones; thrown away");
        if fetch.discarded + 1 >= MAX_MISMATCHES {
            return self.give_up(job, fetch, MediaReason::HashMismatch).await;
        }
        let mut tx = self.0.ctx.store.worker.begin().await?;
        let pause = pause(i32::from(fetch.discarded) + 1).as_secs_f64();
        media::discard(&mut tx, job, fetch.id, pause).await?;
        tx.commit().await?;
        Ok("mismatch")
    }

    async fn missed(
        &self,
        job: &Claimed,
        fetch: &Fetch,
        missed: Missed,
    ) -> Result<&'static str, store::Error> {
        match missed {
            Missed::Final(reason) => self.give_up(job, fetch, reason).await,
            Missed::Passing(reason) | Missed::Counted(reason) if job.attempts >= MAX_TRIES => {
                self.give_up(job, fetch, reason).await
            }
            Missed::Passing(_) => self.again(job, pause(job.attempts)).await,
            Missed::Counted(_) => self.again(job, counted_pause(job.attempts)).await,
            Missed::Wait(delay, back) => self.wait(job, delay, back).await,
        }
    }

    async fn again(&self, job: &Claimed, pause: Duration) -> Result<&'static str, store::Error> {
        let mut conn = self.0.ctx.store.worker.acquire().await?;
        job::put_back(&mut conn, job, pause.as_secs_f64(), Back::Tried).await?;
        Ok("retried")
    }

    async fn wait(
        &self,
        job: &Claimed,
        delay: Duration,
        back: Back,
    ) -> Result<&'static str, store::Error> {
        let mut conn = self.0.ctx.store.worker.acquire().await?;
        job::put_back(&mut conn, job, jittered(delay).as_secs_f64(), back).await?;
        Ok("waits")
    }

    async fn give_up(
        &self,
        job: &Claimed,
        fetch: &Fetch,
        reason: MediaReason,
    ) -> Result<&'static str, store::Error> {
        tracing::warn!(media_id = %fetch.id, reason = reason.word(), "a file could not be fetched");
        self.settle(job, fetch, &Outcome::Failed(reason)).await?;
        Ok("failed")
    }

    /// Ends a fetch of which nothing can be read.
    async fn unopened(&self, job: &Claimed, id: MediaId) -> Result<&'static str, store::Error> {
        let ctx = &self.0.ctx;
        let mut tx = ctx.store.worker.begin().await?;
        let wake = media::fail(&mut tx, job, id, MediaReason::Unavailable).await?;
        tx.commit().await?;
        if let Some(wake) = wake {
            ctx.bell.ring(&[wake]);
        }
        Ok("failed")
    }

    /// Puts the file into the object store, unless nobody may ever see it, and shows it.
    async fn keep(
        &self,
        job: &Claimed,
        fetch: &Fetch,
        examined: Examined,
    ) -> Result<&'static str, store::Error> {
        let fault = examined.fault;
        if let Some(reason) = fault.filter(|reason| !reason.is_releasable()) {
            tracing::warn!(media_id = %fetch.id, reason = reason.word(), "a file was thrown away");
            let outcome = Outcome::Quarantined(reason, None);
            self.settle(job, fetch, &outcome).await?;
            return Ok("quarantined");
        }
        let ctx = &self.0.ctx;
        let object_key = files::object_key(fetch.id, job.lease_token);
        let mut tx = ctx.store.worker.begin().await?;
        let is_wanted = media::place(&mut tx, fetch.id, job, &object_key).await?;
        tx.commit().await?;
        if !is_wanted {
            return Ok("gone");
        }
        let name = fetch.announced.file_name.clone();
        let stored = match self.0.files.keep(examined, &object_key, name).await {
            Ok(stored) => stored,
            Err(error) => {
                return self
                    .missed(job, fetch, files::Error::from(error).into())
                    .await;
            }
        };
        let kept = Kept {
            object_key: stored.object_key,
            size_bytes: i64::try_from(stored.size_bytes).unwrap_or(i64::MAX),
            thumbnail_key: stored.thumbnail_key,
            facts: stored.facts,
        };
        let (outcome, word) = match fault {
            None => (Outcome::Ready(kept), "ready"),
            Some(reason) => (Outcome::Quarantined(reason, Some(kept)), "quarantined"),
        };
        if self.settle(job, fetch, &outcome).await? {
            return Ok(word);
        }
        self.delete(&object_key).await;
        Ok("gone")
    }

    /// Writes the end of a fetch. `false`: it is not ours to end any more.
    async fn settle(
        &self,
        job: &Claimed,
        fetch: &Fetch,
        outcome: &Outcome,
    ) -> Result<bool, store::Error> {
        let ctx = &self.0.ctx;
        let mut tx = ctx.store.worker.begin().await?;
        let Some(wake) = media::settle(&ctx.store, &mut tx, job, fetch, outcome).await? else {
            tx.rollback().await?;
            return Ok(false);
        };
        // An error here leaves open what happened: the objects stay, and the next attempt or an erasure deletes them.
        tx.commit().await?;
        ctx.bell.ring(&[wake]);
        Ok(true)
    }

    async fn delete(&self, object_key: &str) {
        for key in [object_key.to_owned(), files::thumbnail_of(object_key)] {
            if let Err(error) = self.0.files.store().delete(&key).await {
                tracing::warn!(%error, "what is not wanted any more could not be deleted at once");
            }
        }
    }

    /// Fetches the bytes: the first time from where the message says while that works, else from where Meta says now.
    /// The hash that was announced comes with them.
    async fn bytes(
        &self,
        channel: &Channel,
        fetch: &Fetch,
        is_first: bool,
    ) -> Result<(Whole, Option<[u8; 32]>), Missed> {
        if let Err(away) = self.0.files.ready().await {
            tracing::warn!(error = %away, "files wait for the virus scanner");
            return Err(Missed::Wait(AWAY, Back::Untried));
        }
        let announced = &fetch.announced;
        let mut hash = announced.sha256.as_deref().and_then(hash::parse);
        // An address that works no more costs an answer that Meta counts; without an id it is all there is.
        let is_usable = announced.id.is_none() || (is_first && fetch.is_fresh);
        let mut is_tried = false;
        if let Some(url) = announced.url.as_ref().filter(|_| is_usable) {
            is_tried = true;
            match self
                .guarded(channel, is_first, self.0.api.fetch(channel, url))
                .await?
            {
                Ok(response) => return Ok((self.take(response).await?, hash)),
                Err(Fault::Unreachable) => return Err(Missed::Passing(MediaReason::Unavailable)),
                Err(_) if announced.id.is_some() => {}
                Err(fault) => return Err(missed(fault)),
            }
        }
        let id = announced
            .id
            .as_deref()
            .ok_or(Missed::Final(MediaReason::Absent))?;
        let place = self
            .guarded(channel, is_first, self.0.api.place(channel, id))
            .await
            // The address was tried: the next attempt is another one.
            .map_err(|missed| match missed {
                Missed::Wait(delay, _) if is_tried => Missed::Wait(delay, Back::Tried),
                missed => missed,
            })?
            .map_err(missed)?;
        hash = hash.or_else(|| place.sha256.as_deref().and_then(hash::parse));
        let response = self
            .guarded(channel, is_first, self.0.api.fetch(channel, &place.url))
            .await?
            .map_err(|fault| match fault {
                // Meta just said that it is there.
                Fault::Absent => Missed::Counted(MediaReason::Absent),
                fault => missed(fault),
            })?;
        Ok((self.take(response).await?, hash))
    }

    /// Makes a call unless Meta is taken for dead, and counts what Meta counts.
    async fn guarded<T>(
        &self,
        channel: &Channel,
        is_first: bool,
        call: impl Future<Output = Result<T, Fault>>,
    ) -> Result<Result<T, Fault>, Missed> {
        // Before the breaker: a call that is not made must not close it.
        let leave = self.budget().begin(channel.id, is_first, Instant::now());
        leave.map_err(|wait| Missed::Wait(wait, Back::Untried))?;
        let breaker = self.breaker(channel.id);
        let Some(permit) = breaker.permit() else {
            self.budget().end(channel.id, false, Instant::now());
            return Err(Missed::Wait(BREAKER_OPEN, Back::Untried));
        };
        let answer = call.await;
        breaker.record(permit, !answer.as_ref().is_err_and(|fault| fault.is_dead()));
        let is_counted = answer.as_ref().is_err_and(|fault| fault.is_answer())
            && !Mutant::MediaBudgetUnspent.lives();
        self.budget().end(channel.id, is_counted, Instant::now());
        Ok(answer)
    }

    /// Reads a file to its end, sealing as it comes.
    async fn take(&self, mut response: Response) -> Result<Whole, Missed> {
        let mut max_bytes = self.0.ctx.config.media.max_bytes;
        if Mutant::MediaWithoutEnd.lives() {
            max_bytes = u64::MAX;
        }
        if response
            .content_length()
            .is_some_and(|length| length > max_bytes)
        {
            return Err(Missed::Final(MediaReason::TooLarge));
        }
        let mut intake = self.0.files.begin(max_bytes).await?;
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => intake.write(&chunk).await?,
                Ok(None) => return Ok(intake.finish().await?),
                // Cut off, or too slow.
                Err(_) => return Err(Missed::Passing(MediaReason::Unavailable)),
            }
        }
    }
}

fn missed(fault: Fault) -> Missed {
    match fault {
        Fault::Blocked => Missed::Final(MediaReason::MediaBlocked),
        Fault::Absent => Missed::Final(MediaReason::Absent),
        Fault::Refused(_) => Missed::Counted(MediaReason::Refused),
        Fault::Limited | Fault::Failed => Missed::Counted(MediaReason::Unavailable),
        Fault::Unreachable => Missed::Passing(MediaReason::Unavailable),
    }
}

/// The pause after so many attempts that ended with an answer that Meta counts.
fn counted_pause(attempts: i32) -> Duration {
    let at = usize::try_from(attempts - 1).unwrap_or(0);
    jittered(*COUNTED_PAUSES.get(at).unwrap_or(&LONGEST_PAUSE))
}

/// The pause after so many attempts.
fn pause(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 16) - 1).unwrap_or(0);
    jittered(
        FIRST_PAUSE
            .saturating_mul(1 << doublings)
            .min(LONGEST_PAUSE),
    )
}
