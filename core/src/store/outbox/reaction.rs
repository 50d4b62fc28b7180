//! Reactions of ours: a wish on an item, and a send that carries it out.
//!
//! Promises: one reaction of the business per item, as on a phone: whoever of us reacts later replaces the earlier one.
//! The wish and its send are one transaction; a send whose wish was replaced before it left says nothing.
//! Does not: touch what customers reacted.

use compliance::{Place, SubjectId};
use sqlx::PgConnection;

use super::REACTION_SEQ;
use crate::model::{AgentId, ConversationId, FeedKind, PRIORITY_HUMAN, SendState};
use crate::store::conversation::{self, Locked};
use crate::store::{Error, Refusal, Store};

/// What we want to stand on an item.
#[derive(Clone, PartialEq, Eq)]
pub struct Wish {
    /// The emoji; `None` takes it back.
    pub emoji: Option<String>,
    /// The item that it is about.
    pub target_seq: i64,
}

/// Never the emoji.
impl std::fmt::Debug for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wish(on {})", self.target_seq)
    }
}

/// What stands on an item of ours now: the emoji, and where its send is.
///
/// # Errors
/// [`Error::Vault`] when the key is away.
pub async fn own_reaction(
    store: &Store,
    conn: &mut PgConnection,
    (id, seq): (ConversationId, i64),
) -> Result<Option<(Option<String>, SendState)>, Error> {
    let row = sqlx::query!(
        r#"
        select r.author_id, r.subject_id, r.sealed, o.state as "state: SendState"
        from reaction r
        join outbox o on o.conversation_id = r.conversation_id and o.seq = r.send_seq
        where r.conversation_id = $1 and r.seq = $2 and r.author_kind = 'agent'
        order by o.attempt desc
        limit 1
        "#,
        id.0,
        seq,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let place = Place::reaction(id.0, seq, row.author_id);
    let emoji = open(store, conn, SubjectId(row.subject_id), place, row.sealed).await?;
    Ok(Some((emoji, row.state)))
}

/// The wish that a send is to carry out; `None` when it was replaced.
pub(super) async fn wish(
    store: &Store,
    conn: &mut PgConnection,
    (id, target_seq): (ConversationId, i64),
    send_seq: i64,
) -> Result<Option<Wish>, Error> {
    let row = sqlx::query!(
        r#"
        select author_id, subject_id, sealed
        from reaction
        where conversation_id = $1 and seq = $2 and author_kind = 'agent' and send_seq = $3
        "#,
        id.0,
        target_seq,
        send_seq,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let place = Place::reaction(id.0, target_seq, row.author_id);
    let emoji = open(store, conn, SubjectId(row.subject_id), place, row.sealed).await?;
    Ok(Some(Wish { emoji, target_seq }))
}

async fn open(
    store: &Store,
    conn: &mut PgConnection,
    subject: SubjectId,
    place: Place,
    sealed: Option<Vec<u8>>,
) -> Result<Option<String>, Error> {
    let Some(sealed) = sealed else {
        return Ok(None);
    };
    let keys = store.vault.load(conn, &[subject]).await?;
    let Some(key) = keys.of_living(subject)? else {
        return Ok(None);
    };
    let plain = key.open(place, &sealed)?;
    Ok(Some(String::from_utf8_lossy(&plain).into_owned()))
}

/// Puts a reaction of ours on an item (or takes it back) and queues it for Meta.
///
/// # Errors
/// [`Refusal::NotFound`] when the customer was erased; [`Error::Vault`] when the key is away.
pub async fn react(
    store: &Store,
    conn: &mut PgConnection,
    locked: &mut Locked,
    by: AgentId,
    wish: &Wish,
) -> Result<(), Error> {
    let (subject, sealed) = seal(store, &mut *conn, locked, by, wish).await?;
    let rev = conversation::bump(&mut *conn, locked, wish.target_seq, FeedKind::Reaction).await?;
    let send_seq = REACTION_SEQ + rev;
    let (id, seq) = (locked.id.0, wish.target_seq);
    for statement in [
        sqlx::query!(
            r#"
            delete from reaction
            where conversation_id = $1
              and seq = $2
              and author_kind in ('agent', 'bot', 'channel_app')
              and author_id <> $3
            "#,
            id,
            seq,
            by.0,
        ),
        sqlx::query!(
            r#"
            insert into reaction (conversation_id, seq, author_kind, author_id, subject_id, sealed, send_seq)
            values ($1, $2, 'agent', $3, $4, $5, $6)
            on conflict (conversation_id, seq, author_kind, author_id) do update set
              subject_id = excluded.subject_id,
              sealed = excluded.sealed,
              send_seq = excluded.send_seq,
              at = now()
            "#,
            id,
            seq,
            by.0,
            subject.0,
            sealed,
            send_seq,
        ),
        sqlx::query!(
            r#"
            update outbox
            set state = 'cancelled', updated_at = now()
            where conversation_id = $1 and target_seq = $2 and state = 'queued'
            "#,
            id,
            seq,
        ),
        sqlx::query!(
            r#"
            with queued as (
              insert into outbox (conversation_id, seq, target_seq, channel_id, contact_id, source, priority, epoch)
              values ($1, $2, $3, $4, $5, 'agent', $6, $7)
            )
            insert into delivery (conversation_id, seq)
            values ($1, $2)
            "#,
            id,
            send_seq,
            seq,
            locked.channel_id.0,
            locked.contact_id.0,
            PRIORITY_HUMAN,
            locked.epoch,
        ),
    ] {
        statement.execute(&mut *conn).await?;
    }
    Ok(())
}

async fn seal(
    store: &Store,
    conn: &mut PgConnection,
    locked: &Locked,
    by: AgentId,
    wish: &Wish,
) -> Result<(SubjectId, Option<Vec<u8>>), Error> {
    let subject = sqlx::query_scalar!(
        "select subject_id from contact where id = $1 and erased_at is null",
        locked.contact_id.0,
    )
    .fetch_optional(&mut *conn)
    .await?
    .flatten()
    .map(SubjectId)
    .ok_or(Refusal::NotFound)?;
    let Some(emoji) = &wish.emoji else {
        return Ok((subject, None));
    };
    let keys = store.vault.load(conn, &[subject]).await?;
    let key = keys.get(subject).ok_or(Refusal::NotFound)?;
    let place = Place::reaction(locked.id.0, wish.target_seq, by.0);
    Ok((subject, Some(key.seal(place, emoji.as_bytes())?)))
}
