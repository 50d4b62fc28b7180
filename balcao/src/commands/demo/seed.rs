//! Sample teams, staff and the number: enough for two agents to work and a supervisor to watch.

use balcao_core::model::{Locale, Role, TeamId};
use balcao_core::store::agent::{self, NewAgent};
use balcao_core::store::channel::{self, NewChannel};
use balcao_core::store::{Store, team};

use super::folder::{Account, Demo};
use crate::cli::Failure;

/// Adds what is missing; running it again changes nothing but the token, back to that of `demo.json`.
pub(super) async fn seed(
    store: &Store,
    demo: &Demo,
    throughput_per_second: u16,
) -> Result<(), Failure> {
    let mut tx = store.api.begin().await?;
    let mut hashed = Vec::with_capacity(demo.accounts.len());
    for account in &demo.accounts {
        // Creating again would end the sessions of whoever is still logged in from the last run.
        if agent::by_email(store, &mut tx, &account.email)
            .await?
            .is_some()
        {
            continue;
        }
        let password = account.password.clone();
        let hash = tokio::task::spawn_blocking(move || agent_hub::auth::password::hash(&password));
        hashed.push((account, hash.await.map_err(anyhow::Error::from)??));
    }
    let support = team::put(&mut tx, "suporte", "Suporte técnico").await?;
    let billing = team::put(&mut tx, "financeiro", "Financeiro").await?;
    for (account, password_hash) in hashed {
        agent::create(
            store,
            &mut tx,
            &member(account, password_hash, support, billing)?,
        )
        .await?;
    }
    let number = NewChannel {
        phone_number_id: demo.phone_number_id.clone(),
        waba_id: demo.waba_id.clone(),
        name: "Balcão Internet".to_owned(),
        access_token: demo.access_token.clone().into(),
        app_secret: None,
        default_team_id: Some(support),
        throughput_per_second: throughput_per_second.into(),
    };
    channel::put(store, &mut tx, &number).await?;
    tx.commit().await?;
    Ok(())
}

fn member(
    account: &Account,
    password_hash: String,
    support: TeamId,
    billing: TeamId,
) -> Result<NewAgent, Failure> {
    let (name, team_ids) = match account.email.split('@').next() {
        Some("ana") => ("Ana Exemplo", vec![support]),
        Some("bruno") => ("Bruno Exemplo", vec![support, billing]),
        Some("carla") => ("Carla Exemplo", vec![support, billing]),
        _ => ("Administração", vec![support, billing]),
    };
    let role: Role = serde_json::from_value(account.role.as_str().into())?;
    Ok(NewAgent {
        name: name.to_owned(),
        email: account.email.clone(),
        role,
        password_hash,
        locale: Locale::PtBr,
        capacity: 50,
        team_ids,
    })
}
