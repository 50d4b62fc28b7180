//! `balcao contact`: find a customer by phone or user id, erase one, join two records of one person, part them again.
//! What names a person comes from standard input, never from an argument.

use balcao_core::model::ContactId;
use balcao_core::store::contact::{self, IdentityKind, Merge, Merged, Split};
use balcao_core::store::{Error, PgConnection, Refusal, Store, erasure};
use clap::Subcommand;
use compliance::audit::{self, Action, ActorKind, Event, ObjectKind};
use gateway::identity;

use super::open;
use crate::cli::{Failure, Settings, secret_from_stdin};

/// Until several portfolios can be configured, there is one.
const PORTFOLIO: &str = "1";

/// What can be done with contacts.
#[derive(Subcommand)]
pub enum Verb {
    /// Find a contact by phone (digits with country code) or business-scoped user id, read from standard input
    Find,
    /// Erase a contact for good: keys, identities, words
    Erase {
        /// The contact, as `contact find` prints it
        id: ContactId,
        /// Why: request, retention, or another word of lower-case letters and underscores
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Join two records of one person: OTHER becomes part of ID; can be undone with `contact split`
    Merge {
        /// The contact that remains
        id: ContactId,
        /// The contact that is taken in
        other: ContactId,
        /// Why: duplicate, or another word of lower-case letters and underscores
        #[arg(long, value_name = "TEXT", value_parser = word)]
        reason: String,
    },
    /// Undo a merge
    Split {
        /// The merge, as `contact merge` and the API's contact page name it
        merge_id: uuid::Uuid,
        /// Why: mistake, or another word of lower-case letters and underscores
        #[arg(long, value_name = "TEXT", value_parser = word)]
        reason: String,
    },
}

/// A reason is kept readable, so it must not hold what somebody typed about a person.
fn word(text: &str) -> Result<String, String> {
    let is_word = (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word {
        Ok(text.to_owned())
    } else {
        Err("write one word of 1 to 40 lower-case letters and underscores".to_owned())
    }
}

/// Runs it.
///
/// # Errors
/// [`Failure::Check`] when there is no such contact or merge.
pub async fn run(settings: &Settings, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Find => find(settings).await,
        Verb::Erase { id, reason } => erase(settings, id, &reason).await,
        Verb::Merge { id, other, reason } => Box::pin(merge(settings, id, other, &reason)).await,
        Verb::Split { merge_id, reason } => Box::pin(split(settings, merge_id, &reason)).await,
    }
}

async fn find(settings: &Settings) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let named = secret_from_stdin("the phone or user id")?;
    let mut tx = store.api.begin().await?;
    let found = lookup(&store, &mut tx, named.trim()).await?;
    let looked_up = Event::new(Action::ContactFound, ActorKind::System, None)
        .detail("results", i64::try_from(found.len()).unwrap_or(0));
    audit::record(&mut tx, &looked_up).await?;
    tx.commit().await?;
    for id in &found {
        if settings.json {
            println!("{}", serde_json::json!({ "id": id }));
        } else {
            println!("{id}");
        }
    }
    if found.is_empty() {
        eprintln!("no contact with this phone or user id");
        return Err(Failure::Check);
    }
    Ok(())
}

/// By user id when it is one, else by the digits of a phone and their other spellings.
async fn lookup(
    store: &Store,
    conn: &mut PgConnection,
    named: &str,
) -> Result<Vec<ContactId>, Failure> {
    if identity::is_bsuid(named) {
        let ids = [named.to_owned()];
        for kind in [IdentityKind::Bsuid, IdentityKind::ParentBsuid] {
            let found = contact::find(store, &mut *conn, kind, PORTFOLIO, &ids).await?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        return Ok(Vec::new());
    }
    let phone: String = named.chars().filter(char::is_ascii_digit).collect();
    let mut spellings = identity::variants(&phone);
    let last_resort = identity::last_resort(&phone);
    spellings.push(phone);
    let kind = IdentityKind::Phone;
    let found = contact::find(store, &mut *conn, kind, PORTFOLIO, &spellings).await?;
    match last_resort {
        Some(other) if found.is_empty() => {
            Ok(contact::find(store, conn, kind, PORTFOLIO, &[other]).await?)
        }
        _ => Ok(found),
    }
}

async fn merge(
    settings: &Settings,
    id: ContactId,
    other: ContactId,
    reason: &str,
) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let mut tx = store.api.begin().await?;
    let merge = Merge {
        from: other,
        into: id,
        by: None,
        reason,
        event: Event::new(Action::ContactMerged, ActorKind::System, None)
            .detail("reason", "operator"),
    };
    let merged = told(contact::merge(&store, &mut tx, merge).await)?;
    tx.commit().await?;
    if settings.json {
        println!("{}", moved(&merged));
    } else {
        println!(
            "{other} is part of {id} now: {} conversations and {} identities moved\nundo it with: balcao contact split {} --reason mistake",
            merged.conversations, merged.identities, merged.merge_id
        );
    }
    Ok(())
}

async fn split(settings: &Settings, merge_id: uuid::Uuid, reason: &str) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let prepared = contact::prepare_split(&store, merge_id).await;
    told(prepared.map(|()| Merged::default()))?;
    let mut tx = store.api.begin().await?;
    let split = Split {
        merge_id,
        by: None,
        reason,
        event: Event::new(Action::ContactSplit, ActorKind::System, None)
            .detail("reason", "operator"),
    };
    let parted = told(contact::split(&store, &mut tx, split).await)?;
    tx.commit().await?;
    if settings.json {
        println!("{}", moved(&parted));
    } else {
        println!(
            "undone: {} conversations and {} identities went back",
            parted.conversations, parted.identities
        );
    }
    Ok(())
}

fn moved(merged: &Merged) -> serde_json::Value {
    serde_json::json!({
        "merge_id": merged.merge_id,
        "conversations": merged.conversations,
        "identities": merged.identities,
    })
}

/// Says what a refusal means and what to do.
fn told(outcome: Result<Merged, Error>) -> Result<Merged, Failure> {
    let refusal = match outcome {
        Ok(merged) => return Ok(merged),
        Err(Error::Refused(refusal)) => refusal,
        Err(error) => return Err(error.into()),
    };
    eprintln!(
        "{}",
        match refusal {
            Refusal::TakenIn =>
                "one of them is part of another record by now; join that record, or undo that merge first",
            Refusal::Erased => "one of them was erased; nothing can be moved to or from it",
            Refusal::Busy => "much was written to them at this moment; run the same command again",
            Refusal::AlreadySplit => "this merge was undone before; nothing was changed",
            Refusal::NotAlike => "name two different contacts, neither of them a group",
            _ => "there is no such contact or merge; look contacts up with: balcao contact find",
        }
    );
    Err(Failure::Check)
}

async fn erase(settings: &Settings, id: ContactId, reason: &str) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let mut tx = store.api.begin().await?;
    let erased = match erasure::erase(&mut tx, id, None, reason).await {
        Ok(erased) => erased,
        Err(Error::Refused(Refusal::NotFound)) => {
            eprintln!("there is no contact {id}; look it up with: balcao contact find");
            return Err(Failure::Check);
        }
        Err(error) => return Err(error.into()),
    };
    let event = Event::new(Action::ContactErased, ActorKind::System, None)
        .object(ObjectKind::Contact, id.0)
        .detail(
            "messages",
            i64::try_from(erased.messages).unwrap_or(i64::MAX),
        )
        .detail(
            "subjects",
            i64::try_from(erased.subjects.len()).unwrap_or(i64::MAX),
        );
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    store.vault.forget(&erased.subjects);
    if settings.json {
        println!(
            "{}",
            serde_json::json!({
                "id": id, "already": erased.already, "messages": erased.messages,
                "identities": erased.identities, "subjects": erased.subjects.len(),
                "files": erased.files, "records": erased.records,
            })
        );
    } else if erased.already {
        println!("{id} was erased before; nothing was changed");
    } else {
        println!(
            "{id} erased: {} key holders destroyed, {} messages emptied, {} identities deleted",
            erased.subjects.len(),
            erased.messages,
            erased.identities
        );
    }
    Ok(())
}
