//! How a story ends, in words that do not depend on who it was told of or in which order.

use std::collections::{BTreeMap, BTreeSet};

use balcao_core::model::{Author, Content, ConversationId, Direction};
use balcao_core::store::contact::{self, IdentityKind};
use balcao_core::store::message::{self, Item, Words};
use balcao_core::store::{PgConnection, conversation, parked};
use chrono::{DateTime, Utc};
use compliance::{Mac, Place, SubjectId};
use e2e::gateways::Gateways;
use uuid::Uuid;

use super::story::{Customer, SENDS, Story, Target};

/// What a story comes to. `BTree`s: a difference is read side by side.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    pub items: BTreeMap<Target, Ended>,
    /// Records of the customer that live.
    pub contacts: usize,
    pub unresolved: i64,
    /// By kind, without the number that differs between customers.
    pub identities: BTreeSet<(String, usize)>,
    /// Seconds from the beginning.
    pub window_until: Option<i64>,
    pub marketing: String,
    pub marketing_at: Option<i64>,
    pub parked: i64,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    pub says: String,
    pub said_before: BTreeSet<String>,
    pub revoked: bool,
    pub reactions: BTreeSet<(String, String)>,
    pub ticks: Option<String>,
    pub quotes: Option<Target>,
}

/// What we answer the first message with; Meta's ids of it are not known yet.
pub async fn answer(gateways: &Gateways, story: &Story, customer: &Customer) {
    let store = &gateways.store;
    let mac = mac(gateways, customer.wamid(0));
    let mut tx = store.worker.begin().await.expect("a transaction");
    let places = message::locate(&mut tx, &[mac]).await.expect("a place");
    let (id, _) = places[mac.as_bytes()];
    for send in 0..SENDS {
        let words = Words {
            author: Author::BOT,
            direction: Direction::Out,
            content: Content::Text {
                text: format!("resposta {send}"),
            },
            client_ref: None,
            reply_to_seq: None,
        };
        let at = DateTime::<Utc>::from_timestamp(story.began, 0).expect("a time");
        let draft = message::draft(store, &mut tx, id, words, at)
            .await
            .expect("sealed words");
        let mut locked = conversation::lock(&mut tx, id).await.expect("a lock");
        let seq = message::append(&mut tx, &mut locked, &draft)
            .await
            .expect("an item");
        sent(&mut tx, id, seq).await;
    }
    tx.commit().await.expect("the answers are stored");
}

/// As the sender leaves a send that Meta took, but for Meta's id.
async fn sent(conn: &mut PgConnection, id: ConversationId, seq: i64) {
    sqlx::query(
        "with queued as (
           insert into outbox (conversation_id, seq, channel_id, contact_id, source, priority, epoch, state)
           select id, $2, channel_id, contact_id, 'bot', 4, epoch, 'sent' from conversation where id = $1
         )
         insert into delivery (conversation_id, seq) values ($1, $2)",
    )
    .bind(id.0)
    .bind(seq)
    .execute(conn)
    .await
    .expect("a send");
}

/// The sender learns Meta's id, and what came before it is applied.
pub async fn learn(gateways: &Gateways, customer: &Customer, send: usize) {
    let store = &gateways.store;
    let mac = mac(gateways, &customer.target(Target::Sent(send)));
    let first = self::mac(gateways, customer.wamid(0));
    let mut tx = store.worker.begin().await.expect("a transaction");
    let places = message::locate(&mut tx, &[first]).await.expect("a place");
    let (id, _) = places[first.as_bytes()];
    conversation::lock(&mut tx, id).await.expect("a lock");
    sqlx::query(
        "update delivery set mac = $2, rank = greatest(rank, 10::smallint)
         where conversation_id = $1 and seq = (
           select seq from delivery where conversation_id = $1 order by seq offset $3 limit 1
         )",
    )
    .bind(id.0)
    .bind(mac.as_bytes())
    .bind(i64::try_from(send).expect("a small number"))
    .execute(&mut *tx)
    .await
    .expect("the id is noted");
    tx.commit().await.expect("the id is stored");
    let mut tx = store.worker.begin().await.expect("a transaction");
    parked::release(store, &mut tx, &[mac])
        .await
        .expect("what waited is applied");
    tx.commit().await.expect("what waited is stored");
}

pub fn mac(gateways: &Gateways, wamid: &str) -> Mac {
    let number = &gateways.number.phone_number_id;
    gateways.store.vault.mac_wamid(number, wamid)
}

/// Reads how a story ended.
pub async fn look(gateways: &Gateways, customer: &Customer, story: &Story) -> State {
    let mut conn = gateways.store.worker.acquire().await.expect("a connection");
    let targets = story.items();
    let macs: Vec<Mac> = targets
        .iter()
        .map(|target| mac(gateways, &customer.target(*target)))
        .collect();
    let places = message::locate(&mut conn, &macs).await.expect("places");
    let spots: BTreeMap<(ConversationId, i64), Target> = targets
        .iter()
        .zip(&macs)
        .filter_map(|(target, mac)| Some((*places.get(mac.as_bytes())?, *target)))
        .collect();
    let wanted: Vec<(ConversationId, i64)> = spots.keys().copied().collect();
    let items = message::items(&gateways.store, &mut conn, &wanted)
        .await
        .expect("items open");
    let mut ended = BTreeMap::new();
    for item in items {
        let target = spots[&(item.conversation_id, item.seq)];
        let before = versions(gateways, &mut conn, &item).await;
        ended.insert(target, Ended::of(item, before, &spots));
    }
    let (contacts, identities) = people(gateways, &mut conn, customer).await;
    let (unresolved, window, marketing, wished) = pair(gateways, &contacts).await;
    State {
        items: ended,
        contacts: contacts.len(),
        unresolved,
        identities,
        window_until: window.map(|at| at.timestamp() - story.began),
        marketing,
        marketing_at: wished.map(|at| at.timestamp() - story.began),
        parked: gateways
            .database
            .count(&format!(
                "parked_event where mac in ({})",
                macs.iter()
                    .map(|mac| format!("'\\x{}'", mac.to_hex()))
                    .collect::<Vec<_>>()
                    .join(", ")
            ))
            .await,
    }
}

impl Ended {
    fn of(
        item: Item,
        said_before: BTreeSet<String>,
        spots: &BTreeMap<(ConversationId, i64), Target>,
    ) -> Self {
        Self {
            says: item
                .body
                .map_or_else(String::new, |body| words(&body.content)),
            said_before,
            revoked: item.revoked,
            reactions: item
                .reactions
                .into_iter()
                .map(|reaction| (format!("{:?}", reaction.author.kind), reaction.emoji))
                .collect(),
            ticks: item.ticks.map(|ticks| format!("{ticks:?}")),
            quotes: item.reply_to.and_then(|spot| spots.get(&spot).copied()),
        }
    }
}

fn words(content: &Content) -> String {
    match content {
        Content::Text { text } => text.clone(),
        other => format!("{other:?}"),
    }
}

async fn versions(gateways: &Gateways, conn: &mut PgConnection, item: &Item) -> BTreeSet<String> {
    let rows: Vec<(i32, Uuid, Vec<u8>)> = sqlx::query_as(
        "select version, subject_id, sealed from message_version where conversation_id = $1 and seq = $2",
    )
    .bind(item.conversation_id.0)
    .bind(item.seq)
    .fetch_all(&mut *conn)
    .await
    .expect("versions");
    let subjects: Vec<SubjectId> = rows.iter().map(|(_, id, _)| SubjectId(*id)).collect();
    let vault = &gateways.store.vault;
    let keys = vault.load(conn, &subjects).await.expect("keys");
    rows.into_iter()
        .map(|(version, subject, sealed)| {
            let place = Place::message_version(item.conversation_id.0, item.seq, version);
            let key = keys.require(SubjectId(subject)).expect("a key");
            let plain = key.open(place, &sealed).expect("a version opens");
            let body: balcao_core::model::Body = serde_json::from_slice(&plain).expect("a body");
            words(&body.content)
        })
        .collect()
}

async fn people(
    gateways: &Gateways,
    conn: &mut PgConnection,
    customer: &Customer,
) -> (Vec<Uuid>, BTreeSet<(String, usize)>) {
    let (mut contacts, mut identities) = (BTreeSet::new(), BTreeSet::new());
    for (moves, (phone, user)) in customer.identities().into_iter().enumerate() {
        for (kind, value) in [(IdentityKind::Phone, phone), (IdentityKind::Bsuid, user)] {
            let portfolio = "1";
            let found = contact::find(&gateways.store, &mut *conn, kind, portfolio, &[value])
                .await
                .expect("contacts");
            if !found.is_empty() {
                identities.insert((kind.word().to_owned(), moves));
            }
            contacts.extend(found.into_iter().map(|id| id.0));
        }
    }
    (contacts.into_iter().collect(), identities)
}

type Pair = (i64, Option<DateTime<Utc>>, String, Option<DateTime<Utc>>);

async fn pair(gateways: &Gateways, contacts: &[Uuid]) -> Pair {
    sqlx::query_as(
        "select
           (select count(*) from conversation c where c.contact_id = any($1) and c.status <> 'resolved'),
           max(w.window_until),
           coalesce(string_agg(w.marketing::text, ' '), ''),
           max(w.marketing_at)
         from contact_channel w
         where w.contact_id = any($1)",
    )
    .bind(contacts)
    .fetch_one(gateways.database.pool())
    .await
    .expect("the pair")
}
