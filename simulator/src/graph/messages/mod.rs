//! `POST /{phone_number_id}/messages`: sends, read marks, typing.
//!
//! Promises: an accepted send is on the phone and in the ledger before it is answered, so that a lost answer is a
//! message that went out.
//! Does not: deliver; `status` plans what follows.

mod accept;
mod draft;
mod mark;

use super::access::{Caller, MESSAGING};
use super::error::GraphError;
use crate::business::Number;
use crate::cut::Cut;
use crate::state::Sim;
use crate::status;
use accept::accept;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use mark::mark_read;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

type Refusal = GraphError;

/// What happened to a request, for the ledger.
struct Record<'r> {
    call: &'r Call,
    fate: &'static str,
}

/// A request to `messages`.
struct Call {
    /// As in the path.
    id: String,
    number: Option<Arc<Number>>,
    /// Through the marketing edge.
    marketing: bool,
    body: Value,
}

impl Call {
    fn new(
        sim: &Sim,
        caller: &Caller,
        id: String,
        bytes: &Bytes,
        marketing: bool,
    ) -> Result<Self, Box<(Self, Refusal)>> {
        let body = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let mut call = Call {
            id,
            number: None,
            marketing,
            body,
        };
        match caller.number(sim, &call.id, MESSAGING, "post") {
            Ok(number) => {
                call.number = Some(number);
                Ok(call)
            }
            Err(refusal) => Err(Box::new((call, refusal))),
        }
    }

    fn number(&self) -> Result<&Arc<Number>, Refusal> {
        self.number
            .as_ref()
            .ok_or_else(|| GraphError::unknown_object("post", &self.id))
    }
}

pub(crate) async fn send(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path((_version, id)): Path<(String, String)>,
    bytes: Bytes,
) -> Response {
    match Call::new(&sim, &caller, id, &bytes, false) {
        Ok(call) => answer(&sim, &cut, &call).await,
        Err(refused) => refuse(&sim, &refused.0, &refused.1),
    }
}

/// `POST /{phone_number_id}/marketing_messages`: marketing templates only.
pub(crate) async fn send_marketing(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path((_version, id)): Path<(String, String)>,
    bytes: Bytes,
) -> Response {
    match Call::new(&sim, &caller, id, &bytes, true) {
        Ok(call) => answer(&sim, &cut, &call).await,
        Err(refused) => refuse(&sim, &refused.0, &refused.1),
    }
}

async fn answer(sim: &Sim, cut: &Cut, call: &Call) -> Response {
    let is_read_mark = call.body.get("status").is_some();
    if !is_read_mark && let Some(recorded) = sim.faults.take_502() {
        return bad_gateway(sim, call, recorded);
    }
    let fate = fate(sim, cut, is_read_mark);
    let outcome = match is_read_mark {
        true => mark_read(sim, call),
        false => accept(sim, call, fate.word()),
    };
    let answer = match outcome {
        Ok(answer) => answer,
        Err(error) => return refuse(sim, call, &error),
    };
    if !is_read_mark {
        follow_fate(sim, &fate, &answer).await;
    }
    Json(answer).into_response()
}

fn refuse(sim: &Sim, call: &Call, error: &Refusal) -> Response {
    record(
        sim,
        &Record {
            call,
            fate: "answered",
        },
        &error.to_json(),
        error.http,
    );
    error.clone().into_response()
}

/// What a proxy on the way says; the send may have gone out all the same.
fn bad_gateway(sim: &Sim, call: &Call, recorded: bool) -> Response {
    let refused = !recorded || accept(sim, call, "answered 502").is_err();
    if refused {
        record(
            sim,
            &Record {
                call,
                fate: "refused with 502",
            },
            &Value::Null,
            502,
        );
    }
    (
        StatusCode::BAD_GATEWAY,
        "<html><body><h1>502 Bad Gateway</h1></body></html>",
    )
        .into_response()
}

/// What becomes of the answer to an accepted send.
enum Fate {
    Answered,
    Held(Duration),
    Cut(Cut),
}

impl Fate {
    fn word(&self) -> &'static str {
        match self {
            Fate::Answered => "answered",
            Fate::Held(_) => "held",
            Fate::Cut(_) => "cut",
        }
    }
}

fn fate(sim: &Sim, cut: &Cut, is_read_mark: bool) -> Fate {
    let hang_ms = sim.faults.now().graph_hang_ms;
    if is_read_mark {
        Fate::Answered
    } else if sim.faults.take_reset() {
        Fate::Cut(cut.clone())
    } else if hang_ms > 0 {
        Fate::Held(Duration::from_millis(hang_ms))
    } else {
        Fate::Answered
    }
}

async fn follow_fate(sim: &Sim, fate: &Fate, answer: &Value) {
    if sim.faults.now().status_before_response
        && let Some(wamid) = answer.pointer("/messages/0/id").and_then(Value::as_str)
    {
        status::announce_sent(sim, wamid).await;
    }
    match fate {
        Fate::Answered => {}
        Fate::Cut(cut) => cut.now(),
        Fate::Held(hold) => tokio::select! {
            () = tokio::time::sleep(*hold) => {}
            () = sim.shutdown.cancelled() => {}
        },
    }
}

fn record(sim: &Sim, record: &Record<'_>, reply: &Value, http: u16) {
    let body = &record.call.body;
    let sent = reply.pointer("/messages/0/id");
    let phone = sent
        .and_then(Value::as_str)
        .and_then(|wamid| Some(sim.phones().find(wamid)?.0.phone.clone()));
    sim.ledger.append(
        "graph",
        sim.clock.now(),
        json!({
            "call": format!("POST /{}/messages", record.call.id),
            "number": record.call.id,
            "http": http,
            "code": reply.pointer("/error/code"),
            "wamid": sent,
            "phone": phone,
            "callback_data": body.get("biz_opaque_callback_data"),
            "fate": record.fate,
            "request": body,
            "reply": reply,
        }),
    );
}
