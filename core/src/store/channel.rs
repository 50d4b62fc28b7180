//! The company's WhatsApp numbers, with what opens them: access token and app secrets, sealed with the channel's own key.
//!
//! Promises: one number whose secrets cannot be opened does not hide the others; it is known, and nothing is sent
//! through it. App secrets rotate: a new one stands beside the old one until that is dropped.
//! Does not: say how a number does (`channel_health`), or call Meta.

use chrono::{DateTime, Utc};
use compliance::{Place, SubjectId, SubjectKey, SubjectKind};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;

use super::{Error, Store};
use crate::model::{ChannelId, Handler, TeamId};

/// App secrets of one number at the same time: the new one and the one before.
pub const MAX_APP_SECRETS: usize = 2;
/// The reason of a stop that we found ourselves: the sealed token does not open.
pub const UNREADABLE: &str = "credentials_unreadable";

/// Nothing is sent through a number; it still receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Stable word, or Meta's error code as `code_190`.
    pub reason: String,
    /// A send tries again then; `None` = when a check finds the number well.
    pub until: Option<DateTime<Utc>>,
}

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
    /// The number as people dial it, when Meta told: the company's own.
    pub display_phone_number: Option<String>,
    /// Business portfolio: the scope of a customer's BSUID.
    pub portfolio: String,
    /// Key holder of what belongs to the channel.
    pub subject_id: SubjectId,
    /// Bearer token of the Graph API.
    pub access_token: SecretString,
    /// Tells one token from the next without showing either: a stop names the token that was refused.
    pub token_fingerprint: String,
    /// What may sign this number's webhooks beside the configuration's secrets, the newest first.
    pub app_secrets: Vec<SecretString>,
    /// Messages a second, in and out together.
    pub throughput_per_second: i32,
    /// Team of new conversations.
    pub default_team_id: Option<TeamId>,
    /// Why nothing is sent through it.
    pub stopped: Option<Stop>,
}

impl Channel {
    /// Whether nothing may be sent through it now.
    #[must_use]
    pub fn is_stopped(&self, now: DateTime<Utc>) -> bool {
        self.stopped
            .as_ref()
            .is_some_and(|stop| stop.until.is_none_or(|until| until > now))
    }
}

/// A channel as it lies in the database.
struct Row {
    id: ChannelId,
    phone_number_id: String,
    waba_id: String,
    name: String,
    display_phone_number: Option<String>,
    portfolio: String,
    subject_id: SubjectId,
    sealed_access_token: Vec<u8>,
    token_fingerprint: String,
    sealed_app_secret: Option<Vec<u8>>,
    throughput_per_second: i32,
    default_team_id: Option<TeamId>,
    stopped_reason: Option<String>,
    stopped_until: Option<DateTime<Utc>>,
}

/// All enabled channels. One whose secrets do not open is among them, stopped.
///
/// # Errors
/// [`Error::Database`]; [`Error::Vault`] when the keys are away for all of them.
pub async fn enabled(store: &Store, conn: &mut PgConnection) -> Result<Vec<Channel>, Error> {
    let rows = rows(conn, None).await?;
    open_all(store, conn, rows).await
}

/// One channel, enabled or not, by our id or by Meta's id of the number.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn by_name(
    store: &Store,
    conn: &mut PgConnection,
    id_or_number: &str,
) -> Result<Option<Channel>, Error> {
    let rows = rows(conn, Some(id_or_number)).await?;
    Ok(open_all(store, conn, rows).await?.pop())
}

async fn rows(conn: &mut PgConnection, id_or_number: Option<&str>) -> Result<Vec<Row>, Error> {
    Ok(sqlx::query_as!(
        Row,
        r#"
        select
          id as "id: ChannelId",
          phone_number_id,
          waba_id,
          name,
          display_phone_number,
          portfolio,
          subject_id as "subject_id: SubjectId",
          sealed_access_token,
          encode(sha256(sealed_access_token), 'hex') as "token_fingerprint!",
          sealed_app_secret,
          throughput_per_second,
          default_team_id as "default_team_id: TeamId",
          stopped_reason,
          stopped_until
        from channel
        where case when $1::text is null then enabled else id::text = $1 or phone_number_id = $1 end
        order by created_at
        "#,
        id_or_number,
    )
    .fetch_all(conn)
    .await?)
}

async fn open_all(
    store: &Store,
    conn: &mut PgConnection,
    rows: Vec<Row>,
) -> Result<Vec<Channel>, Error> {
    let subjects: Vec<SubjectId> = rows.iter().map(|row| row.subject_id).collect();
    let keys = store.vault.load(conn, &subjects).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let key = keys.get(row.subject_id);
            opened(row, key)
        })
        .collect())
}

/// A number is never left out: its webhooks must find it, whatever became of its token.
fn opened(row: Row, key: Option<&SubjectKey>) -> Channel {
    let id = row.id;
    let open = |place: Place, blob: &[u8]| {
        let opened = key.and_then(|key| key.open(place, blob).ok());
        if opened.is_none() {
            tracing::error!(channel_id = %id, column = place.column, "a secret of this number does not open; set it again with: balcao channel set-token");
        }
        opened.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let token = open(Place::channel_access_token(id.0), &row.sealed_access_token);
    let secrets = row
        .sealed_app_secret
        .as_deref()
        .and_then(|blob| open(Place::channel_app_secret(id.0), blob));
    let unreadable = token.is_none().then(|| Stop {
        reason: UNREADABLE.to_owned(),
        until: None,
    });
    let stopped = row.stopped_reason.map(|reason| Stop {
        reason,
        until: row.stopped_until,
    });
    Channel {
        id,
        phone_number_id: row.phone_number_id,
        waba_id: row.waba_id,
        name: row.name,
        display_phone_number: row.display_phone_number,
        portfolio: row.portfolio,
        subject_id: row.subject_id,
        access_token: token.unwrap_or_default().into(),
        token_fingerprint: row.token_fingerprint,
        app_secrets: secrets
            .iter()
            .flat_map(|all| all.lines())
            .map(SecretString::from)
            .collect(),
        throughput_per_second: row.throughput_per_second,
        default_team_id: row.default_team_id,
        stopped: unreadable.or(stopped),
    }
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
    /// Signs this number's webhooks beside the configuration's secrets; `None` leaves what is there.
    pub app_secret: Option<SecretString>,
    /// Team of new conversations.
    pub default_team_id: Option<TeamId>,
    /// Messages a second that Meta allows.
    pub throughput_per_second: i32,
}

/// Adds a channel, or gives an existing one a new token and settings. A stop is lifted: it belonged to the old token.
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
    let key = keys.require(subject_id)?;
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
          throughput_per_second = excluded.throughput_per_second,
          stopped_reason = null,
          stopped_until = null
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
    .execute(&mut *conn)
    .await?;
    if let Some(secret) = &new.app_secret {
        set_app_secrets(store, conn, (id, subject_id), std::slice::from_ref(secret)).await?;
    }
    Ok(id)
}

/// Says who has a number's new cases first; whether that changed anything.
///
/// # Errors
/// [`Error::Database`]; a check refuses [`Handler::Agent`].
pub async fn set_first_handler(
    conn: &mut PgConnection,
    id: ChannelId,
    first: Handler,
) -> Result<bool, Error> {
    let changed = sqlx::query_scalar!(
        "update channel set first_handler = $2 where id = $1 and first_handler <> $2 returning id",
        id.0,
        first as Handler,
    )
    .fetch_optional(conn)
    .await?;
    Ok(changed.is_some())
}

/// Says whose customer ids a number sees. Only before its first customer: afterwards the same people would be others.
///
/// # Errors
/// [`Error::Database`].
pub async fn set_portfolio(
    conn: &mut PgConnection,
    id: ChannelId,
    portfolio: &str,
) -> Result<bool, Error> {
    let changed = sqlx::query_scalar!(
        r#"
        update channel
        set portfolio = $2
        where id = $1
          and (portfolio = $2 or not exists (select from contact_channel where channel_id = $1))
        returning id
        "#,
        id.0,
        portfolio,
    )
    .fetch_optional(conn)
    .await?;
    Ok(changed.is_some())
}

/// Replaces the access token and lifts a stop, which belonged to the old one.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn set_token(
    store: &Store,
    conn: &mut PgConnection,
    channel: &Channel,
    token: &SecretString,
) -> Result<(), Error> {
    let keys = store.vault.load(&mut *conn, &[channel.subject_id]).await?;
    let key = keys.require(channel.subject_id)?;
    let place = Place::channel_access_token(channel.id.0);
    let sealed = key.seal(place, token.expose_secret().as_bytes())?;
    sqlx::query!(
        r#"
        update channel
        set sealed_access_token = $2, stopped_reason = null, stopped_until = null, health_at = null
        where id = $1
        "#,
        channel.id.0,
        sealed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Says which app secrets may sign a number's webhooks from now on, the newest first; none leaves those of the
/// configuration.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn set_app_secrets(
    store: &Store,
    conn: &mut PgConnection,
    (id, subject_id): (ChannelId, SubjectId),
    secrets: &[SecretString],
) -> Result<(), Error> {
    let lines: Vec<&str> = secrets
        .iter()
        .take(MAX_APP_SECRETS)
        .map(ExposeSecret::expose_secret)
        .collect();
    let keys = store.vault.load(&mut *conn, &[subject_id]).await?;
    let place = Place::channel_app_secret(id.0);
    let sealed = if lines.is_empty() {
        None
    } else {
        let key = keys.require(subject_id)?;
        Some(key.seal(place, lines.join("\n").as_bytes())?)
    };
    sqlx::query!(
        "update channel set sealed_app_secret = $2 where id = $1",
        id.0,
        sealed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Enables or disables a number; whether that changed anything.
///
/// # Errors
/// [`Error::Database`].
pub async fn set_enabled(
    conn: &mut PgConnection,
    id: ChannelId,
    enabled: bool,
) -> Result<bool, Error> {
    let changed = sqlx::query_scalar!(
        "update channel set enabled = $2 where id = $1 and enabled <> $2 returning id",
        id.0,
        enabled,
    )
    .fetch_optional(conn)
    .await?;
    Ok(changed.is_some())
}
