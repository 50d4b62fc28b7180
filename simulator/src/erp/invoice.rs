//! Open invoices, with a Pix code and a second copy to look at.

use super::{Customer, pix};
use chrono::{Datelike as _, Days, NaiveDate};
use serde_json::{Value, json};

/// An invoice nobody paid yet.
#[derive(Clone, Debug)]
pub(super) struct Invoice {
    pub(super) id: String,
    due: NaiveDate,
    amount_cents: u32,
}

/// What the customer owes today: next month's, and for some an overdue one.
pub(super) fn open(customer: &Customer, today: NaiveDate) -> Vec<Invoice> {
    let mut dues = Vec::new();
    if customer.last_digit >= 7 {
        dues.push(today.checked_sub_days(Days::new(u64::from(customer.pick(0, 20)) + 3)));
    }
    if customer.last_digit >= 1 {
        dues.push(today.checked_add_days(Days::new(u64::from(customer.pick(1, 20)) + 2)));
    }
    let prices_cents = [7_990, 9_990, 11_990, 14_990, 19_990];
    let amount_cents = prices_cents[customer.pick(2, 5) as usize];
    dues.into_iter()
        .flatten()
        .map(|due| Invoice {
            id: format!(
                "F{}{:04}{:02}",
                customer.id.trim_start_matches("C-"),
                due.year(),
                due.ordinal0() % 100
            ),
            due,
            amount_cents,
        })
        .collect()
}

impl Invoice {
    pub(super) fn to_json(&self, base: &str, today: NaiveDate) -> Value {
        json!({
            "id": self.id,
            "due_date": self.due.to_string(),
            "status": if self.due < today { "overdue" } else { "open" },
            "amount_cents": self.amount_cents,
            "currency": "BRL",
            "pix_code": self.pix(),
            "second_copy_url": format!("{base}/erp/invoices/{}", self.id),
        })
    }

    fn pix(&self) -> String {
        pix::code(self.amount_cents, &self.id)
    }

    /// The second copy; every value is ours, nothing comes from a request.
    pub(super) fn page(&self) -> String {
        format!(
            "<!doctype html><html lang=\"pt-BR\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>Fatura {id}</title><body style=\"font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem\">\
             <h1>Segunda via</h1><p>Fatura <b>{id}</b><br>Vencimento <b>{due}</b><br>Valor <b>R$ {reais},{cents:02}</b></p>\
             <p>Pix copia e cola</p><pre style=\"white-space:pre-wrap;word-break:break-all;background:#eef2f1;padding:1rem;border-radius:.5rem\">{pix}</pre>\
             <p><small>Fatura fictícia do simulador.</small></p></body></html>",
            id = self.id,
            due = self.due.format("%d/%m/%Y"),
            reais = self.amount_cents / 100,
            cents = self.amount_cents % 100,
            pix = self.pix(),
        )
    }
}
