//! What our side wrote on the telephone itself, and whom it called: stored as said, and people have the case.
//!
//! Promises: one transaction each (people type slowly); what is committed is known when it is repeated.

use balcao_core::model::{Content, ConversationId, Direction, MessageId};
use balcao_core::store::echo::{self, Echo, Outcome, Rules};
use balcao_core::store::media::{self, Expected, Foreseen};
use balcao_core::store::parked::{self, Waiting};
use balcao_core::store::{self, call};
use compliance::{Keys, Place};

use super::Writer;
use super::drive::{Whose, Write, Written};
use super::messages::{body, file};
use super::work::{Arriving, Echoed};

impl Write for Echoed {
    async fn write(
        writer: &Writer,
        batch: &[(usize, Self)],
        whose: &[Whose],
        keys: &Keys,
    ) -> Result<Written, store::Error> {
        let (mut wakes, mut release) = (Vec::new(), Vec::new());
        for ((_, Echoed(told)), whose) in batch.iter().zip(whose) {
            match writer.write_echo(told, *whose, keys).await? {
                Written::Stored {
                    wakes: moved,
                    release: macs,
                } => {
                    wakes.extend(moved);
                    release.extend(macs);
                }
                gone @ Written::Gone(_) => return Ok(gone),
            }
        }
        Ok(Written::Stored { wakes, release })
    }
}

impl Writer {
    async fn write_echo(
        &self,
        told: &Arriving,
        whose: Whose,
        keys: &Keys,
    ) -> Result<Written, store::Error> {
        let store = &self.ctx.store;
        let quotes = self.quote(told);
        let quoted = self.quoted(std::iter::once(told)).await?;
        let reply_to = quotes.and_then(|mac| quoted.get(mac.as_bytes()).copied());
        let key = keys.require(whose.case.subject_id)?;
        let message_id = MessageId::new();
        let inbound = &told.item;
        let echo = Echo {
            mac: store
                .vault
                .mac_wamid(&told.channel.phone_number_id, &inbound.wamid),
            contact_id: whose.case.contact_id,
            subject_id: whose.case.subject_id,
            channel_id: told.channel.id,
            message_id,
            kind: inbound.content.kind(),
            at: inbound.at,
            sealed: key.seal(Place::message(message_id.0), &body(inbound)?)?,
            reply_to,
        };
        let rules = Rules {
            reopen_minutes: self.reopen_minutes(),
            time_zone: &self.ctx.config.conversation.time_zone,
            now: self.ctx.clock.now(),
        };
        let mut tx = store.ingest.begin().await?;
        let written = match echo::take(store, &mut tx, &echo, rules).await? {
            Outcome::Gone => {
                tx.rollback().await?;
                return Ok(Written::Gone(vec![whose.case.contact_id]));
            }
            Outcome::Known => {
                let is_call = matches!(inbound.content, Content::Call { .. });
                let moved = if is_call {
                    call::advance(store, &mut tx, echo.mac, &inbound.content, echo.at).await?
                } else {
                    None
                };
                Written::Stored {
                    wakes: moved.into_iter().collect(),
                    release: Vec::new(),
                }
            }
            Outcome::Stored {
                conversation_id,
                seq,
                wake,
            } => {
                let by = (conversation_id, seq);
                let file = file(key, told, Direction::Out)?;
                expect(&mut tx, file.as_ref(), by).await?;
                let awaited = quotes.filter(|_| reply_to.is_none());
                let waiting = awaited
                    .map(|mac| Waiting::quote(mac, by, (told.channel.id, whose.case), echo.at));
                parked::park(store, &mut tx, waiting.as_slice(), self.expiry()).await?;
                Written::Stored {
                    wakes: vec![wake],
                    release: std::iter::once(echo.mac).chain(awaited).collect(),
                }
            }
        };
        tx.commit().await?;
        Ok(written)
    }
}

async fn expect(
    conn: &mut store::PgConnection,
    file: Option<&Foreseen>,
    (conversation_id, seq): (ConversationId, i64),
) -> Result<(), store::Error> {
    let Some(file) = file else {
        return Ok(());
    };
    let part = Expected {
        file,
        conversation_id,
        seq,
        part: 0,
    };
    media::expect(conn, &[part]).await
}
