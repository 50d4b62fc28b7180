//! The company's WhatsApp numbers; the access token is sealed with the channel's own key.

use compliance::{Place, SubjectId, SubjectKind};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;

use super::{Error, Store};
use crate::model::{ChannelId, TeamId};

/// A channel as the gateway needs it.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Our id.
    pub id: ChannelId,
    /// Meta's id of the number; not personal.
    pub phone_number_id: String,
    /// Meta's id of the account.
    pub waba_id: String,
    /// What people call it.
    pub name: String,
    /// Business portfolio: the scope of a customer's BSUID.
    pub portfolio: String,
    /// Key holder of what belongs to the channel.
    pub subject_id: SubjectId,
    /// Bearer token of the Graph API.
    pub access_token: SecretString,
    /// Messages a second, in and out together.
    pub throughput_per_second: i32,
    /// Team of new conversations.
    pub default_team_id: Option<TeamId>,
}

/// All enabled channels.
///
/// # Errors
/// [`Error::Vault`] when a token cannot be opened.
pub async fn enabled(store: &Store, conn: &mut PgConnection) -> Result<Vec<Channel>, Error> {
    let rows = sqlx::query!("select * from channel where enabled")
        .fetch_all(&mut *conn)
        .await?;
    let subjects: Vec<SubjectId> = rows.iter().map(|row| SubjectId(row.subject_id)).collect();
    let keys = store.vault.load(conn, &subjects).await?;
    rows.into_iter()
        .map(|row| {
            let subject_id = SubjectId(row.subject_id);
            let key = keys
                .get(subject_id)
                .ok_or(Error::Damaged("channel without key"))?;
            let token = key.open(
                Place::channel_access_token(row.id),
                &row.sealed_access_token,
            )?;
            Ok(Channel {
                id: ChannelId(row.id),
                phone_number_id: row.phone_number_id,
                waba_id: row.waba_id,
                name: row.name,
                portfolio: row.portfolio,
                subject_id,
                access_token: String::from_utf8_lossy(&token).into_owned().into(),
                throughput_per_second: row.throughput_per_second,
                default_team_id: row.default_team_id.map(TeamId),
            })
        })
        .collect()
}

/// Meta's ids of all numbers, enabled or not, the oldest first.
///
/// # Errors
/// [`Error::Database`].
pub async fn numbers(conn: &mut PgConnection) -> Result<Vec<String>, Error> {
    Ok(
        sqlx::query_scalar!("select phone_number_id from channel order by created_at")
            .fetch_all(conn)
            .await?,
    )
}

/// What a new channel is made of.
#[derive(Clone, Debug)]
pub struct NewChannel {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the account.
    pub waba_id: String,
    /// What people call it.
    pub name: String,
    /// Bearer token of the Graph API.
    pub access_token: SecretString,
    /// Team of new conversations.
    pub default_team_id: Option<TeamId>,
    /// Messages a second that Meta allows.
    pub throughput_per_second: i32,
}

/// Adds a channel, or gives an existing one a new token and settings.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn put(
    store: &Store,
    conn: &mut PgConnection,
    new: &NewChannel,
) -> Result<ChannelId, Error> {
    let existing = sqlx::query!(
        "select id, subject_id from channel where phone_number_id = $1",
        new.phone_number_id
    )
    .fetch_optional(&mut *conn)
    .await?;
    let (id, subject_id) = match existing {
        Some(row) => (ChannelId(row.id), SubjectId(row.subject_id)),
        None => (
            ChannelId::new(),
            compliance::create(&mut *conn, &store.vault, SubjectKind::Channel, None).await?,
        ),
    };
    let keys = store.vault.load(&mut *conn, &[subject_id]).await?;
    let key = keys
        .get(subject_id)
        .ok_or(Error::Damaged("channel without key"))?;
    let token = new.access_token.expose_secret().as_bytes();
    let sealed = key.seal(Place::channel_access_token(id.0), token)?;
    sqlx::query!(
        r#"
        insert into channel (
          id, phone_number_id, waba_id, name, subject_id, sealed_access_token, default_team_id, throughput_per_second
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (phone_number_id) do update set
          waba_id = excluded.waba_id,
          name = excluded.name,
          sealed_access_token = excluded.sealed_access_token,
          default_team_id = excluded.default_team_id,
          throughput_per_second = excluded.throughput_per_second
        "#,
        id.0,
        new.phone_number_id,
        new.waba_id,
        new.name,
        subject_id.0,
        sealed,
        new.default_team_id.map(|id| id.0),
        new.throughput_per_second,
    )
    .execute(conn)
    .await?;
    Ok(id)
}
