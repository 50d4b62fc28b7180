//! After an incident an operator holds Meta's list of message ids against ours: what is here, since when, how far.

use e2e::Stack;
use e2e::meta::{status, text, wamid};
use serde_json::Value;

const PHONE: &str = "5511900000071";

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_learns_what_became_of_each_message() {
    let stack = Stack::start().await;
    let meta = stack.meta(0);
    let oi = text(PHONE, "oi");
    let (never, early) = (wamid(PHONE), wamid(PHONE));
    assert_eq!(
        meta.post(&meta.messages(std::slice::from_ref(&oi))).await,
        200
    );
    assert_eq!(
        meta.post(&meta.statuses(&[status(&early, PHONE, "read")]))
            .await,
        200
    );
    let list = format!(
        "{}\n{never}\n\n{early}\n",
        oi["id"].as_str().expect("a wamid")
    );

    let said = stack
        .balcao(&["message", "find", "--wamids", "-", "--json"], &list)
        .await;

    assert_eq!(said.code, 1, "one of them is not here: {}", said.err);
    let lines: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let found: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["found"].as_str())
        .collect();
    assert_eq!(found, ["stored", "no", "awaited"]);
    assert_eq!(
        (&lines[0]["seq"], &lines[0]["direction"]),
        (&1.into(), &"in".into())
    );
    assert!(
        !said.out.contains(PHONE) && !said.out.contains("wamid"),
        "{}",
        said.out
    );
}
