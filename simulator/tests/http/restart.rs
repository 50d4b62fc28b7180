use crate::harness::{ANA, World};
use anyhow::Result;
use serde_json::json;

#[tokio::test]
async fn threads_and_unacknowledged_webhooks_survive_a_restart() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let first = world.writes(ANA, "um").await?;
    world.sends(ANA, "Olá", "v1.c.2.1").await?;
    for expected in ["sent", "delivered", "read"] {
        assert_eq!(world.status().await?["statuses"][0]["status"], expected);
    }
    world
        .ledger_line("attempt", |line| {
            line["events"][0]
                .as_str()
                .is_some_and(|id| id.ends_with(":read"))
        })
        .await?;
    // A gateway that is away for as long as this simulator runs.
    world.answer(&[503; 100_000]);
    let second = world.says(ANA, "dois").await?;
    world.post().await?;

    let mut world = world.restart().await?;
    world.posts.close();
    let thread = world.thread(ANA, 2).await?;
    assert_eq!(
        [&thread[0]["id"], &thread[2]["id"]],
        [&json!(first), &json!(second)]
    );
    assert_eq!(
        (&thread[1]["ticks"], &thread[1]["callback_data"]),
        (&json!("read"), &json!("v1.c.2.1"))
    );
    let again = world
        .ledger_line("attempt", |line| {
            line["events"] == json!([format!("message:{second}")])
        })
        .await?;
    assert_eq!(again["http"], 503);
    assert_eq!(
        world.sends(ANA, "a janela ainda está aberta", "x").await?.0,
        200
    );
    world.stop().await
}
