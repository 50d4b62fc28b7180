//! What must be true before a call, and what the call will say.
//!
//! Promises: whatever is certain to be refused ends here with the code Meta would give: a closed window, a template that
//! is paused or not meant for this customer, an address that is none, a file that cannot be uploaded.

use std::time::Duration;

use balcao_core::model::template::{self, MARKETING_STOPPED, NEEDS_PHONE};
use balcao_core::model::{CallbackData, Content, SendState};
use balcao_core::store::channel::Channel;
use balcao_core::store::outbox::{self, Leased, Letter, Wish};
use balcao_core::store::{self, message};
use compliance::Place;
use serde_json::Value;

use super::Sender;
use super::wire::{self, Envelope, Files, UNDELIVERABLE};
use crate::identity::Address;

/// Meta: the 24-hour window is closed.
const WINDOW_CLOSED: i32 = 131_047;
/// Meta: a parameter is invalid, e.g. a message to react to that it does not know.
const INVALID: i32 = 131_009;

/// Everything a call needs.
pub(super) struct Prepared {
    pub(super) message: Value,
    pub(super) address: Address,
    pub(super) last_inbound_seq: i64,
}

/// A send of which nothing speaks against a call.
struct Checked {
    says: Says,
    address: Address,
    last_inbound_seq: i64,
}

/// What a call will say.
enum Says {
    /// An item, and Meta's id of the one that it quotes.
    Item(Box<Content>, Option<String>),
    /// A reaction, ready.
    Reaction(Value),
}

/// What is to be done with a send that is not called.
#[derive(Debug)]
pub(super) enum Unsent {
    /// It ended.
    End(SendState, Option<i32>),
    /// It was not tried, and comes back.
    Later(Duration),
    /// An upload for it was tried: it comes back after about so long, doubled with every try, and fails with this code
    /// in the end.
    Again(Duration, i32),
    /// Meta refuses its number with this code: it waits.
    Stop(i32),
}

impl Unsent {
    pub(super) fn failed(code: i32) -> Self {
        Self::End(SendState::Failed, Some(code))
    }
}

/// Two kinds of "no": the store's, and the send's own.
type Outcome<T> = Result<Result<T, Unsent>, store::Error>;

fn failed(code: i32) -> Unsent {
    Unsent::failed(code)
}

impl Sender {
    /// Opens what is said and to whom, checks what can be checked before a call, and has its files uploaded. An upload
    /// takes a while: meanwhile the case may have moved to another contact, or replies go elsewhere, so that all is
    /// checked once more after it.
    pub(super) async fn prepare(&self, send: &Leased, channel: &Channel) -> Outcome<Prepared> {
        let mut checked = match self.check(send).await? {
            Ok(checked) => checked,
            Err(unsent) => return Ok(Err(unsent)),
        };
        let mut files = Files::new();
        if let Says::Item(content, _) = &checked.says {
            files = match self.files(channel, content).await? {
                Ok(files) => files,
                Err(unsent) => return Ok(Err(unsent)),
            };
        }
        if !files.is_empty() {
            checked = match self.check(send).await? {
                Ok(checked) => checked,
                Err(unsent) => return Ok(Err(unsent)),
            };
        }
        let Checked {
            says,
            address,
            last_inbound_seq,
        } = checked;
        let message = match says {
            Says::Reaction(message) => Ok(message),
            Says::Item(content, quotes) => {
                let envelope = envelope(send, &address, quotes.as_deref(), &files);
                wire::message(&content, envelope).map_err(failed)
            }
        };
        Ok(message.map(|message| Prepared {
            message,
            address,
            last_inbound_seq,
        }))
    }

    async fn check(&self, send: &Leased) -> Outcome<Checked> {
        let inner = &*self.0;
        let mut conn = inner.ctx.store.worker.acquire().await?;
        let cancelled = || Ok(Err(Unsent::End(SendState::Cancelled, None)));
        let Some(letter) = outbox::letter(&inner.ctx.store, &mut conn, send).await? else {
            return cancelled();
        };
        // An earlier attempt arrived after all.
        if letter.is_said {
            return cancelled();
        }
        // Records were joined or parted since the lease: the next one knows whose it is.
        if letter.contact_id != send.contact_id {
            return Ok(Err(Unsent::Later(Duration::ZERO)));
        }
        let address = match self.address(&mut conn, send, &letter).await? {
            Some(address) if matches!(address, Address::Group(_)) == letter.is_group => address,
            _ => return Ok(Err(failed(UNDELIVERABLE))),
        };
        let says = match letter.matter {
            outbox::Matter::Reaction(wish) => {
                match self.reaction(&mut conn, send, &wish, &address).await? {
                    Ok(message) => Says::Reaction(message),
                    Err(unsent) => return Ok(Err(unsent)),
                }
            }
            outbox::Matter::Item { item, subject_id } => {
                let Some(body) = item.body else {
                    // Erased meanwhile: there is nothing left to say. Or it does not open.
                    let keys = inner.ctx.store.vault.load(&mut conn, &[subject_id]).await?;
                    keys.of_living(subject_id)?;
                    return cancelled();
                };
                let of_whom = (&address, letter.marketing_stopped);
                let may_go = self.may_go(&mut conn, send, &body.content, of_whom);
                if let Err(unsent) = may_go.await? {
                    return Ok(Err(unsent));
                }
                let quotes = match item.reply_to {
                    Some(spot) => self.wamid(&mut conn, spot).await?,
                    None => None,
                };
                Says::Item(Box::new(body.content), quotes)
            }
        };
        Ok(Ok(Checked {
            says,
            address,
            last_inbound_seq: letter.last_inbound_seq,
        }))
    }

    fn is_window_open(&self, send: &Leased) -> bool {
        send.window_until
            .is_some_and(|until| until > self.0.ctx.clock.now())
    }

    /// The window, and what is known of the template.
    async fn may_go(
        &self,
        conn: &mut store::PgConnection,
        send: &Leased,
        content: &Content,
        (address, marketing_stopped): (&Address, bool),
    ) -> Outcome<()> {
        let Content::Template { name, language, .. } = content else {
            return Ok(if self.is_window_open(send) {
                Ok(())
            } else {
                Err(Unsent::End(SendState::Expired, Some(WINDOW_CLOSED)))
            });
        };
        // One that was never read is Meta's to judge.
        let known = store::template::find(conn, send.channel_id, name, language).await?;
        let Some(known) = known else {
            return Ok(Ok(()));
        };
        if let Err(fault) = template::check_status(&known.status) {
            return Ok(Err(failed(fault.code)));
        }
        if known.category == "MARKETING" && marketing_stopped {
            return Ok(Err(failed(MARKETING_STOPPED)));
        }
        if known.category == "AUTHENTICATION" && matches!(address, Address::Recipient(_)) {
            return Ok(Err(failed(NEEDS_PHONE)));
        }
        Ok(Ok(()))
    }

    async fn reaction(
        &self,
        conn: &mut store::PgConnection,
        send: &Leased,
        wish: &Wish,
        address: &Address,
    ) -> Outcome<Value> {
        if !self.is_window_open(send) {
            return Ok(Err(Unsent::End(SendState::Expired, Some(WINDOW_CLOSED))));
        }
        let target = (send.conversation_id, wish.target_seq);
        let Some(wamid) = self.wamid(conn, target).await? else {
            return Ok(Err(failed(INVALID)));
        };
        let files = Files::new();
        let envelope = envelope(send, address, None, &files);
        Ok(wire::reaction(&wamid, wish.emoji.as_deref(), envelope).map_err(failed))
    }

    async fn address(
        &self,
        conn: &mut store::PgConnection,
        send: &Leased,
        letter: &Letter,
    ) -> Result<Option<Address>, store::Error> {
        let Some((subject_id, blob)) = &letter.address else {
            return Ok(None);
        };
        let keys = self.0.ctx.store.vault.load(conn, &[*subject_id]).await?;
        let Some(key) = keys.of_living(*subject_id)? else {
            return Ok(None);
        };
        let plaintext = key.open(
            Place::contact_channel_address(send.contact_id.0, send.channel_id.0),
            blob,
        )?;
        let address: Address =
            serde_json::from_slice(&plaintext).map_err(|_| store::Error::Damaged("address"))?;
        Ok(Some(address).filter(Address::is_sound))
    }

    /// Meta's id of an item.
    pub(super) async fn wamid(
        &self,
        conn: &mut store::PgConnection,
        spot: (balcao_core::model::ConversationId, i64),
    ) -> Result<Option<String>, store::Error> {
        let items = message::items(&self.0.ctx.store, conn, &[spot]).await?;
        Ok(items.into_iter().next().and_then(|item| item.body?.wamid))
    }
}

fn envelope<'a>(
    send: &Leased,
    address: &'a Address,
    quotes: Option<&'a str>,
    files: &'a Files,
) -> Envelope<'a> {
    Envelope {
        address,
        quotes,
        callback: CallbackData {
            conversation_id: send.conversation_id,
            seq: send.seq,
            attempt: send.attempt,
        },
        files,
    }
}
