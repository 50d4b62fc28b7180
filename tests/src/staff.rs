//! The people, teams and number of every stack. Passwords and tokens are random in each.

use agent_hub::auth::password;
use balcao_core::model::{AgentId, ChannelId, Locale, Role, TeamId};
use balcao_core::store::agent::{self, NewAgent};
use balcao_core::store::channel::{self, NewChannel};
use balcao_core::store::{Store, team};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::RngExt as _;

/// More conversations than any test gives one agent.
const CAPACITY: i32 = 10_000;

/// A member of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// Agent of support.
    Ana,
    /// Agent of support and billing.
    Bruno,
    /// Agent of billing only.
    Davi,
    /// Supervisor of both.
    Carla,
    /// Administrator.
    Rita,
}

impl Who {
    const ALL: [Self; 5] = [Self::Ana, Self::Bruno, Self::Davi, Self::Carla, Self::Rita];

    fn role(self) -> Role {
        match self {
            Self::Ana | Self::Bruno | Self::Davi => Role::Agent,
            Self::Carla => Role::Supervisor,
            Self::Rita => Role::Admin,
        }
    }
}

/// A log-in.
#[derive(Clone)]
pub struct Account {
    /// Whose.
    pub who: Who,
    /// Their id.
    pub id: AgentId,
    /// What they log in with.
    pub email: String,
    /// And their password.
    pub password: String,
}

/// What Meta and we agreed on for the number.
#[derive(Clone)]
pub struct Number {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the account.
    pub waba_id: String,
    /// Signs webhooks.
    pub app_secret: String,
    /// Repeated when the webhook is registered.
    pub verify_token: String,
    /// Opens the Graph API.
    pub access_token: String,
}

impl Number {
    /// A number with fresh secrets.
    #[must_use]
    pub(crate) fn fresh() -> Self {
        Self {
            phone_number_id: "106540352242922".to_owned(),
            waba_id: "102290129340398".to_owned(),
            app_secret: random(),
            verify_token: random(),
            access_token: random(),
        }
    }
}

/// Everybody, and where they work.
#[derive(Clone)]
pub struct Staff {
    accounts: Vec<Account>,
    /// `suporte`, where new conversations go.
    pub support: TeamId,
    /// `financeiro`.
    pub billing: TeamId,
    /// The number.
    pub channel: ChannelId,
}

impl Staff {
    /// Somebody's log-in.
    #[must_use]
    pub fn account(&self, who: Who) -> &Account {
        self.accounts
            .iter()
            .find(|account| account.who == who)
            .expect("everybody has an account")
    }

    /// Adds teams, staff and the number.
    pub(crate) async fn seed(store: &Store, number: &Number) -> Self {
        let hashing = Who::ALL.map(|who| {
            let password = random();
            tokio::task::spawn_blocking(move || {
                let hash = password::hash(&password).expect("a password can be hashed");
                (who, password, hash)
            })
        });
        let mut tx = store.api.begin().await.expect("a transaction");
        let support = team::put(&mut tx, "suporte", "Suporte técnico")
            .await
            .expect("a team");
        let billing = team::put(&mut tx, "financeiro", "Financeiro")
            .await
            .expect("a team");
        let mut accounts = Vec::new();
        for hashed in hashing {
            let (who, password, password_hash) = hashed.await.expect("hashing ends");
            let email = format!("{}@balcao.example", format!("{who:?}").to_lowercase());
            let new = NewAgent {
                name: format!("{who:?} Exemplo"),
                email: email.clone(),
                role: who.role(),
                password_hash,
                locale: Locale::PtBr,
                capacity: CAPACITY,
                team_ids: match who {
                    Who::Ana => vec![support],
                    Who::Davi => vec![billing],
                    _ => vec![support, billing],
                },
            };
            let id = agent::create(store, &mut tx, &new)
                .await
                .expect("a member of staff");
            accounts.push(Account {
                who,
                id,
                email,
                password,
            });
        }
        let new = NewChannel {
            phone_number_id: number.phone_number_id.clone(),
            waba_id: number.waba_id.clone(),
            name: "Balcão Internet".to_owned(),
            access_token: number.access_token.clone().into(),
            app_secret: None,
            default_team_id: Some(support),
            throughput_per_second: 80,
        };
        let channel = channel::put(store, &mut tx, &new).await.expect("a number");
        tx.commit().await.expect("the seeds are stored");
        Self {
            accounts,
            support,
            billing,
            channel,
        }
    }
}

/// 24 random bytes as a word.
#[must_use]
pub fn random() -> String {
    let mut bytes = [0_u8; 24];
    rand::rng().fill(bytes.as_mut_slice());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
