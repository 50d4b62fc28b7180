//! Singletons among nodes: whoever holds the row with the newest token works; time is the database's.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;

/// Takes or renews the lease `name` for `seconds`; the fencing token when this node holds it now.
///
/// # Errors
/// [`Error::Database`].
pub async fn hold(
    conn: &mut PgConnection,
    name: &str,
    node_id: Uuid,
    seconds: f64,
) -> Result<Option<i64>, Error> {
    let token = sqlx::query_scalar!(
        r#"
        insert into lease as l (name, token, holder, until)
        values ($1, nextval('lease_token'), $2, clock_timestamp() + make_interval(secs => $3))
        on conflict (name) do update set
          token = case when l.holder = excluded.holder then l.token else excluded.token end,
          holder = excluded.holder,
          until = excluded.until
        where l.holder = excluded.holder or l.until < clock_timestamp()
        returning token
        "#,
        name,
        node_id,
        seconds,
    )
    .fetch_optional(conn)
    .await?;
    Ok(token)
}
