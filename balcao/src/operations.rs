//! The operations door: is it alive, is it ready, how does each part do, and the numbers.
//!
//! Promises: nothing personal here; readiness does not depend on Redis (only freshness does).

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use balcao_core::context::Context;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::{outbox, retention};
use balcao_core::telemetry;
use compliance::Mutant;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::cli::Failure;

/// A feed whose cursor lags this long is not fresh enough to take new sockets.
const MAX_FEED_LAG_SECONDS: f64 = 10.0;

#[derive(Clone)]
struct Operations {
    ctx: Context,
    shutdown: Shutdown,
    metrics: std::sync::Arc<dyn Fn() -> String + Send + Sync>,
}

/// Serves until the node stops.
///
/// # Errors
/// [`Failure::Other`] when the door cannot be served.
pub async fn run(ctx: Context, listener: TcpListener, shutdown: Shutdown) -> Result<(), Failure> {
    let handle = telemetry::install_metrics().map_err(|error| Failure::Other(error.into()))?;
    shutdown.spawn_lasting(
        "metrics-upkeep",
        telemetry::upkeep(handle.clone(), shutdown.clone()),
    );
    let limits = ctx.config.listen.clone();
    let operations = Operations {
        ctx,
        shutdown: shutdown.clone(),
        metrics: std::sync::Arc::new(move || handle.render()),
    };
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/health/{module}", get(module))
        .route("/metrics", get(metrics))
        .with_state(operations);
    // Stays open through the drain: the load balancer must see that this node is no longer ready.
    balcao_core::listener::serve(listener, router, &limits, shutdown.stopping()).await?;
    Ok(())
}

async fn ready(State(operations): State<Operations>) -> Response {
    let mut checks = serde_json::Map::new();
    let mut ready = !operations.shutdown.is_draining();
    checks.insert("draining".into(), json!(!ready));
    match database(&operations.ctx).await {
        Ok((lag, months)) => {
            ready &= lag < MAX_FEED_LAG_SECONDS && months >= 1;
            checks.insert("database".into(), json!("ok"));
            checks.insert("feed_lag_seconds".into(), json!(lag));
            checks.insert("partition_horizon_months".into(), json!(months));
        }
        Err(error) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            ready = false;
            checks.insert("database".into(), json!("away"));
        }
    }
    if let (true, Some(redis)) = (Mutant::ReadinessNeedsRedis.lives(), &operations.ctx.redis) {
        ready &= redis.ping().await.is_ok();
    }
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    checks.insert("ready".into(), json!(ready));
    (status, Json(Value::Object(checks))).into_response()
}

async fn database(ctx: &Context) -> Result<(f64, i64), balcao_core::store::Error> {
    let mut conn = ctx.store.worker.acquire().await?;
    Ok((
        retention::feed_lag_seconds(&mut conn).await?,
        retention::partition_horizon_months(&mut conn).await?,
    ))
}

async fn module(State(operations): State<Operations>, Path(name): Path<String>) -> Response {
    match look_at(&operations.ctx, &name).await {
        Some(Ok(facts)) => (
            StatusCode::OK,
            Json(json!({ "module": name, "ok": true, "facts": facts })),
        )
            .into_response(),
        Some(Err(why)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "module": name, "ok": false, "why": why })),
        )
            .into_response(),
        None => {
            let known = json!({ "problem": "no such module", "modules": MODULES });
            (StatusCode::NOT_FOUND, Json(known)).into_response()
        }
    }
}

const MODULES: [&str; 5] = ["database", "redis", "keys", "outbox", "audit"];

async fn look_at(ctx: &Context, name: &str) -> Option<Result<Value, String>> {
    let words = |error: balcao_core::store::Error| error.to_string();
    Some(match name {
        "database" => database(ctx).await.map(|(lag, months)| json!({ "feed_lag_seconds": lag, "partition_horizon_months": months })).map_err(words),
        "redis" => match &ctx.redis {
            None => Ok(json!({ "configured": false })),
            Some(redis) => redis.ping().await.map(|()| json!({ "configured": true })).map_err(|error| error.to_string()),
        },
        "keys" => async {
            let mut conn = ctx.store.worker.acquire().await.map_err(|error| error.to_string())?;
            ctx.store.vault.probe(&mut conn).await.map_err(|error| error.to_string())?;
            Ok(json!({}))
        }
        .await,
        "outbox" => async {
            let mut conn = ctx.store.worker.acquire().await?;
            let (queued, age, unknown) = outbox::gauge(&mut conn).await?;
            Ok(json!({ "queued": queued, "oldest_due_seconds": age, "unknown": unknown }))
        }
        .await
        .map_err(words),
        "audit" => async {
            let mut conn = ctx.store.worker.acquire().await?;
            let (pending, age) = retention::audit_backlog(&mut conn).await?;
            Ok(json!({ "pending": pending, "oldest_seconds": age }))
        }
        .await
        .map_err(words),
        _ => return None,
    })
}

async fn metrics(State(operations): State<Operations>) -> Response {
    let text = (operations.metrics)();
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}
