//! What must hold at rest, whatever was broken: the ledgers outside against the database.

use std::panic::AssertUnwindSafe;

use balcao_core::model::ConversationId;
use e2e::ledger::Ledger;
use e2e::{SOON, Socket, Stack};
use futures_util::FutureExt as _;

/// A reply that was accepted: where, under which reference, at which place.
pub type Accepted = (ConversationId, String, i64);

/// Waits for rest, then compares; each finding begins with its invariant.
pub async fn findings(stack: &Stack, desk: &Socket, accepted: &[Accepted]) -> Vec<String> {
    let mut found = Vec::new();
    let quiet = stack.database.is_quiet(&stack.simulator);
    found.extend(broken("I8 (nothing stays under way)", quiet).await);
    let ledger = Ledger::read(stack).await;
    messages(stack, &ledger, &mut found).await;
    found.extend(broken("I3 (1 to n)", stack.database.assert_dense()).await);
    for (key, times) in ledger.taken().iter().filter(|(_, times)| **times > 1) {
        found.push(format!("I4 (sent once): Meta took {key} {times} times"));
    }
    for (id, client_ref, seq) in accepted {
        let row = format!(
            "message where conversation_id = '{id}' and seq = {seq} and client_ref = '{client_ref}'"
        );
        if stack.database.count(&row).await != 1 {
            found.push(format!(
                "I7 (accepted is kept): {client_ref} of {id} at {seq}"
            ));
        }
    }
    let mut conversations: Vec<_> = accepted.iter().map(|(id, ..)| *id).collect();
    conversations.dedup();
    for id in conversations {
        let whole = async { drop(desk.shows_whole(&stack.database, id, SOON).await) };
        found.extend(broken("I5 (the view is what is stored)", whole).await);
    }
    found
}

async fn messages(stack: &Stack, ledger: &Ledger, found: &mut Vec<String>) {
    let acknowledged = ledger.acknowledged();
    for wamid in ledger.written().difference(&acknowledged) {
        found.push(format!("I1 (acknowledged in the end): never: {wamid}"));
    }
    for wamid in &acknowledged {
        let vault = &stack.store.vault;
        let mac = vault.mac_wamid(&stack.number.phone_number_id, wamid);
        match stack.database.stored_as(mac.as_bytes()).await.len() {
            0 => found.push(format!("I1 (acknowledged is stored): lost: {wamid}")),
            1 => {}
            n => found.push(format!("I2 (one row): {n} rows: {wamid}")),
        }
    }
    let rows = stack.database.count("message where direction = 'in'").await;
    if usize::try_from(rows).ok() != Some(acknowledged.len()) {
        let posted = acknowledged.len();
        found.push(format!("I2 (one row): {rows} rows of {posted} messages"));
    }
}

/// The harness panics where it is surprised: that is the finding.
async fn broken(invariant: &str, check: impl Future<Output = ()>) -> Option<String> {
    let panic = AssertUnwindSafe(check).catch_unwind().await.err()?;
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no words");
    Some(format!("{invariant}: {words}"))
}
