//! What Meta tells that is no message: kept once, and acted on: templates, quality, names, accounts.
//!
//! Promises: a notice is kept and acted on in one transaction; a repetition changes nothing; what is older than what is
//! known changes nothing either; an alert becomes an error line without anybody's data.
//! Does not: reply to anything, or decide who may be written to.

mod effect;

use balcao_core::metrics;
use balcao_core::model::ChannelId;
use balcao_core::store::contact::Resolved;
use balcao_core::store::notice::{self, NewNotice};
use balcao_core::store::{self, PgConnection};
use compliance::Mac;

use super::bisect::Bisection;
use super::fault::Fault;
use super::work::Letter;
use super::{MAX_TRIES, Writer, pause};
use crate::channels::Channels;
use crate::identity;
use crate::payload::{Notice, Reason, Severity};
use effect::{apply, detail, word};

/// A notice and the enabled numbers that it is about.
#[derive(Clone)]
pub struct Arrived {
    /// What Meta told.
    pub notice: Notice,
    /// About which numbers: one, or all of the account.
    pub channel_ids: Vec<ChannelId>,
    /// It is about exactly one.
    pub is_of_one: bool,
}

impl Arrived {
    /// Finds the numbers among those of the last list.
    pub fn new(notice: Notice, channels: &Channels) -> Self {
        let of_account = channels.of_account(&notice.waba_id);
        let shown = notice.display_number.as_deref().map(identity::variants);
        let is_it = |channel: &balcao_core::store::channel::Channel| {
            if let Some(id) = &notice.phone_number_id {
                return channel.phone_number_id == *id;
            }
            let ours = channel.display_phone_number.as_deref().map(digits);
            match (&shown, ours) {
                (Some(_), Some(ours)) => {
                    notice.display_number.as_deref() == Some(&ours)
                        || shown.as_ref().is_some_and(|shown| shown.contains(&ours))
                }
                // A number whose spelling we do not know yet, in an account that has only this one.
                (Some(_), None) => of_account.len() == 1,
                (None, _) => true,
            }
        };
        let channel_ids: Vec<ChannelId> = of_account
            .iter()
            .filter(|channel| is_it(channel))
            .map(|channel| channel.id)
            .collect();
        let names_one = notice.phone_number_id.is_some() || notice.display_number.is_some();
        Self {
            is_of_one: names_one && channel_ids.len() == 1,
            notice,
            channel_ids,
        }
    }
}

fn digits(shown: &str) -> String {
    shown.chars().filter(char::is_ascii_digit).collect()
}

impl Writer {
    /// Keeps notices and marks those that are committed; returns the ones that the database refuses, as letters.
    pub(super) async fn notices(
        &self,
        batch: Vec<(usize, Arrived)>,
        is_stored: &mut [bool],
    ) -> Vec<(usize, Letter)> {
        let mut bisection = Bisection::new(batch.len());
        while let Some(range) = bisection.next_range() {
            match self.take_notices(&batch[range.clone()]).await {
                Ok(()) => batch[range]
                    .iter()
                    .for_each(|(place, _)| is_stored[*place] = true),
                Err(error) => {
                    let reason = Fault::of(&error).reason();
                    tracing::warn!(%error, items = range.len(), ?reason, "notices were not kept");
                    if !reason.is_some_and(|reason| bisection.failed(range, reason)) {
                        return Vec::new();
                    }
                }
            }
        }
        bisection
            .into_culprits()
            .into_iter()
            .map(|(index, reason)| (batch[index].0, letter(&batch[index].1, reason)))
            .collect()
    }

    async fn take_notices(&self, batch: &[(usize, Arrived)]) -> Result<(), store::Error> {
        let mut tries = 1;
        loop {
            match self.take_notices_once(batch).await {
                Err(error) if Fault::of(&error) == Fault::Again && tries < MAX_TRIES => {
                    pause(tries).await;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn take_notices_once(&self, batch: &[(usize, Arrived)]) -> Result<(), store::Error> {
        let mut fresh = Vec::new();
        let mut tx = self.ctx.store.ingest.begin().await?;
        for (_, arrived) in batch {
            if self.keep_notice(&mut tx, arrived).await? {
                apply(&mut tx, arrived).await?;
                fresh.push(arrived);
            }
        }
        tx.commit().await?;
        fresh.into_iter().for_each(tell);
        Ok(())
    }

    /// `false` when it was kept before.
    async fn keep_notice(
        &self,
        conn: &mut PgConnection,
        arrived: &Arrived,
    ) -> Result<bool, store::Error> {
        let only = arrived.channel_ids.first().copied();
        let about = (only.filter(|_| arrived.is_of_one), None);
        let mac = self.notice_mac(&arrived.notice);
        let new = self.new_notice(&arrived.notice, mac, about);
        let kept = notice::keep(&self.ctx.store, conn, &new, self.ctx.clock.now()).await?;
        Ok(kept.is_some())
    }

    /// Tells a notice from every other one.
    pub(super) fn notice_mac(&self, notice: &Notice) -> Mac {
        let parts: [&[u8]; 4] = [
            notice.waba_id.as_bytes(),
            notice.field.as_bytes(),
            &notice.entry_time.to_be_bytes(),
            &notice.raw,
        ];
        self.ctx.store.vault.mac_of("notice", &parts)
    }

    /// A notice as it is kept: about which number, and about whom.
    pub(super) fn new_notice<'a>(
        &self,
        notice: &'a Notice,
        mac: Mac,
        (channel_id, who): (Option<ChannelId>, Option<Resolved>),
    ) -> NewNotice<'a> {
        let retention = &self.ctx.config.retention;
        NewNotice {
            mac,
            waba_id: &notice.waba_id,
            channel_id,
            who,
            field: &notice.field,
            event: notice.event.as_deref().and_then(word),
            severity: notice.severity.word(),
            at: notice.at,
            detail: detail(&notice.effect),
            raw: &notice.raw,
            days: match notice.severity {
                Severity::Alert => retention.notice_alert_days,
                Severity::Info | Severity::Warning => retention.notice_days,
            },
        }
    }
}

/// Counts a notice that was not kept before.
pub(super) fn count(notice: &Notice) {
    let severity = notice.severity.word();
    ::metrics::counter!(metrics::NOTICES, "severity" => severity).increment(1);
}

fn tell(arrived: &Arrived) {
    let notice = &arrived.notice;
    count(notice);
    if notice.severity == Severity::Alert {
        let event = notice.event.as_deref().and_then(word);
        tracing::error!(
            field = %notice.field, event, channels = arrived.channel_ids.len(),
            "Meta raises an alert; read it with: balcao doctor"
        );
    }
}

fn letter(arrived: &Arrived, reason: Reason) -> Letter {
    Letter {
        reason,
        detail: "notice".to_owned(),
        channel_id: arrived.channel_ids.first().copied(),
        contact_id: None,
        raw: arrived.notice.raw.clone(),
    }
}
