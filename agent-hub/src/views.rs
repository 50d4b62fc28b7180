//! What people may see, read and audited in one transaction.
//!
//! Promises: no event, no data: the audit event commits with the read or nothing is shown; what a person may not see
//! is the same `not_found` as what does not exist. Does not: change anything else.

use balcao_core::model::{CaseState, Circumstance, ContactId, ConversationId, Role};
use balcao_core::store::inbox::{self, Head, Visibility};
use balcao_core::store::message::{self, Item};
use balcao_core::store::{PgConnection, Refusal, contact, feed};
use compliance::Mutant;
use compliance::audit::{self, Action, Event, ObjectKind, Outcome};

use crate::error::Error;
use crate::people::{Caller, People};
use crate::protocol::{
    AgentView, ContactView, ConversationView, ItemRef, ItemView, ListScope, MAX_LIST_ROWS,
    ReactionView, TeamView,
};

/// Characters of the newest words in a list.
const PREVIEW_CHARS: usize = 120;

/// What a list is asked for.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// Which conversations.
    pub scope: ListScope,
    /// Only this team.
    pub team_id: Option<balcao_core::model::TeamId>,
    /// Rows, 1 to [`MAX_LIST_ROWS`].
    pub limit: usize,
    /// Where the page begins, as `next_cursor` said.
    pub cursor: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The rows, in order.
    pub rows: Vec<ConversationView>,
    /// How many there are in all (counted up to [`inbox::MAX_COUNTED`]).
    pub total: i64,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// What a caller may see.
#[must_use]
pub fn eyes(caller: &Caller) -> Visibility {
    Visibility {
        all: caller.role == Role::Admin || Mutant::TeamWallsDown.lives(),
        team_ids: caller.team_ids.to_vec(),
        agent_id: caller.agent_id,
    }
}

/// The caller's audit event, with session and request filled in.
pub(crate) fn event(caller: &Caller, action: Action) -> Event {
    Event::by_agent(action, caller.agent_id.0)
        .session(caller.session_id.0)
        .request(caller.request_id.0)
}

/// A list, audited as `inbox.viewed`.
///
/// # Errors
/// `invalid` for a bad cursor; `forbidden` for roles that do not answer.
pub async fn list(people: &People, caller: &Caller, query: &ListQuery) -> Result<Page, Error> {
    answers(people, caller).await?;
    let mut tx = people.ctx.store.api.begin().await?;
    audit::record(
        &mut tx,
        &event(caller, Action::InboxViewed)
            .object_kind(ObjectKind::Inbox)
            .detail("scope", word(query.scope)),
    )
    .await?;
    let page = read_list(people, &mut tx, &eyes(caller), query).await?;
    tx.commit().await?;
    Ok(page)
}

/// A list, for whoever has audited the access already (a live subscription).
///
/// # Errors
/// As [`list`].
pub(crate) async fn read_list(
    people: &People,
    conn: &mut PgConnection,
    eyes: &Visibility,
    query: &ListQuery,
) -> Result<Page, Error> {
    let offset = offset(query.cursor.as_deref())?;
    let limit = i64::try_from(query.limit.clamp(1, MAX_LIST_ROWS)).unwrap_or(1);
    let (ids, total) = match crate::routing::filter(query.scope, query.team_id, eyes.agent_id) {
        Some(filter) => inbox::unresolved(&mut *conn, eyes, filter, limit, offset).await?,
        None => {
            let ids = inbox::closed(&mut *conn, eyes, query.team_id, limit, offset).await?;
            let seen = offset + i64::try_from(ids.len()).unwrap_or(0);
            (ids, seen)
        }
    };
    let full = i64::try_from(ids.len()).unwrap_or(0) == limit;
    let rows = inbox::heads(&people.ctx.store, conn, &ids)
        .await?
        .into_iter()
        .map(view)
        .collect();
    Ok(Page {
        rows,
        total,
        next_cursor: full.then(|| format!("o{}", offset + limit)),
    })
}

fn offset(cursor: Option<&str>) -> Result<i64, Error> {
    let Some(cursor) = cursor else { return Ok(0) };
    cursor
        .strip_prefix('o')
        .and_then(|digits| digits.parse::<i64>().ok())
        .filter(|offset| (0..=inbox::MAX_COUNTED).contains(offset))
        .ok_or_else(|| {
            Error::Malformed(
                "cursor: use next_cursor of the page before, or leave it out.".to_owned(),
            )
        })
}

/// One conversation's head, audited as opened.
///
/// # Errors
/// `not_found`.
pub async fn conversation(
    people: &People,
    caller: &Caller,
    id: ConversationId,
) -> Result<ConversationView, Error> {
    let (view, _) = items(people, caller, id, Some(1), 1).await?;
    Ok(view)
}

/// A page of a conversation: the `limit` items before `before_seq` (absent: the newest), ascending.
///
/// # Errors
/// `not_found`.
pub async fn items(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    before_seq: Option<i64>,
    limit: usize,
) -> Result<(ConversationView, Vec<ItemView>), Error> {
    let mut tx = people.ctx.store.api.begin().await?;
    let head = opened(people, &mut tx, caller, id, "rest").await?;
    let limit = i64::try_from(limit.clamp(1, MAX_LIST_ROWS)).unwrap_or(1);
    let end = before_seq.unwrap_or(i64::MAX).min(head.last_seq + 1);
    let wanted: Vec<(ConversationId, i64)> =
        ((end - limit).max(1)..end).map(|seq| (id, seq)).collect();
    let items = message::items(&people.ctx.store, &mut tx, &wanted).await?;
    tx.commit().await?;
    Ok((view(head), items.into_iter().map(item_view).collect()))
}

/// What changed after a rev: the newest rev, the head and the touched items; `None` when the client must read anew.
///
/// # Errors
/// `not_found`.
pub async fn changes(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    after_rev: i64,
) -> Result<Option<(i64, ConversationView, Vec<ItemView>)>, Error> {
    let mut tx = people.ctx.store.api.begin().await?;
    opened(people, &mut tx, caller, id, "changes").await?;
    let found = read_changes(people, &mut tx, id, after_rev).await?;
    tx.commit().await?;
    Ok(found)
}

/// See [`changes`]; for whoever has audited the access already.
///
/// # Errors
/// As [`changes`].
pub(crate) async fn read_changes(
    people: &People,
    conn: &mut PgConnection,
    id: ConversationId,
    after_rev: i64,
) -> Result<Option<(i64, ConversationView, Vec<ItemView>)>, Error> {
    let found = feed::changes(&mut *conn, &[(id, after_rev)]).await?;
    let Some(changes) = found.into_iter().next().filter(|changes| !changes.resync) else {
        return Ok(None);
    };
    let wanted: Vec<(ConversationId, i64)> = changes.seqs.iter().map(|seq| (id, *seq)).collect();
    let mut items = message::items(&people.ctx.store, &mut *conn, &wanted).await?;
    items.truncate(
        items.len() - usize::from(Mutant::ResumeLosesAnItem.lives() && !items.is_empty()),
    );
    let head = inbox::heads(&people.ctx.store, conn, &[id])
        .await?
        .into_iter()
        .next()
        .ok_or(Refusal::NotFound)?;
    // The head is read after the changes and may be newer; the frame promises no more than it carries.
    Ok(Some((
        changes.rev_to,
        view(head),
        items.into_iter().map(item_view).collect(),
    )))
}

/// Reads the head if the caller may see it and records `conversation.opened`; a refusal is recorded on its own.
pub(crate) async fn opened(
    people: &People,
    conn: &mut PgConnection,
    caller: &Caller,
    id: ConversationId,
    mode: &'static str,
) -> Result<Head, Error> {
    let place = inbox::places(&mut *conn, &[id]).await?.into_iter().next();
    let visible = place.filter(|place| {
        caller.role.answers() && eyes(caller).covers(place.team_id, place.agent_id)
    });
    let Some(place) = visible else {
        if place.is_some() {
            refused(people, caller, ObjectKind::Conversation, id.0).await?;
        }
        return Err(Refusal::NotFound.into());
    };
    // Looked at again: it may have changed hands between the two reads.
    let head = inbox::heads(&people.ctx.store, &mut *conn, &[id])
        .await?
        .into_iter()
        .next()
        .filter(|head| eyes(caller).covers(head.place.team_id, head.place.agent_id))
        .ok_or(Refusal::NotFound)?;
    let mut opened = event(caller, Action::ConversationOpened)
        .object(ObjectKind::Conversation, id.0)
        .detail("rev", head.place.last_rev)
        .detail("mode", mode);
    if let Some(subject) = head.contact.as_ref().and_then(|contact| contact.subject_id) {
        opened = opened.subject(subject);
    }
    if let Some(team) = place.team_id {
        opened = opened.team(team.0);
    }
    audit::record(conn, &opened).await?;
    Ok(head)
}

/// Records a refusal in a transaction of its own: the action's own is rolled back.
pub(crate) async fn refused(
    people: &People,
    caller: &Caller,
    kind: ObjectKind,
    id: uuid::Uuid,
) -> Result<(), Error> {
    let mut conn = people.ctx.store.api.begin().await?;
    audit::record(
        &mut conn,
        &event(caller, Action::AccessRefused)
            .object(kind, id)
            .outcome(Outcome::Refused),
    )
    .await?;
    conn.commit().await?;
    Ok(())
}

/// Refuses, and records the refusal, unless the role answers customers.
pub(crate) async fn answers(people: &People, caller: &Caller) -> Result<(), Error> {
    if caller.role.answers() {
        return Ok(());
    }
    refused(people, caller, ObjectKind::Inbox, caller.agent_id.0).await?;
    Err(Error::Forbidden)
}

/// Queues and colleagues. Nothing personal of customers: not audited.
///
/// # Errors
/// `unavailable`.
pub async fn floor(
    people: &People,
    caller: &Caller,
) -> Result<(Vec<TeamView>, Vec<AgentView>), Error> {
    crate::floor::seen_by(people, &eyes(caller)).await
}

/// A head as people see it.
#[must_use]
pub fn view(head: Head) -> ConversationView {
    let contact = contact_view(head.contact.as_ref(), head.place.contact_id);
    let (preview_direction, preview) =
        head.newest
            .map_or((None, String::new()), |(direction, content)| {
                (
                    Some(direction),
                    content
                        .map(|content| content.preview(PREVIEW_CHARS))
                        .unwrap_or_default(),
                )
            });
    ConversationView {
        id: head.place.id,
        contact,
        channel_id: head.channel_id,
        channel_name: head.channel_name,
        status: head.place.status,
        handler: head.place.handler,
        state: CaseState::of(head.place.status, head.place.handler),
        priority: head.priority,
        team_id: head.place.team_id,
        agent_id: head.place.agent_id,
        epoch: head.epoch,
        last_seq: head.last_seq,
        last_rev: head.place.last_rev,
        unread: head.unread,
        waiting_since: head.waiting_since,
        last_inbound_at: head.last_inbound_at,
        window_until: head.window_until,
        handoff_reason: head.handoff_reason,
        protocol: head.protocol,
        opened_at: head.opened_at,
        closed_reason: head.closed_reason,
        preview,
        preview_direction,
    }
}

/// An item as people see it. What was taken back is shown as such, without its words and files.
#[must_use]
pub fn item_view(item: Item) -> ItemView {
    let shown = item.body.filter(|_| !item.revoked);
    let (content, circumstance) = shown.map(|body| (body.content, body.circumstance)).unzip();
    // The channel's id of what it quotes is personal, and of no use to people.
    let circumstance = circumstance
        .map(|circumstance| Circumstance {
            quotes: None,
            ..circumstance
        })
        .filter(|circumstance| !circumstance.is_plain());
    let elsewhere = item
        .reply_to
        .filter(|(id, _)| *id != item.conversation_id)
        .map(|(conversation_id, seq)| ItemRef {
            conversation_id,
            seq,
        });
    ItemView {
        seq: item.seq,
        id: item.id,
        direction: item.direction,
        author: item.author,
        author_name: item.author_name,
        at: item.at,
        received_at: item.received_at,
        content,
        circumstance,
        media: if item.revoked { Vec::new() } else { item.media },
        client_ref: item.client_ref,
        ticks: item.ticks,
        error_code: item.error_code,
        reply_to_seq: item.reply_to_seq,
        quotes_elsewhere: elsewhere,
        edited: item.edited_at.is_some(),
        edited_at: item.edited_at,
        revoked: item.revoked,
        reactions: item
            .reactions
            .into_iter()
            .map(|reaction| ReactionView {
                author: reaction.author,
                emoji: reaction.emoji,
                ticks: reaction.ticks,
                error_code: reaction.error_code,
            })
            .collect(),
    }
}

pub(crate) fn contact_view(opened: Option<&contact::Opened>, id: ContactId) -> ContactView {
    let phone = opened.and_then(|contact| {
        contact
            .identities
            .iter()
            .find(|(kind, _)| *kind == contact::IdentityKind::Phone)
            .map(|(kind, value)| mask(*kind, value))
    });
    ContactView {
        id,
        name: opened.and_then(|contact| contact.attributes.name.clone()),
        phone_masked: phone,
        erased: opened.is_none_or(|contact| contact.erased),
    }
}

pub(crate) fn mask(kind: contact::IdentityKind, value: &str) -> String {
    match kind {
        contact::IdentityKind::Phone => compliance::mask::mask_phone(value),
        _ => {
            let shown: String = value.chars().take(3).collect();
            format!("{shown}•••")
        }
    }
}

/// A scope as the audit log spells it.
pub(crate) fn word(scope: ListScope) -> &'static str {
    match scope {
        ListScope::Mine => "mine",
        ListScope::Queue => "queue",
        ListScope::Attending => "attending",
        ListScope::Automation => "automation",
        ListScope::All => "all",
        ListScope::Closed => "closed",
    }
}
