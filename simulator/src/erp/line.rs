//! What the network knows about a customer's line.

use super::Customer;
use crate::clock::rfc3339;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// Status, a sentence for the customer, and the figures behind it.
pub(super) fn status(customer: &Customer, now: DateTime<Utc>) -> Value {
    let plans_mbps = [200, 400, 600, 1_000];
    let plan_mbps = plans_mbps[customer.pick(3, 4) as usize];
    let good_dbm = -18.0 - f64::from(customer.pick(4, 50)) / 10.0;
    let (status, message, signal_dbm, latency_ms, loss_percent) = match customer.last_digit {
        0..=5 => (
            "online",
            "Sua conexão está funcionando normalmente.",
            good_dbm,
            8 + customer.pick(5, 8),
            0.0,
        ),
        6 | 7 => (
            "degraded",
            "Sua conexão está instável: o sinal óptico está fraco.",
            good_dbm - 8.0,
            60 + customer.pick(5, 80),
            2.5,
        ),
        _ => (
            "outage",
            "Há uma interrupção na sua região. Nossa equipe já está trabalhando no reparo.",
            -40.0,
            0,
            100.0,
        ),
    };
    let outage = (status == "outage").then(|| {
        let minutes = i64::from(customer.pick(6, 90));
        json!({
            "started_at": rfc3339(now - TimeDelta::minutes(30 + minutes)),
            "estimated_end_at": rfc3339(now + TimeDelta::minutes(60 + minutes)),
        })
    });
    json!({
        "id": format!("L{}", customer.id.trim_start_matches("C-")),
        "status": status,
        "message": message,
        "plan_mbps": plan_mbps,
        "signal_dbm": (signal_dbm * 10.0_f64).round() / 10.0,
        "latency_ms": latency_ms,
        "loss_percent": loss_percent,
        "outage": outage,
    })
}
