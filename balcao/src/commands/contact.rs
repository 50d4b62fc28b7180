//! `balcao contact`: find a customer by phone, erase one. The phone comes from standard input, never from an argument.

use balcao_core::model::ContactId;
use balcao_core::store::contact::{self, IdentityKind};
use balcao_core::store::{Refusal, erasure};
use clap::Subcommand;
use compliance::audit::{self, Action, ActorKind, Event, ObjectKind};

use super::open;
use crate::cli::{Failure, Settings, secret_from_stdin};

/// What can be done with contacts.
#[derive(Subcommand)]
pub enum Verb {
    /// Find a contact by phone; the phone is read from standard input, digits with country code
    Find,
    /// Erase a contact for good: keys, identities, words
    Erase {
        /// The contact, as `contact find` prints it
        id: ContactId,
        /// Why: request, retention, or another word of lower-case letters and underscores
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Runs it.
///
/// # Errors
/// [`Failure::Check`] when there is no such contact.
pub async fn run(settings: &Settings, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Find => find(settings).await,
        Verb::Erase { id, reason } => erase(settings, id, &reason).await,
    }
}

async fn find(settings: &Settings) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let phone: String = secret_from_stdin("the phone")?
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let mut tx = store.api.begin().await?;
    let mut spellings = gateway::identity::variants(&phone);
    spellings.push(phone);
    let found = contact::find(&store, &mut tx, IdentityKind::Phone, "1", &spellings).await?;
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
        eprintln!("no contact with this phone");
        return Err(Failure::Check);
    }
    Ok(())
}

async fn erase(settings: &Settings, id: ContactId, reason: &str) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let mut tx = store.api.begin().await?;
    let erased = match erasure::erase(&mut tx, id, None, reason).await {
        Ok(erased) => erased,
        Err(balcao_core::store::Error::Refused(Refusal::NotFound)) => {
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
