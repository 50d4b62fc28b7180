//! A member of staff who uses the REST API.

use std::time::Duration;

use agent_hub::protocol::{ConversationView, ItemView};
use balcao_core::model::{AgentId, ConversationId};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::http::client;
use crate::staff::Account;

const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// A log-in and what it got.
#[derive(Clone)]
pub struct Agent {
    http: reqwest::Client,
    /// The node's console, without slash at the end.
    pub console: String,
    /// Who.
    pub id: AgentId,
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
}

/// An answer of the API.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Value of Retry-After.
    pub retry_after: Option<String>,
    /// JSON, or null.
    pub body: Value,
}

impl Answer {
    /// The body as what it should be, when the answer is good.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    pub fn ok<T: DeserializeOwned>(self) -> T {
        assert!(
            (200..300).contains(&self.status),
            "{}: {}",
            self.status,
            self.body
        );
        serde_json::from_value(self.body).expect("the body has the promised shape")
    }

    /// A problem's code; empty when there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Agent {
    /// Logs in as an API client.
    ///
    /// # Panics
    /// When the log-in is refused.
    pub async fn log_in(console: &str, account: &Account) -> Self {
        let answer = attempt(console, &account.email, &account.password).await;
        assert_eq!(answer.status, 200, "log-in: {}", answer.body);
        let word = |key: &str| answer.body[key].as_str().expect("a token").to_owned();
        Self {
            http: client(ANSWERS_WITHIN),
            console: console.to_owned(),
            id: account.id,
            access_token: word("access_token"),
            refresh_token: word("refresh_token"),
        }
    }

    /// The same log-in at another node.
    #[must_use]
    pub fn at(&self, console: &str) -> Self {
        Self {
            console: console.to_owned(),
            ..self.clone()
        }
    }

    /// Calls the API once; `None`: no answer within `limit`.
    pub async fn tries(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        limit: Duration,
    ) -> Option<Answer> {
        let request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.console))
            .timeout(limit)
            .bearer_auth(&self.access_token);
        answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
        .ok()
    }

    /// Calls the API.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.console))
            .bearer_auth(&self.access_token);
        answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
        .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// What one does with a conversation: `claim`, `release`, `transfer`, `resolve`, `notes`, `messages`.
    pub async fn does(&self, id: ConversationId, deed: &str, body: Value) -> Answer {
        self.post(&format!("/conversations/{id}/{deed}"), body)
            .await
    }

    /// Replies; the item's seq.
    pub async fn replies(&self, id: ConversationId, client_ref: &str, text: &str) -> i64 {
        let accepted: Value = self
            .does(
                id,
                "messages",
                json!({"client_ref": client_ref, "text": text}),
            )
            .await
            .ok();
        accepted["seq"].as_i64().expect("a seq")
    }

    /// Sends any content; the answer.
    pub async fn sends(&self, id: ConversationId, client_ref: &str, content: &Value) -> Answer {
        let body = json!({"client_ref": client_ref, "content": content});
        self.does(id, "messages", body).await
    }

    /// The item with this reference.
    ///
    /// # Panics
    /// When there is none.
    pub async fn item(&self, id: ConversationId, client_ref: &str) -> ItemView {
        let items = self.items(id).await;
        let found = items
            .into_iter()
            .find(|item| item.client_ref.as_deref() == Some(client_ref));
        found.unwrap_or_else(|| panic!("no item {client_ref}"))
    }

    /// Replies however often it takes: for whoever writes while nodes die. `None`: this try got no answer.
    pub async fn tries_to_reply(
        &self,
        id: ConversationId,
        client_ref: &str,
        text: &str,
    ) -> Option<i64> {
        let path = format!("{}/api/v1/conversations/{id}/messages", self.console);
        let body = json!({"client_ref": client_ref, "text": text});
        let answer = answer(
            self.http
                .post(path)
                .bearer_auth(&self.access_token)
                .json(&body),
        )
        .await
        .ok()?;
        (answer.status == 202).then(|| answer.body["seq"].as_i64().expect("a seq"))
    }

    /// The head of a conversation.
    pub async fn conversation(&self, id: ConversationId) -> ConversationView {
        self.get(&format!("/conversations/{id}")).await.ok()
    }

    /// All unresolved conversations that one may see, up to 200.
    pub async fn conversations(&self) -> Vec<ConversationView> {
        let list: Value = self.get("/conversations?scope=all&limit=200").await.ok();
        serde_json::from_value(list["rows"].clone()).expect("rows")
    }

    /// The unresolved conversation with the customer of this name.
    ///
    /// # Panics
    /// When there is none.
    pub async fn conversation_with(&self, name: &str) -> ConversationView {
        let found = self
            .conversations()
            .await
            .into_iter()
            .find(|row| row.contact.name.as_deref() == Some(name));
        found.unwrap_or_else(|| panic!("nothing open with {name}"))
    }

    /// All items of a conversation, up to 200.
    pub async fn items(&self, id: ConversationId) -> Vec<ItemView> {
        let page: Value = self
            .get(&format!("/conversations/{id}/messages?limit=200"))
            .await
            .ok();
        serde_json::from_value(page["items"].clone()).expect("items")
    }

    /// A ticket for one socket.
    pub async fn ticket(&self) -> String {
        let ticket: Value = self.post("/ws-tickets", json!({})).await.ok();
        ticket["ticket"].as_str().expect("a ticket").to_owned()
    }
}

/// A log-in attempt.
pub async fn attempt(console: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password, "client": "api"});
    let request = client(ANSWERS_WITHIN)
        .post(format!("{console}/api/v1/session"))
        .json(&body);
    answer(request)
        .await
        .unwrap_or_else(|error| panic!("log-in: {error}"))
}

/// A renewal with this token.
pub async fn renew(console: &str, refresh_token: &str) -> Answer {
    let body = json!({ "refresh_token": refresh_token });
    let request = client(ANSWERS_WITHIN)
        .post(format!("{console}/api/v1/session/refresh"))
        .json(&body);
    answer(request)
        .await
        .unwrap_or_else(|error| panic!("renewal: {error}"))
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let retry_after = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let status = response.status().as_u16();
    let body = response.bytes().await?;
    Ok(Answer {
        status,
        retry_after,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}
