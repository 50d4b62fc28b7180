//! Delivery statuses: applied in a transaction of their own after the messages; those of unknown sends are parked.

use std::collections::BTreeSet;

use balcao_core::bell::Wake;
use balcao_core::metrics;
use balcao_core::model::{CallbackData, ConversationId};
use balcao_core::store::parked::{self, Waiting};
use balcao_core::store::status::{self, Outcome};
use balcao_core::store::{self, inbox};
use compliance::Mac;

use super::bisect::Bisection;
use super::fault::Fault;
use super::work::{Letter, Told};
use super::{MAX_TRIES, Writer, pause};
use crate::payload::{Participant, Reason, Report};

impl Writer {
    /// Applies statuses and marks those that are committed; returns the ones that the database refuses, as letters.
    pub(super) async fn statuses(
        &self,
        batch: Vec<(usize, Told<Report>)>,
        is_stored: &mut [bool],
        wakes: &mut Vec<Wake>,
    ) -> Vec<(usize, Letter)> {
        let mut bisection = Bisection::new(batch.len());
        while let Some(range) = bisection.next_range() {
            match self.apply(&batch[range.clone()]).await {
                Ok(Applied {
                    wakes: moved,
                    release,
                }) => {
                    let batch = &batch[range];
                    batch.iter().for_each(|(place, _)| is_stored[*place] = true);
                    wakes.extend(moved);
                    self.release(&release, wakes).await;
                    self.learn(batch).await;
                }
                Err(error) => {
                    let reason = Fault::of(&error).reason();
                    tracing::warn!(%error, items = range.len(), ?reason, "statuses were not applied");
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

    async fn apply(&self, batch: &[(usize, Told<Report>)]) -> Result<Applied, store::Error> {
        let mut tries = 1;
        loop {
            match self.apply_once(batch).await {
                Err(error) if Fault::of(&error) == Fault::Again && tries < MAX_TRIES => {
                    pause(tries).await;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn apply_once(&self, batch: &[(usize, Told<Report>)]) -> Result<Applied, store::Error> {
        let store = &self.ctx.store;
        let reports: Vec<status::Report> =
            batch.iter().map(|(_, told)| self.report(told)).collect();
        let mut tx = store.ingest.begin().await?;
        let (outcomes, wakes) = status::apply(&mut tx, &reports).await?;
        let waiting: Vec<Waiting> = reports
            .iter()
            .zip(batch)
            .zip(&outcomes)
            .filter(|(_, outcome)| **outcome == Outcome::Unknown)
            .map(|((report, (_, told)), _)| Waiting::status(report, Some(told.channel.id)))
            .collect();
        parked::park(store, &mut tx, &waiting, self.expiry()).await?;
        tx.commit().await?;
        outcomes.iter().for_each(|outcome| count(*outcome));
        // What is parked now may have come at the same moment; our key may just have told us the id of a send.
        let release = reports
            .iter()
            .zip(&outcomes)
            .filter(|(report, outcome)| {
                **outcome == Outcome::Unknown
                    || (**outcome == Outcome::Applied && report.callback.is_some())
            })
            .map(|(report, _)| report.mac)
            .collect();
        Ok(Applied { wakes, release })
    }

    fn report(&self, told: &Told<Report>) -> status::Report {
        let (vault, number) = (&self.ctx.store.vault, &told.channel.phone_number_id);
        let report = &told.item;
        let participant = report.participant.as_ref().map_or(0, |who| {
            status::participant(vault.mac_of("participant", &[name_of(who).as_bytes()]))
        });
        status::Report {
            mac: vault.mac_wamid(number, &report.wamid),
            rank: report.rank,
            at: report.at,
            error_code: report.error_code,
            callback: report.callback,
            participant,
        }
    }

    /// Statuses name the customer by everything that Meta knows: a number seen with a user id is linked.
    async fn learn(&self, batch: &[(usize, Told<Report>)]) {
        let told: Vec<(CallbackData, &Told<Report>)> = batch
            .iter()
            .filter(|(_, told)| {
                let recipient = told.item.recipient.as_ref();
                recipient.is_some_and(|person| person.identities.len() > 1)
            })
            .filter_map(|(_, told)| Some((told.item.callback?, told)))
            .collect();
        if told.is_empty() {
            return;
        }
        let unknown: BTreeSet<ConversationId> = told
            .iter()
            .map(|(key, _)| key.conversation_id)
            .filter(|id| !self.cases.contains_key(id))
            .collect();
        if let Err(error) = self.remember_cases(unknown).await {
            tracing::warn!(%error, "whom statuses are about could not be read; the next status tells again");
            return;
        }
        let known: Vec<_> = told
            .iter()
            .filter_map(|(key, told)| {
                let contact_id = self.cases.get(&key.conversation_id)?;
                Some((contact_id, &*told.channel, told.item.recipient.as_ref()?))
            })
            .collect();
        self.people.learn(&known).await;
    }

    async fn remember_cases(&self, ids: BTreeSet<ConversationId>) -> Result<(), store::Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<ConversationId> = ids.into_iter().collect();
        let mut conn = self.ctx.store.ingest.acquire().await?;
        for place in inbox::places(&mut conn, &ids).await? {
            self.cases.insert(place.id, place.contact_id);
        }
        Ok(())
    }
}

/// A batch that is committed.
struct Applied {
    wakes: Vec<Wake>,
    /// Items for which something may wait.
    release: Vec<Mac>,
}

/// What tells members of a group apart.
fn name_of(who: &Participant) -> &str {
    let user = who.user_id.as_deref().or(who.phone.as_deref());
    user.unwrap_or_default()
}

fn letter(told: &Told<Report>, reason: Reason) -> Letter {
    Letter {
        reason,
        detail: "status".to_owned(),
        channel_id: Some(told.channel.id),
        contact_id: None,
        raw: told.item.raw.clone(),
    }
}

fn count(outcome: Outcome) {
    let word = match outcome {
        Outcome::Applied => "applied",
        Outcome::TooLow => "too_low",
        Outcome::Unknown => "parked",
    };
    ::metrics::counter!(metrics::STATUSES, "outcome" => word).increment(1);
}
