//! What people say to customers: any content that WhatsApp takes, or an approved template when the window is closed.
//!
//! Promises: a content is checked and completed (files described, templates filled in) before anything is stored; a
//! repeated `client_ref` answers the first result whatever became of files and templates since.

use balcao_core::bell::Hint;
use balcao_core::model::template::{self, MARKETING_STOPPED};
use balcao_core::model::{
    Author, Content, ConversationId, Direction, Fault, Heading, MediaKind, MediaRef,
    PRIORITY_HUMAN, SendSource,
};
use balcao_core::store::media::{self, Described};
use balcao_core::store::message::{self, Dispatch, Words};
use balcao_core::store::{self, PgConnection};
use compliance::audit::Action;
use uuid::Uuid;

use super::{Deed, check_client_ref, check_text, take_for_send, visible};
use crate::error::Error;
use crate::people::{Caller, People};

/// Templates named when the window is closed.
const MAX_OFFERS: usize = 5;

/// Something for the customer.
#[derive(Clone)]
pub struct Reply {
    /// Client's own reference, unique per author and conversation.
    pub client_ref: String,
    /// The ownership epoch the client knows.
    pub epoch: Option<i32>,
    /// What it says.
    pub content: Content,
    /// The item it quotes.
    pub reply_to_seq: Option<i64>,
}

/// Writes to the customer and returns the item's seq. A send takes ownership of what the bot or the queue has.
///
/// # Errors
/// `not_found`, `too_long`, `invalid` with the field, `resolved`, `window_closed`, `not_owner`, `stale_epoch`.
pub async fn reply(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    reply: Reply,
) -> Result<i64, Error> {
    check_client_ref(&reply.client_ref)?;
    match &reply.content {
        Content::Text { text } => check_text(text)?,
        content => content
            .check_outbound()
            .map_err(|fault| fault.within("content"))?,
    }
    let author = Author::agent(caller.agent_id);
    let mut conn = people.ctx.store.api.acquire().await?;
    visible(people, caller, &mut conn, id).await?;
    if let Some(seq) = message::find_client_ref(&mut conn, id, author, &reply.client_ref).await? {
        return Ok(seq);
    }
    let (content, files) = complete(people, caller, &mut conn, id, reply.content)
        .await
        .map_err(|error| match error {
            Error::Fault(fault) => Error::Fault(fault.within("content")),
            other => other,
        })?;
    drop(conn);
    let is_template = matches!(content, Content::Template { .. });
    let quotes = reply.reply_to_seq;
    let words = Words {
        author,
        direction: Direction::Out,
        content,
        client_ref: Some(reply.client_ref.clone()),
        reply_to_seq: quotes,
    };
    let mut deed = Deed::begin(people, caller, id, Some(words)).await?;
    if let Some(seq) = message::find_client_ref(&mut deed.tx, id, author, &reply.client_ref).await?
    {
        return Ok(seq);
    }
    deed.locked.unresolved()?;
    if quotes.is_some_and(|seq| !(1..=deed.locked.last_seq).contains(&seq)) {
        return Err(Error::Invalid(
            "reply_to_seq: the seq of an item of this conversation.",
        ));
    }
    if !is_template {
        window(&mut deed).await?;
    }
    take_for_send(&mut deed, reply.epoch).await?;
    let dispatch = Dispatch {
        source: SendSource::Agent,
        priority: PRIORITY_HUMAN,
    };
    let draft = deed.draft()?;
    let seq = message::enqueue(&mut deed.tx, &mut deed.locked, &draft, dispatch).await?;
    let store = &people.ctx.store;
    media::attach(store, &mut deed.tx, caller.agent_id, (id, seq), &files).await?;
    let channel_id = deed.locked.channel_id;
    deed.commit(Action::MessageSent, seq).await?;
    people.ctx.bell.hint(Hint::Outbox { channel_id });
    Ok(seq)
}

/// The content of a send: `text`, or anything else that WhatsApp takes.
///
/// # Errors
/// `invalid` when there is neither, or both.
pub fn one_of(text: Option<String>, content: Option<Content>) -> Result<Content, Error> {
    match (text, content) {
        (Some(text), None) => Ok(Content::Text { text }),
        (None, Some(content)) => Ok(content),
        _ => Err(Error::Invalid("Give exactly one of text and content.")),
    }
}

/// Refuses while Meta's window is closed, and names templates that may be sent instead.
pub(super) async fn window(deed: &mut Deed<'_>) -> Result<(), Error> {
    let now = deed.people.ctx.clock.now();
    if deed.locked.window_until.is_some_and(|until| until > now) {
        return Ok(());
    }
    let account = store::template::account_of(&mut deed.tx, deed.locked.channel_id).await?;
    let offers = store::template::of_account(&mut deed.tx, &account).await?;
    Err(Error::WindowClosed {
        offers: offers
            .into_iter()
            .filter(|known| template::check_status(&known.status).is_ok())
            .map(|known| format!("{} ({})", known.name, known.language))
            .take(MAX_OFFERS)
            .collect(),
    })
}

/// Fills in what the server knows better than the client, and lists the uploads that the item carries.
async fn complete(
    people: &People,
    caller: &Caller,
    conn: &mut PgConnection,
    id: ConversationId,
    mut content: Content,
) -> Result<(Content, Vec<Uuid>), Error> {
    if let Content::Template { .. } = &content {
        content = fitted(&mut *conn, id, content).await?;
    }
    let wanted = uploads(&mut content);
    let files: Vec<Uuid> = wanted.iter().map(|(_, file)| *file).collect();
    if files.is_empty() {
        return Ok((content, files));
    }
    let store = &people.ctx.store;
    let found = media::described(store, conn, caller.agent_id, &files).await?;
    for (field, file) in &wanted {
        if !found.iter().any(|upload| upload.id.0 == *file) {
            return Err(Error::Fault(Fault::of_file(
                field,
                "is not an upload of yours that is still to be sent; upload it (POST /api/v1/media) and give its new id.",
            )));
        }
    }
    for (field, media) in media_of(&mut content) {
        let upload = found.iter().find(|upload| Some(upload.id.0) == media.file);
        if let Some(upload) = upload {
            describe(&field, media, upload)?;
        }
    }
    content.check_outbound()?;
    Ok((content, files))
}

/// What the upload turned out to be, over what the client thinks it is.
fn describe(field: &str, media: &mut MediaRef, upload: &Described) -> Result<(), Error> {
    media.mime_type = Some(upload.mime_type.clone());
    if media.kind == MediaKind::Document && media.file_name.is_none() {
        media.file_name = upload.file_name.clone();
    }
    balcao_core::model::limits::check_size(media, upload.size_bytes).map_err(|fault| {
        Error::Fault(Fault {
            field: format!("{field}.{}", fault.field),
            ..fault
        })
    })
}

/// The files of a content, with the field that holds each.
fn media_of(content: &mut Content) -> Vec<(String, &mut MediaRef)> {
    match content {
        Content::Media { media } => vec![("media".to_owned(), media)],
        Content::Buttons {
            heading: Some(Heading::Media { media }),
            ..
        }
        | Content::Link {
            heading: Some(Heading::Media { media }),
            ..
        } => vec![("heading.media".to_owned(), media)],
        Content::Carousel { cards, .. } => cards
            .iter_mut()
            .enumerate()
            .map(|(n, card)| (format!("cards[{n}].media"), &mut card.media))
            .collect(),
        _ => Vec::new(),
    }
}

/// Our uploads in a content, in order of part.
fn uploads(content: &mut Content) -> Vec<(String, Uuid)> {
    if let Content::Template {
        components: Some(components),
        ..
    } = content
    {
        let mut found = Vec::new();
        collect(components, &mut found);
        return found;
    }
    media_of(content)
        .into_iter()
        .filter_map(|(field, media)| Some((format!("{field}.file"), media.file?)))
        .collect()
}

/// Files that the parameters of a template name.
fn collect(value: &serde_json::Value, found: &mut Vec<(String, Uuid)>) {
    match value {
        serde_json::Value::Array(all) => all.iter().for_each(|one| collect(one, found)),
        serde_json::Value::Object(fields) => {
            for (key, inner) in fields {
                let file = inner.as_str().filter(|_| key == "file");
                match file.and_then(|file| file.parse().ok()) {
                    Some(file) => found.push(("components.file".to_owned(), file)),
                    None => collect(inner, found),
                }
            }
        }
        _ => {}
    }
}

/// A template filled in and checked against what Meta approved.
async fn fitted(
    conn: &mut PgConnection,
    id: ConversationId,
    content: Content,
) -> Result<Content, Error> {
    let Content::Template {
        name,
        language,
        parameters,
        components,
        ..
    } = content
    else {
        return Ok(content);
    };
    let place = store::conversation::glance(&mut *conn, id)
        .await?
        .ok_or(Error::NotFound)?;
    let known = store::template::find(&mut *conn, place.channel_id, &name, &language).await?;
    let Some(known) = known else {
        return Err(Error::Fault(Fault::of_template(
            template::MISSING,
            "WhatsApp has no template of this name and language; choose one of GET /api/v1/templates.",
        )));
    };
    template::check_status(&known.status)?;
    if known.category == "MARKETING" && place.marketing_stopped {
        return Err(Error::Fault(Fault::of_template(
            MARKETING_STOPPED,
            "the customer wants no marketing messages; send only what they asked for.",
        )));
    }
    let fitted = template::fit(
        &known.components,
        known.is_named(),
        &parameters,
        components.as_ref(),
    )?;
    Ok(Content::Template {
        name,
        language,
        preview: fitted.preview,
        parameters,
        components: Some(fitted.components),
    })
}
