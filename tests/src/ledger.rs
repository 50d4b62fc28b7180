//! The simulator's ledger against the database: what Meta was told, what Meta was asked, and what we kept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::stack::Stack;

/// The simulator's ledger as it is now.
pub struct Ledger {
    lines: Vec<Value>,
}

impl Ledger {
    /// Reads it.
    pub async fn read(stack: &Stack) -> Self {
        let url = format!("{}/sim/ledger", stack.simulator.url);
        let answer = stack
            .simulator
            .http
            .get(url)
            .send()
            .await
            .expect("the simulator answers");
        let text = answer.text().await.expect("JSON Lines");
        Self {
            lines: text
                .lines()
                .map(|line| serde_json::from_str(line).expect("a line is JSON"))
                .collect(),
        }
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.lines.iter().filter(move |line| line["kind"] == kind)
    }

    /// The wamids of customers' messages whose webhook was answered with 200.
    #[must_use]
    pub fn acknowledged(&self) -> BTreeSet<String> {
        let attempts = self.of_kind("attempt").filter(|line| line["http"] == 200);
        let identities = attempts.flat_map(|line| line["events"].as_array().into_iter().flatten());
        identities
            .filter_map(|identity| identity.as_str()?.strip_prefix("message:"))
            .map(str::to_owned)
            .collect()
    }

    /// The wamids of everything that customers wrote.
    #[must_use]
    pub fn written(&self) -> BTreeSet<String> {
        let events = self
            .of_kind("event")
            .filter(|line| line["event"] == "message");
        events
            .filter_map(|line| line["wamid"].as_str())
            .map(str::to_owned)
            .collect()
    }

    /// How often Meta took a send with each of our keys.
    #[must_use]
    pub fn taken(&self) -> BTreeMap<String, usize> {
        let mut taken = BTreeMap::new();
        for call in self
            .of_kind("graph")
            .filter(|line| line["wamid"].is_string())
        {
            let key = call["callback_data"]
                .as_str()
                .expect("every send carries our key")
                .to_owned();
            *taken.entry(key).or_insert(0) += 1;
        }
        taken
    }

    /// The bodies of the calls that Meta took with this type, in order.
    #[must_use]
    pub fn asked(&self, kind: &str) -> Vec<Value> {
        self.of_kind("graph")
            .filter(|line| line["wamid"].is_string() && line["request"]["type"] == kind)
            .map(|line| line["request"].clone())
            .collect()
    }

    /// How many files Meta was given.
    #[must_use]
    pub fn uploads(&self) -> usize {
        let calls = self.of_kind("graph");
        let to_media = |line: &&Value| {
            line["call"]
                .as_str()
                .is_some_and(|call| call.ends_with("/media"))
        };
        calls.filter(to_media).count()
    }

    /// What Meta took, in order: its id and our key.
    #[must_use]
    pub fn sends(&self) -> Vec<(String, String)> {
        let word = |line: &Value, key: &str| line[key].as_str().map(str::to_owned);
        self.of_kind("graph")
            .filter_map(|line| Some((word(line, "wamid")?, word(line, "callback_data")?)))
            .collect()
    }

    /// The bodies of read marks and typing signs that Meta took, in order.
    #[must_use]
    pub fn marks(&self) -> Vec<Value> {
        self.of_kind("graph")
            .filter(|line| line["http"] == 200 && line["request"]["status"] == "read")
            .map(|line| line["request"].clone())
            .collect()
    }

    /// How many attempts to post were made.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.of_kind("attempt").count()
    }

    /// Promises 1, 2, 3 and 5 at rest: everything acknowledged is stored, once; everything written was acknowledged in
    /// the end; every send was taken at most once, and what we call sent was taken.
    ///
    /// # Panics
    /// When one is broken; names the offenders.
    pub async fn assert_nothing_lost_nothing_twice(&self, stack: &Stack) {
        let acknowledged = self.acknowledged();
        let missing: Vec<_> = self.written().difference(&acknowledged).cloned().collect();
        assert!(missing.is_empty(), "never acknowledged: {missing:?}");
        for wamid in &acknowledged {
            let mac = stack
                .store
                .vault
                .mac_wamid(&stack.number.phone_number_id, wamid);
            let stored = stack.database.stored_as(mac.as_bytes()).await;
            assert_eq!(
                stored.len(),
                1,
                "acknowledged and stored {} times: {wamid}",
                stored.len()
            );
        }
        let inbound = stack.database.count("message where direction = 'in'").await;
        assert_eq!(
            usize::try_from(inbound).ok(),
            Some(acknowledged.len()),
            "rows that nobody wrote"
        );
        stack.database.assert_dense().await;

        let taken = self.taken();
        let twice: Vec<_> = taken.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "sent twice: {twice:?}");
        let sent: Vec<String> = sqlx::query_scalar(
            "select format('v1.%s.%s.%s', conversation_id, seq, attempt) from outbox where state = 'sent'",
        )
        .fetch_all(stack.database.pool())
        .await
        .expect("sends");
        let sent: BTreeSet<String> = sent.into_iter().collect();
        let imagined: Vec<_> = sent
            .iter()
            .filter(|key| !taken.contains_key(*key))
            .collect();
        assert!(
            imagined.is_empty(),
            "sent, we say, but Meta never took it: {imagined:?}"
        );
        let forgotten: Vec<_> = taken.keys().filter(|key| !sent.contains(*key)).collect();
        assert!(
            forgotten.is_empty(),
            "Meta took it, but it is not sent: {forgotten:?}"
        );
    }
}
