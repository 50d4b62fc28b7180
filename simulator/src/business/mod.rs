//! The businesses: apps (a secret and a callback), WhatsApp accounts, and their numbers.
//!
//! Promises: the first number is the one of the command line and stays; two numbers with the same app secret share an
//! app; the callback of a number wins over its account's, which wins over the app's, for what customers do.
//! Does not: forget numbers; a test takes a new folder.

mod number;

pub(crate) use number::Number;

use crate::graph::templates::Templates;
use crate::state::lock;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

/// What signs webhooks and where they go.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) secret: String,
    callback: RwLock<Option<String>>,
    /// Whose callback counts while this app has none of its own.
    home: Option<Arc<App>>,
}

impl App {
    pub(crate) fn callback(&self) -> String {
        let own = self
            .callback
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match (own, &self.home) {
            (Some(url), _) => url,
            (None, Some(home)) => home.callback(),
            (None, None) => String::new(),
        }
    }

    pub(crate) fn set_callback(&self, url: String) {
        *self
            .callback
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(url);
    }
}

/// A WhatsApp business account.
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Whoever shares it sees the same user ids.
    pub(crate) portfolio: String,
    pub(crate) templates: Mutex<Templates>,
    state: Mutex<AccountState>,
}

#[derive(Debug)]
struct AccountState {
    subscribed: bool,
    callback: Option<String>,
}

impl Account {
    pub(crate) fn new(id: &str, name: &str, portfolio: &str) -> Self {
        Account {
            id: id.to_owned(),
            name: name.to_owned(),
            portfolio: portfolio.to_owned(),
            templates: Mutex::new(Templates::seeded(id)),
            state: Mutex::new(AccountState {
                subscribed: true,
                callback: None,
            }),
        }
    }

    pub(crate) fn is_subscribed(&self) -> bool {
        lock(&self.state).subscribed
    }

    /// Subscribes or unsubscribes the app; an override goes with the subscription.
    pub(crate) fn subscribe(&self, on: bool, callback: Option<String>) {
        let mut state = lock(&self.state);
        state.subscribed = on;
        state.callback = callback;
    }

    pub(crate) fn callback(&self) -> Option<String> {
        lock(&self.state).callback.clone()
    }
}

/// What a new number is made of.
#[derive(Clone, Debug)]
pub(crate) struct NewNumber {
    pub(crate) phone_number_id: String,
    pub(crate) waba_id: String,
    pub(crate) display_phone_number: String,
    pub(crate) name: String,
    pub(crate) portfolio: Option<String>,
    pub(crate) app_secret: Option<String>,
    pub(crate) access_token: Option<String>,
    pub(crate) callback: Option<String>,
}

/// All numbers; never empty.
pub(crate) struct Directory {
    numbers: RwLock<Vec<Arc<Number>>>,
    home: Arc<Number>,
    rates: (u32, bool),
}

impl Directory {
    /// `rates`: sends per second, and whether the pair rate is on.
    pub(crate) fn new(first: &NewNumber, secret: &str, token: &str, rates: (u32, bool)) -> Self {
        let app = Arc::new(App {
            id: "100000000000001".to_owned(),
            secret: secret.to_owned(),
            callback: RwLock::new(first.callback.clone()),
            home: None,
        });
        let portfolio = first.portfolio.as_deref().unwrap_or(&first.waba_id);
        let account = Arc::new(Account::new(&first.waba_id, &first.name, portfolio));
        let home = Arc::new(Number::new(first, token.to_owned(), app, account, rates));
        Directory {
            numbers: RwLock::new(vec![home.clone()]),
            home,
            rates,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<Number>>> {
        self.numbers.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the command line.
    pub(crate) fn home(&self) -> &Arc<Number> {
        &self.home
    }

    pub(crate) fn all(&self) -> Vec<Arc<Number>> {
        self.read().clone()
    }

    pub(crate) fn get(&self, phone_number_id: &str) -> Option<Arc<Number>> {
        self.read()
            .iter()
            .find(|number| number.id == phone_number_id)
            .cloned()
    }

    /// The numbers of an account; none when there is no such account.
    pub(crate) fn of_account(&self, waba_id: &str) -> Vec<Arc<Number>> {
        self.read()
            .iter()
            .filter(|number| number.account.id == waba_id)
            .cloned()
            .collect()
    }

    /// Adds a number, or gives the known one with this id. The flag tells which.
    pub(crate) fn add(&self, new: &NewNumber) -> (Arc<Number>, bool) {
        let mut numbers = self.numbers.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = numbers
            .iter()
            .find(|number| number.id == new.phone_number_id)
        {
            if let Some(url) = &new.callback {
                known.set_callback(Some(url.clone()));
            }
            return (known.clone(), false);
        }
        let home = &self.home;
        let secret = new.app_secret.as_ref().unwrap_or(&home.app.secret);
        let app = match numbers.iter().find(|number| number.app.secret == *secret) {
            Some(number) => number.app.clone(),
            None => Arc::new(App {
                id: format!("1000000000000{:02}", numbers.len() + 1),
                secret: secret.clone(),
                callback: RwLock::new(None),
                home: Some(home.app.clone()),
            }),
        };
        let account = match numbers
            .iter()
            .find(|number| number.account.id == new.waba_id)
        {
            Some(number) => number.account.clone(),
            None => {
                let portfolio = new.portfolio.as_deref().unwrap_or(&home.account.portfolio);
                Arc::new(Account::new(&new.waba_id, &new.name, portfolio))
            }
        };
        let token = new
            .access_token
            .clone()
            .unwrap_or_else(|| home.access_token.clone());
        let number = Arc::new(Number::new(new, token, app, account, self.rates));
        number.set_callback(new.callback.clone());
        numbers.push(number.clone());
        (number, true)
    }

    /// Everything goes to `url` from now on, whatever was overridden.
    pub(crate) fn redirect_all(&self, url: &str) {
        for number in self.all() {
            number.set_callback(None);
            if number.account.is_subscribed() {
                number.account.subscribe(true, None);
            }
            number.app.set_callback(url.to_owned());
        }
    }
}
