//! Files over the API: opened, uploaded, waited for.

use balcao_core::model::{ConversationId, MediaId, MediaState, MediaView};
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::agent::Agent;
use crate::deadline::{PATIENCE, eventually};
use crate::http::http;

/// What came of opening a file.
#[derive(Clone, Debug)]
pub struct Opened {
    /// HTTP status.
    pub status: u16,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The bytes, or a problem.
    pub bytes: Vec<u8>,
}

impl Opened {
    /// A header as text; empty when it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// A problem's code; empty when there is none.
    #[must_use]
    pub fn code(&self) -> String {
        let problem: Value = serde_json::from_slice(&self.bytes).unwrap_or_default();
        problem["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Opens a file, or `{id}/thumbnail`, with these further headers.
pub async fn open(agent: &Agent, what: &str, headers: &[(&str, &str)]) -> Opened {
    let request = http()
        .get(format!("{}/api/v1/media/{what}", agent.console))
        .bearer_auth(&agent.access_token);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    answer(request).await
}

/// Uploads the body itself under this name.
pub async fn upload(agent: &Agent, query: &str, name: &str, bytes: Vec<u8>) -> Opened {
    let request = http()
        .post(format!("{}/api/v1/media{query}", agent.console))
        .bearer_auth(&agent.access_token)
        .header(
            "content-disposition",
            format!("attachment; filename=\"{name}\""),
        )
        .body(bytes);
    answer(request).await
}

/// Any request, read to its end.
pub async fn answer(request: reqwest::RequestBuilder) -> Opened {
    let response = request.send().await.expect("the API answers");
    Opened {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        bytes: response.bytes().await.unwrap_or_default().to_vec(),
    }
}

/// The one file of the newest item that has any, once it is no longer on its way.
pub async fn settled(agent: &Agent, id: ConversationId, seq: i64) -> MediaView {
    eventually("the file is settled", PATIENCE, async || {
        let items = agent.items(id).await;
        let item = items.into_iter().find(|item| item.seq == seq)?;
        let file = item.media.into_iter().next()?;
        (file.state != MediaState::Pending).then_some(file)
    })
    .await
}

/// Fetches a file again; the status.
pub async fn retry(agent: &Agent, id: MediaId) -> u16 {
    agent
        .post(&format!("/media/{id}/retry"), serde_json::json!({}))
        .await
        .status
}
