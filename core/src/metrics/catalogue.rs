//! The catalogue, in the order of docs/metrics.md.

use super::names as n;
use super::{Kind, Label, Metric, Unit};

const fn metric(
    name: &'static str,
    kind: Kind,
    unit: Unit,
    labels: &'static [Label],
    help: &'static str,
) -> Metric {
    Metric {
        name,
        kind,
        unit,
        labels,
        help,
    }
}

const fn label(name: &'static str, values: &'static str) -> Label {
    Label { name, values }
}

/// Every metric of the product.
pub const CATALOGUE: &[Metric] = &[
    metric(
        n::WEBHOOK_REQUESTS,
        Kind::Counter,
        Unit::Count,
        &[label("answer", "HTTP status")],
        "Webhook calls by what Meta was answered.",
    ),
    metric(
        n::WEBHOOK,
        Kind::Histogram,
        Unit::Seconds,
        &[],
        "From the last byte of a webhook body to the answer.",
    ),
    metric(
        n::INGEST_BATCH,
        Kind::Histogram,
        Unit::Seconds,
        &[],
        "One ingest transaction, commit included.",
    ),
    metric(
        n::INGEST_BATCH_ITEMS,
        Kind::Histogram,
        Unit::Count,
        &[],
        "Items in one ingest transaction.",
    ),
    metric(
        n::INGEST_QUEUE_AGE,
        Kind::Gauge,
        Unit::Seconds,
        &[],
        "How long the oldest item of the ingest queue has waited; 503 from webhook.max_queue_lag_ms on.",
    ),
    metric(
        n::INGEST_MESSAGES,
        Kind::Counter,
        Unit::Count,
        &[label("outcome", "stored, duplicate, dead_letter, stale")],
        "Inbound messages and echoes by outcome.",
    ),
    metric(
        n::STATUSES,
        Kind::Counter,
        Unit::Count,
        &[label("outcome", "applied, too_low, parked")],
        "Delivery statuses by outcome; they only move forward.",
    ),
    metric(
        n::DEAD_LETTERS,
        Kind::Counter,
        Unit::Count,
        &[label("reason", "why it could not be stored")],
        "Items put aside for eight days.",
    ),
    metric(
        n::GRAPH_CALLS,
        Kind::Counter,
        Unit::Count,
        &[label("outcome", "ok, refused, limited, failed, unknown")],
        "Calls of the Graph API by outcome.",
    ),
    metric(
        n::GRAPH_CALL,
        Kind::Histogram,
        Unit::Seconds,
        &[],
        "One call of the Graph API.",
    ),
    metric(
        n::OUTBOX_QUEUED,
        Kind::Gauge,
        Unit::Count,
        &[],
        "Sends that wait for their turn.",
    ),
    metric(
        n::OUTBOX_AGE,
        Kind::Gauge,
        Unit::Seconds,
        &[],
        "How long the oldest send that may go has waited.",
    ),
    metric(
        n::OUTBOX_UNKNOWN,
        Kind::Gauge,
        Unit::Count,
        &[],
        "Sends whose fate is unknown; agents see them.",
    ),
    metric(
        n::BOT_TURNS,
        Kind::Counter,
        Unit::Count,
        &[label("decision", "the policy's decision")],
        "Bot turns by what was decided.",
    ),
    metric(
        n::BOT_TURN,
        Kind::Histogram,
        Unit::Seconds,
        &[],
        "One bot turn, from claim to commit.",
    ),
    metric(
        n::HANDOFFS,
        Kind::Counter,
        Unit::Count,
        &[label("reason", "why")],
        "Conversations handed from the bot to people.",
    ),
    metric(
        n::SOCKETS,
        Kind::Gauge,
        Unit::Count,
        &[],
        "Open WebSockets of this node.",
    ),
    metric(
        n::SOCKET_FRAMES,
        Kind::Counter,
        Unit::Count,
        &[label("direction", "in, out")],
        "WebSocket frames.",
    ),
    metric(
        n::SOCKET_CLOSED,
        Kind::Counter,
        Unit::Count,
        &[label("code", "WebSocket close code")],
        "Closed WebSockets by close code.",
    ),
    metric(
        n::FEED_LAG,
        Kind::Gauge,
        Unit::Seconds,
        &[],
        "Age of the oldest committed change that the safety-net reader has not seen.",
    ),
    metric(
        n::WAKE,
        Kind::Counter,
        Unit::Count,
        &[label("source", "local, redis, poll")],
        "Wakes acted on, by how they were learnt; poll alone = Redis is away or lossy.",
    ),
    metric(
        n::SESSION,
        Kind::Counter,
        Unit::Count,
        &[label(
            "outcome",
            "opened, refused, refreshed, reused, revoked, ended",
        )],
        "Log-in sessions by what happened.",
    ),
    metric(
        n::LIMIT_REFUSALS,
        Kind::Counter,
        Unit::Count,
        &[label("limit", "the limit's name")],
        "Calls refused by a limit.",
    ),
    metric(
        n::LIMIT_FALLBACKS,
        Kind::Counter,
        Unit::Count,
        &[label("limit", "the limit's name")],
        "Limit checks answered by this node alone because Redis was away.",
    ),
    metric(
        n::BREAKER_OPEN,
        Kind::Gauge,
        Unit::Bool,
        &[label("dependency", "redis, graph, erp, llm")],
        "Whether the circuit breaker is open.",
    ),
    metric(
        n::REDIS_ERRORS,
        Kind::Counter,
        Unit::Count,
        &[],
        "Redis calls that failed or took too long.",
    ),
    metric(
        n::BELL_DROPPED,
        Kind::Counter,
        Unit::Count,
        &[],
        "Wakes and hints not published because the queue to Redis was full or Redis was away; only freshness is lost.",
    ),
    metric(
        n::POOL_CONNECTIONS,
        Kind::Gauge,
        Unit::Count,
        &[
            label("pool", "ingest, api, bot, worker, sequencer"),
            label("state", "idle, used"),
        ],
        "Database connections by pool.",
    ),
    metric(
        n::POOL_ACQUIRE,
        Kind::Histogram,
        Unit::Seconds,
        &[label("pool", "ingest, api, bot, worker, sequencer")],
        "Waiting for a database connection.",
    ),
    metric(
        n::AUDIT_PENDING,
        Kind::Gauge,
        Unit::Count,
        &[],
        "Audit events not yet in the tree.",
    ),
    metric(
        n::AUDIT_LEAVES,
        Kind::Counter,
        Unit::Count,
        &[],
        "Leaves appended to the audit tree.",
    ),
    metric(
        n::ERP_CALLS,
        Kind::Counter,
        Unit::Count,
        &[label("outcome", "ok, not_found, failed, open")],
        "Calls of the ERP by outcome.",
    ),
    metric(
        n::BUILD_INFO,
        Kind::Gauge,
        Unit::Bool,
        &[label("version", "the executable's version")],
        "Always 1; joins the version to other metrics.",
    ),
];
