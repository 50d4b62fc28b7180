//! Who calls, and what they may touch.
//!
//! Promises: a token opens only the numbers and accounts it was made for; scopes, dead tokens and errors ordered for a
//! number are answered before anything else.
//! Does not: keep files apart; an id of a file is secret enough.

use super::error::GraphError;
use crate::business::{Account, Number};
use crate::faults::{NumberFaults, TokenState};
use crate::state::Sim;
use std::sync::Arc;

pub(super) const MESSAGING: &str = "whatsapp_business_messaging";
pub(super) const MANAGEMENT: &str = "whatsapp_business_management";

/// The bearer of a known token; put into the request by the gate.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) token: Arc<str>,
}

/// How a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Unknown,
    Dead,
    ExpiresSoon,
    Good,
}

pub(super) fn standing(sim: &Sim, token: &str) -> Standing {
    let numbers: Vec<_> = sim
        .numbers
        .all()
        .into_iter()
        .filter(|number| number.access_token == token)
        .collect();
    if numbers.is_empty() {
        return Standing::Unknown;
    }
    let faults = sim.faults.now();
    let state = numbers
        .iter()
        .find_map(|number| faults.numbers.get(&number.id)?.token);
    match state {
        _ if faults.token_dead => Standing::Dead,
        Some(TokenState::Dead) => Standing::Dead,
        Some(TokenState::ExpiredSoon) => Standing::ExpiresSoon,
        None => Standing::Good,
    }
}

impl Caller {
    /// The bearer of this `Authorization` header.
    pub(super) fn of(sim: &Sim, header: Option<&str>) -> Result<Self, GraphError> {
        let Some(token) = header.and_then(|value| {
            value
                .strip_prefix("Bearer ")
                .or(value.strip_prefix("OAuth "))
        }) else {
            return Err(GraphError::no_token());
        };
        let token = token.trim();
        match standing(sim, token) {
            Standing::Unknown => Err(GraphError::bad_token()),
            Standing::Dead => Err(GraphError::expired_token()),
            Standing::Good | Standing::ExpiresSoon => Ok(Caller {
                token: token.into(),
            }),
        }
    }

    /// The number, when the token may use it for this.
    pub(super) fn number(
        &self,
        sim: &Sim,
        id: &str,
        scope: &str,
        method: &str,
    ) -> Result<Arc<Number>, GraphError> {
        let number = sim
            .numbers
            .get(id)
            .filter(|number| *number.access_token == *self.token)
            .ok_or_else(|| GraphError::unknown_object(method, id))?;
        self.admit(sim, &number, scope)?;
        Ok(number)
    }

    /// The account and its first number, when the token may manage it.
    pub(super) fn account(
        &self,
        sim: &Sim,
        id: &str,
        method: &str,
    ) -> Result<(Arc<Account>, Arc<Number>), GraphError> {
        let number = sim
            .numbers
            .of_account(id)
            .into_iter()
            .find(|number| *number.access_token == *self.token)
            .ok_or_else(|| GraphError::unknown_object(method, id))?;
        self.admit(sim, &number, MANAGEMENT)?;
        Ok((number.account.clone(), number))
    }

    /// The accounts this token manages.
    pub(super) fn accounts(&self, sim: &Sim) -> Vec<Arc<Account>> {
        let mut accounts: Vec<Arc<Account>> = Vec::new();
        for number in sim.numbers.all() {
            let known = accounts
                .iter()
                .any(|account| account.id == number.account.id);
            if *number.access_token == *self.token && !known {
                accounts.push(number.account.clone());
            }
        }
        accounts
    }

    fn admit(&self, sim: &Sim, number: &Number, scope: &str) -> Result<(), GraphError> {
        if let Some(fault) = sim.faults.take_number_error(&number.id) {
            return Err(GraphError::ordered(fault.code, fault.http));
        }
        let faults = sim.faults.now();
        if scope == MANAGEMENT && faults.management_limited {
            return Err(GraphError::management_limited());
        }
        if !scopes(faults.numbers.get(&number.id))
            .iter()
            .any(|held| held == scope)
        {
            return Err(GraphError::no_scope(scope));
        }
        Ok(())
    }
}

/// The scopes a number's token has.
pub(super) fn scopes(fault: Option<&NumberFaults>) -> Vec<String> {
    fault
        .and_then(|fault| fault.scopes.clone())
        .unwrap_or_else(|| vec![MESSAGING.to_owned(), MANAGEMENT.to_owned()])
}
