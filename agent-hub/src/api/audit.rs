//! `/audit`: the export that anybody can verify, as one zip, and the key to verify it with.
//!
//! Promises: only roles that may export, supervisors only their own teams' events; the export and every refusal are in
//! the log themselves. The folder lies in a private temporary directory and is gone when the answer is built.
//! Does not: step up to a second factor before it (none exists yet).

use std::path::Path as FilePath;
use std::time::Duration;

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use balcao_core::limits::{Limit, LimitKey};
use balcao_core::model::{Problem, Role};
use chrono::{DateTime, Utc};
use compliance::Mutant;
use compliance::audit::{self, Action, Filter, ObjectKind, Outcome, Request};
use serde::{Deserialize, Serialize};
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::extract::Query;
use super::zip;
use crate::error::Error;
use crate::people::{Caller, People};

/// How long an export waits for the sequencer, in seconds.
const WAIT_S: u64 = 15;

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(export))
        .routes(routes!(key))
}

/// Which period.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Period {
    /// First instant, inclusive (RFC 3339).
    from: DateTime<Utc>,
    /// Last instant, exclusive (RFC 3339).
    to: DateTime<Utc>,
}

/// The key that checkpoints and exports are signed with.
#[derive(Serialize, ToSchema)]
pub struct AuditKey {
    /// C2SP signed-note verifier key; give it to auditors by another way than the export.
    pub vkey: String,
}

/// The audit events of a period with the proof that nothing was changed or left out.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit", params(Period),
    responses(
        (status = 200, description = "A zip of the export folder; verify.py is in it", body = Vec<u8>, content_type = "application/zip"),
        (status = 400, description = "invalid", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "rate_limited", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "unavailable: no sequencer signed in time", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn export(
    State(people): State<People>,
    caller: Caller,
    Query(period): Query<Period>,
) -> Result<Response, Error> {
    allowed(&people, &caller, "export").await?;
    if period.from >= period.to {
        return Err(Error::Malformed(
            "Query: from must be before to.".to_owned(),
        ));
    }
    let limit = Limit::new(
        "audit_export",
        people.ctx.config.limits.exports_per_hour_per_account,
        Duration::from_secs(3_600),
    );
    let decision = people
        .ctx
        .limits
        .check(&limit, &LimitKey::id(caller.agent_id.0), 1)
        .await;
    if !decision.allowed {
        return Err(Error::RateLimited {
            retry_after_s: decision.retry_after_seconds(),
        });
    }
    let place = tempfile::tempdir()?;
    let name = format!(
        "balcao-audit-{}",
        people.ctx.clock.now().format("%Y%m%dT%H%M%SZ")
    );
    let dir = place.path().join(&name);
    let request = Request {
        from: period.from,
        to: period.to,
        filter: Filter {
            teams: disclosed(&caller),
            ..Filter::default()
        },
        dir: dir.clone(),
        wait: Duration::from_secs(WAIT_S),
    };
    let event = caller
        .event(Action::AuditExported)
        .object_kind(ObjectKind::Export);
    let summary = audit::export(&people.ctx.store.api, &people.signer, &request, &event).await?;
    tracing::info!(request_id = %caller.request_id, events = summary.events, size = summary.size, "audit log exported");
    let packed = pack(&dir, &place.path().join("export.zip"), name.clone()).await?;
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}.zip\""))
        .map_err(|_| Error::Internal("the file name cannot be told"))?;
    let length = HeaderValue::from(packed.metadata().await?.len());
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/zip"),
        ),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_LENGTH, length),
    ];
    // The open file outlives its directory: the folder is deleted here, the bytes go when they were sent.
    Ok((headers, Body::from_stream(ReaderStream::new(packed))).into_response())
}

async fn pack(dir: &FilePath, file: &FilePath, name: String) -> Result<tokio::fs::File, Error> {
    let (dir, target) = (dir.to_owned(), file.to_owned());
    tokio::task::spawn_blocking(move || zip::pack(&dir, &name, &target))
        .await
        .map_err(|_| Error::Internal("packing the export panicked"))??;
    Ok(tokio::fs::File::open(file).await?)
}

/// A supervisor discloses the events of their teams; the others all. Nobody's team is none, not all.
fn disclosed(caller: &Caller) -> Vec<Uuid> {
    match caller.role {
        Role::Supervisor if caller.team_ids.is_empty() => vec![Uuid::nil()],
        Role::Supervisor => caller.team_ids.iter().map(|team| team.0).collect(),
        Role::Agent | Role::Admin | Role::Dpo | Role::Auditor => Vec::new(),
    }
}

/// Refuses, and records the refusal, unless the role may export.
async fn allowed(people: &People, caller: &Caller, what: &'static str) -> Result<(), Error> {
    if caller.role.exports_audit() || Mutant::ExportForAll.lives() {
        return Ok(());
    }
    let mut tx = people.ctx.store.api.begin().await?;
    let event = caller
        .event(Action::AccessRefused)
        .object_kind(ObjectKind::Export)
        .outcome(Outcome::Refused);
    audit::record(&mut tx, &event.detail("what", what)).await?;
    tx.commit().await?;
    Err(Error::Forbidden)
}

/// The key that exports are verified with.
#[utoipa::path(
    get, path = "/audit/key", tag = "audit",
    responses(
        (status = 200, description = "The key", body = AuditKey),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn key(State(people): State<People>, _caller: Caller) -> Answer<AuditKey> {
    Answer(AuditKey {
        vkey: people.signer.vkey(),
    })
}
