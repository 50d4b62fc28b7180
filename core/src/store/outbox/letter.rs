//! What must be known to make a call: what it says, where it goes, and whether it may go at all.

use compliance::SubjectId;
use sqlx::PgConnection;

use super::{Leased, Wish, reaction};
use crate::model::ContactId;
use crate::store::message::{self, Item};
use crate::store::{Error, Store};

/// A send, opened.
#[derive(Debug)]
pub struct Letter {
    /// Whose case it is now: a merge or a split may have moved it since the lease.
    pub contact_id: ContactId,
    /// What it says.
    pub matter: Matter,
    /// The sealed address of the pair, with the subject that sealed it.
    pub address: Option<(SubjectId, Vec<u8>)>,
    /// The customer's newest item, for the read mark: its seq.
    pub last_inbound_seq: i64,
    /// An earlier attempt turned out to have reached Meta: this one is not needed.
    pub is_said: bool,
    /// The customer wants no marketing messages through this number.
    pub marketing_stopped: bool,
    /// The other side is a group.
    pub is_group: bool,
}

/// What a send says.
#[derive(Debug)]
pub enum Matter {
    /// An item of the conversation.
    Item {
        /// The item; its body is `None` after erasure, and when its key is broken.
        item: Box<Item>,
        /// The subject whose key sealed it.
        subject_id: SubjectId,
    },
    /// A reaction of ours.
    Reaction(Wish),
}

/// Opens a leased send; `None` when there is nothing left to say.
///
/// # Errors
/// [`Error::Vault`] when the key is away.
pub async fn letter(
    store: &Store,
    conn: &mut PgConnection,
    send: &Leased,
) -> Result<Option<Letter>, Error> {
    let row = sqlx::query!(
        r#"
        select
          c.contact_id as "contact_id: ContactId",
          (select m.subject_id from message m where m.conversation_id = c.id and m.seq = $2) as item_subject_id,
          w.subject_id as "subject_id?",
          w.sealed_address as "sealed_address?",
          c.last_inbound_seq,
          coalesce(w.marketing = 'stopped', false) as "marketing_stopped!",
          contact.kind = 'group' as "is_group!",
          exists (
            select
            from delivery d
            where d.conversation_id = c.id and d.seq = $2 and d.attempt < $3 and d.rank not in (0, 25)
          ) as "is_said!"
        from conversation c
        join contact on contact.id = c.contact_id
        left join contact_channel w on w.contact_id = c.contact_id and w.channel_id = c.channel_id
        where c.id = $1
        "#,
        send.conversation_id.0,
        send.seq,
        send.attempt,
    )
    .fetch_one(&mut *conn)
    .await?;
    let matter = if let Some(target_seq) = send.target_seq {
        let spot = (send.conversation_id, target_seq);
        let Some(wish) = reaction::wish(store, conn, spot, send.seq).await? else {
            return Ok(None);
        };
        Matter::Reaction(wish)
    } else {
        let found = message::items(store, conn, &[(send.conversation_id, send.seq)]).await?;
        let (Some(item), Some(subject_id)) = (found.into_iter().next(), row.item_subject_id) else {
            return Ok(None);
        };
        Matter::Item {
            item: Box::new(item),
            subject_id: SubjectId(subject_id),
        }
    };
    Ok(Some(Letter {
        contact_id: row.contact_id,
        matter,
        address: row.subject_id.map(SubjectId).zip(row.sealed_address),
        last_inbound_seq: row.last_inbound_seq,
        is_said: row.is_said,
        marketing_stopped: row.marketing_stopped,
        is_group: row.is_group,
    }))
}
