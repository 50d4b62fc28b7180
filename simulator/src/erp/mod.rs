//! A provider's back office, small: open invoices and line status by phone.
//!
//! Promises: the same phone always gets the same answer on the same day; the Pix code has a right checksum.
//! The last digit decides: 0 owes nothing, 1-6 one invoice, 7-9 two (one overdue); 0-5 the line is online,
//! 6-7 degraded, 8-9 in outage.
//! Does not: know customers; phones come in bodies, never in URLs.

mod invoice;
mod line;
mod pix;

use crate::error::Error;
use crate::identity::{ninth_digit_alias, phone_digits};
use crate::state::{Sim, lock};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Second copies that can be opened at once.
const COPIES_MAX: usize = 10_000;

/// Invoices whose second copy was offered.
#[derive(Default)]
pub(crate) struct Desk {
    copies: HashMap<String, invoice::Invoice>,
}

pub(crate) fn routes() -> Router<Arc<Sim>> {
    Router::new()
        .route("/erp/invoices/search", post(invoices))
        .route("/erp/lines/search", post(lines))
        .route("/erp/invoices/{id}", get(second_copy))
}

#[derive(Deserialize)]
struct ByPhone {
    phone: String,
}

async fn invoices(
    State(sim): State<Arc<Sim>>,
    Json(asked): Json<ByPhone>,
) -> Result<Json<Value>, Error> {
    let customer = customer(&sim, &asked.phone).await?;
    let today = sim.clock.now().date_naive();
    let invoices = invoice::open(&customer, today);
    let mut desk = lock(&sim.desk);
    if desk.copies.len() > COPIES_MAX {
        desk.copies.clear();
    }
    let listed: Vec<Value> = invoices
        .iter()
        .map(|invoice| invoice.to_json(&sim.public_url, today))
        .collect();
    desk.copies.extend(
        invoices
            .into_iter()
            .map(|invoice| (invoice.id.clone(), invoice)),
    );
    Ok(Json(
        json!({"customer_id": customer.id, "invoices": listed}),
    ))
}

async fn lines(
    State(sim): State<Arc<Sim>>,
    Json(asked): Json<ByPhone>,
) -> Result<Json<Value>, Error> {
    let customer = customer(&sim, &asked.phone).await?;
    Ok(Json(
        json!({"customer_id": customer.id, "line": line::status(&customer, sim.clock.now())}),
    ))
}

async fn second_copy(
    State(sim): State<Arc<Sim>>,
    Path(id): Path<String>,
) -> Result<Html<String>, Error> {
    let desk = lock(&sim.desk);
    let invoice = desk
        .copies
        .get(&id)
        .ok_or_else(|| Error::NotFound("no such invoice: search for it again".to_owned()))?;
    Ok(Html(invoice.page()))
}

/// A customer of the provider, told by the phone.
struct Customer {
    id: String,
    last_digit: u8,
    seed: [u8; 32],
}

impl Customer {
    fn of(phone: &str) -> Option<Self> {
        let digits = phone_digits(phone)?;
        // Both Brazilian forms are the same customer.
        let canonical = ninth_digit_alias(&digits)
            .filter(|alias| alias.len() > digits.len())
            .unwrap_or(digits);
        let seed: [u8; 32] = Sha256::digest(format!("erp|{canonical}")).into();
        let number =
            u32::from_be_bytes([seed[28], seed[29], seed[30], seed[31]]) % 900_000 + 100_000;
        let last_digit = canonical.bytes().last()? - b'0';
        Some(Customer {
            id: format!("C-{number}"),
            last_digit,
            seed,
        })
    }

    /// A number from 0 to `below`, fixed for this customer and purpose `n`.
    fn pick(&self, n: usize, below: u32) -> u32 {
        let at = (n * 2) % 28;
        u32::from(u16::from_be_bytes([self.seed[at], self.seed[at + 1]])) % below
    }
}

/// The customer, after the delays and errors that were asked for.
async fn customer(sim: &Sim, phone: &str) -> Result<Customer, Error> {
    let delay_ms = sim.faults.now().erp_delay_ms;
    if delay_ms > 0 {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(delay_ms)) => {}
            () = sim.shutdown.cancelled() => {}
        }
    }
    if let Some(http) = sim.faults.take_erp_error() {
        let status = StatusCode::from_u16(http).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return Err(Error::Ordered(
            status,
            "this error was ordered with PUT /sim/faults".to_owned(),
        ));
    }
    Customer::of(phone).ok_or_else(|| {
        Error::BadInput(
            r#"send {"phone":"5511912345678"}: 7 to 15 digits, country code first"#.to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_decides() {
        let today = crate::clock::Clock::default().now();
        let at = |phone: &str| {
            let customer = Customer::of(phone).unwrap();
            (
                invoice::open(&customer, today.date_naive()).len(),
                line::status(&customer, today)["status"].clone(),
            )
        };
        assert_eq!(at("5511912345670"), (0, json!("online")));
        assert_eq!(at("5511912345673"), (1, json!("online")));
        assert_eq!(at("5511912345677"), (2, json!("degraded")));
        assert_eq!(at("5511912345679"), (2, json!("outage")));
    }

    #[test]
    fn the_ninth_digit_does_not_change_the_customer() {
        let (long, short) = (
            Customer::of("5531987654321").unwrap(),
            Customer::of("553187654321").unwrap(),
        );
        assert_eq!((long.id, long.seed), (short.id, short.seed));
    }
}
