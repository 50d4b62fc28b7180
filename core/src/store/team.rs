//! Teams: a queue and the people who work it.
//!
//! Promises: the slug is stable and unique; putting a team twice changes its name and nothing else.
//! Does not: delete teams, because past cases name them.

use compliance::audit::{self, Action, ActorKind, Event, ObjectKind};
use sqlx::PgConnection;

use super::Error;
use crate::model::TeamId;

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Which.
    pub id: TeamId,
    /// Stable short name, `[a-z0-9-]{1,40}`.
    pub slug: String,
    /// Name as people read it.
    pub name: String,
}

/// Adds a team, or gives the one with this slug another name. Audited as a deed of the operator.
///
/// # Errors
/// [`Error::Database`], 23514 when the slug is not of `[a-z0-9-]{1,40}`.
pub async fn put(conn: &mut PgConnection, slug: &str, name: &str) -> Result<TeamId, Error> {
    let row = sqlx::query!(
        r#"
        insert into team as t (id, slug, name)
        values ($1, $2, $3)
        on conflict (slug) do update set name = excluded.name
        returning t.id, (xmax = 0) as "added!"
        "#,
        TeamId::new().0,
        slug,
        name,
    )
    .fetch_one(&mut *conn)
    .await?;
    let change = if row.added { "added" } else { "named" };
    let event = Event::new(Action::TeamChanged, ActorKind::System, None)
        .object(ObjectKind::Team, row.id)
        .team(row.id)
        .detail("change", change);
    audit::record(conn, &event).await?;
    Ok(TeamId(row.id))
}

/// All teams, by name.
///
/// # Errors
/// [`Error::Database`].
pub async fn list(conn: &mut PgConnection) -> Result<Vec<Team>, Error> {
    let teams = sqlx::query_as!(
        Team,
        r#"
        select
          id as "id: TeamId",
          slug,
          name
        from team
        order by name, id
        "#,
    )
    .fetch_all(conn)
    .await?;
    Ok(teams)
}

/// The team with this slug, if any.
///
/// # Errors
/// [`Error::Database`].
pub async fn by_slug(conn: &mut PgConnection, slug: &str) -> Result<Option<TeamId>, Error> {
    let id = sqlx::query_scalar!("select id from team where slug = $1", slug)
        .fetch_optional(conn)
        .await?;
    Ok(id.map(TeamId))
}
