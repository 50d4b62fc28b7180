//! Many new people write their first words to two nodes at once, and Meta names each of them now by this, now by that:
//! in the end each is one contact, nobody is another, and every word is there once.

use std::collections::BTreeMap;

use e2e::{Plan, Stack, Who};
use futures_util::future::join_all;
use serde_json::Value;

use super::one_person_one_contact::{Named, history, page, people, plan, writes};

const PEOPLE: usize = 24;

/// What Meta names one of the people by. Neighbours differ by one digit.
struct Newcomer {
    phone: String,
    /// The same number without its ninth digit.
    short: String,
    id: String,
}

impl Newcomer {
    fn of(n: usize) -> Self {
        Self {
            phone: format!("55319876502{n:02}"),
            short: format!("5531876502{n:02}"),
            id: format!("BR.920{n:02}"),
        }
    }

    /// All the ways, each of which is a first message for whoever reads it first. Some people are never named by
    /// both: what does not bind the number to the user id must not be guessed.
    fn ways(&self, n: usize) -> Vec<Named<'_>> {
        match n % 4 {
            0 => vec![Named::phone(&self.phone), Named::phone(&self.short)],
            1 => vec![Named::id(&self.id)],
            2 => vec![
                Named::id(&self.id),
                Named::phone(&self.short),
                Named::both(&self.phone, &self.id),
            ],
            _ => vec![
                Named::phone(&self.phone),
                Named::both(&self.short, &self.id),
                Named::id(&self.id),
                Named::both(&self.phone, &self.id),
                Named::phone(&self.short),
            ],
        }
    }
}

/// What each said, by the words that tell who it was.
fn told(said: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut told = BTreeMap::<&str, Vec<&str>>::new();
    for words in said {
        let (who, way) = words.split_once(": ").expect("our words");
        told.entry(who).or_default().push(way);
    }
    told
}

/// The living contacts: what was said in all cases of each.
async fn contacts(stack: &Stack) -> Vec<Vec<String>> {
    let rita = stack.agent(Who::Rita, 1).await;
    let mut contacts = Vec::new();
    let mut pages = BTreeMap::<String, Value>::new();
    for case in rita.conversations().await {
        let page = page(&rita, &case).await;
        let before = pages.insert(page["contact"]["id"].to_string(), page);
        assert!(before.is_none(), "one open case of the number");
    }
    for page in pages.values() {
        contacts.push(history(&rita, page).await);
    }
    contacts
}

#[tokio::test(flavor = "multi_thread")]
async fn new_people_who_write_to_two_nodes_at_once_are_one_contact_each() {
    let two = Plan::two_nodes();
    let stack = Stack::of(Plan {
        roles: plan().roles,
        ..two
    })
    .await;
    let nodes = [stack.meta(0), stack.meta(1)];
    let newcomers: Vec<Newcomer> = (0..PEOPLE).map(Newcomer::of).collect();
    let mut expected = Vec::new();
    for (n, newcomer) in newcomers.iter().enumerate() {
        let mut theirs = Vec::new();
        let mut posts = Vec::new();
        for (way, named) in newcomer.ways(n).into_iter().enumerate() {
            for (node, meta) in nodes.iter().enumerate() {
                let words = format!("{n}: {way} {node}");
                theirs.push(words.clone());
                posts.push(async move { writes(meta, named, &words).await });
            }
        }
        // One after the other: so many in one batch of each node would meet once, these meet again and again.
        join_all(posts).await;
        theirs.sort();
        expected.push(theirs);
    }

    assert_eq!(people(&stack).await, i64::try_from(PEOPLE).expect("a few"));
    let mut found = contacts(&stack).await;
    for one in &found {
        assert_eq!(told(one).len(), 1, "one for two: {one:?}");
    }
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "nothing is lost, nothing is there twice");
    for none in ["dead_letter", "parked_event"] {
        assert_eq!(stack.database.count(none).await, 0, "{none}");
    }
    stack.database.assert_dense().await;
}
