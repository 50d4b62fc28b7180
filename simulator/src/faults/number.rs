//! What goes wrong with one number of the business: its token, its subscription, its health.
//!
//! Promises: what is given stands in the Graph node as it is; what is left out is healthy.

use super::GraphFault;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// All optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NumberFaults {
    pub(crate) token: Option<TokenState>,
    /// Scopes the token has; a call that needs another answers code 10 or 200.
    pub(crate) scopes: Option<Vec<String>>,
    /// `false`: `subscribed_apps` is empty, and no webhook comes, until it is posted again.
    pub(crate) subscribed: Option<bool>,
    pub(crate) quality_rating: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) name_status: Option<String>,
    /// `throughput.level`.
    pub(crate) throughput: Option<String>,
    /// `whatsapp_business_manager_messaging_limit`.
    pub(crate) limit: Option<String>,
    pub(crate) code_verification_status: Option<String>,
    pub(crate) platform_type: Option<String>,
    pub(crate) is_on_biz_app: Option<bool>,
    /// The whole `health_status`.
    pub(crate) health: Option<Value>,
    pub(crate) webhook_configuration: Option<Value>,
    pub(crate) account_review_status: Option<String>,
    /// Every Graph call about this number is refused.
    pub(crate) graph_error: Option<GraphFault>,
}

/// What is the matter with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenState {
    Dead,
    /// `debug_token` tells an end in three days.
    ExpiredSoon,
}

impl NumberFaults {
    /// The fields of the number's node that differ from a healthy one's.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let text = |value: &Option<String>| value.as_ref().map(|text| json!(text));
        [
            ("quality_rating", text(&self.quality_rating)),
            ("status", text(&self.status)),
            ("name_status", text(&self.name_status)),
            (
                "throughput",
                self.throughput
                    .as_ref()
                    .map(|level| json!({"level": level})),
            ),
            (
                "whatsapp_business_manager_messaging_limit",
                text(&self.limit),
            ),
            (
                "code_verification_status",
                text(&self.code_verification_status),
            ),
            ("platform_type", text(&self.platform_type)),
            ("is_on_biz_app", self.is_on_biz_app.map(|on| json!(on))),
            ("health_status", self.health.clone()),
            ("webhook_configuration", self.webhook_configuration.clone()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
    }
}
