//! The names, for those who measure. Meaning and labels: `catalogue.rs`.

/// Webhook calls by what Meta was answered.
pub const WEBHOOK_REQUESTS: &str = "balcao_webhook_requests_total";
/// From the last byte of a webhook body to the answer.
pub const WEBHOOK: &str = "balcao_webhook_seconds";
/// One ingest transaction, commit included.
pub const INGEST_BATCH: &str = "balcao_ingest_batch_seconds";
/// Items in one ingest transaction.
pub const INGEST_BATCH_ITEMS: &str = "balcao_ingest_batch_items";
/// How long the oldest item of the ingest queue has waited; 503 from webhook.max_queue_lag_ms on.
pub const INGEST_QUEUE_AGE: &str = "balcao_ingest_queue_age_seconds";
/// Inbound messages and echoes by outcome.
pub const INGEST_MESSAGES: &str = "balcao_ingest_messages_total";
/// Reactions, edits and revocations by outcome.
pub const CHANGES: &str = "balcao_changes_total";
/// Delivery statuses by outcome; they only move forward.
pub const STATUSES: &str = "balcao_statuses_total";
/// Repetitions of a message id with other content.
pub const DEDUPE_CONFLICTS: &str = "balcao_dedupe_conflict_total";
/// Items put aside for eight days.
pub const DEAD_LETTERS: &str = "balcao_dead_letters_total";
/// Calls of the Graph API by outcome.
pub const GRAPH_CALLS: &str = "balcao_graph_calls_total";
/// One call of the Graph API.
pub const GRAPH_CALL: &str = "balcao_graph_call_seconds";
/// Numbers by how they do.
pub const CHANNELS: &str = "balcao_channels";
/// Checks of a number's health by how they ended.
pub const CHANNEL_CHECKS: &str = "balcao_channel_checks_total";
/// What Meta told about accounts, numbers and templates.
pub const NOTICES: &str = "balcao_notices_total";
/// Alerts of Meta's in the last seven days.
pub const ALERTS: &str = "balcao_alerts";
/// Sends that wait for their turn.
pub const OUTBOX_QUEUED: &str = "balcao_outbox_queued";
/// How long the oldest send that may go has waited.
pub const OUTBOX_AGE: &str = "balcao_outbox_age_seconds";
/// Sends whose fate is unknown; agents see them.
pub const OUTBOX_UNKNOWN: &str = "balcao_outbox_unknown";
/// Fetches of customers' files by outcome.
pub const MEDIA_FETCHES: &str = "balcao_media_fetches_total";
/// One fetch of a file, examination included.
pub const MEDIA_FETCH: &str = "balcao_media_fetch_seconds";
/// Files that wait to be fetched.
pub const MEDIA_WAITING: &str = "balcao_media_waiting";
/// How long the oldest file that may be fetched has waited.
pub const MEDIA_AGE: &str = "balcao_media_age_seconds";
/// Bot turns by what was decided.
pub const BOT_TURNS: &str = "balcao_bot_turns_total";
/// One bot turn, from claim to commit.
pub const BOT_TURN: &str = "balcao_bot_turn_seconds";
/// Conversations handed from the bot to people.
pub const HANDOFFS: &str = "balcao_handoffs_total";
/// Open WebSockets of this node.
pub const SOCKETS: &str = "balcao_sockets";
/// WebSocket frames.
pub const SOCKET_FRAMES: &str = "balcao_socket_frames_total";
/// Closed WebSockets by close code.
pub const SOCKET_CLOSED: &str = "balcao_socket_closed_total";
/// Age of the oldest committed change that the safety-net reader has not seen.
pub const FEED_LAG: &str = "balcao_feed_lag_seconds";
/// Wakes acted on, by how they were learnt; poll alone = Redis is away or lossy.
pub const WAKE: &str = "balcao_wake_total";
/// Log-in sessions by what happened.
pub const SESSION: &str = "balcao_session_total";
/// Calls refused by a limit.
pub const LIMIT_REFUSALS: &str = "balcao_limit_refusals_total";
/// Limit checks answered by this node alone because Redis was away.
pub const LIMIT_FALLBACKS: &str = "balcao_limit_fallbacks_total";
/// Circuit breakers that are open.
pub const BREAKER_OPEN: &str = "balcao_breaker_open";
/// Redis calls that failed or took too long.
pub const REDIS_ERRORS: &str = "balcao_redis_errors_total";
/// Wakes and hints not published because the queue to Redis was full or Redis was away; only freshness is lost.
pub const BELL_DROPPED: &str = "balcao_bell_dropped_total";
/// Database connections by pool.
pub const POOL_CONNECTIONS: &str = "balcao_pool_connections";
/// Waiting for a database connection.
pub const POOL_ACQUIRE: &str = "balcao_pool_acquire_seconds";
/// Audit events not yet in the tree.
pub const AUDIT_PENDING: &str = "balcao_audit_pending";
/// Leaves appended to the audit tree.
pub const AUDIT_LEAVES: &str = "balcao_audit_leaves_total";
/// Calls of the ERP by outcome.
pub const ERP_CALLS: &str = "balcao_erp_calls_total";
/// Always 1; joins the version to other metrics.
pub const BUILD_INFO: &str = "balcao_build_info";
