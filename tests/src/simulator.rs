//! The simulator as a child process: Meta and the customers' phones, with its control API.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::http::client;
use crate::program::{Program, executable};
use crate::staff::Number;

/// Longer than any long poll of ours.
const ANSWERS_WITHIN: Duration = Duration::from_secs(65);

/// The outside world.
pub struct Simulator {
    _program: Program,
    pub(crate) http: reqwest::Client,
    /// Without slash at the end.
    pub url: String,
}

impl Simulator {
    /// Starts it; webhooks go nowhere until [`Simulator::posts_to`].
    pub(crate) async fn start(data: &Path, number: &Number, flags: &[&str], logs: &Path) -> Self {
        let mut command = Command::new(executable("simulator"));
        command
            .env_clear()
            .args([
                "--listen",
                "127.0.0.1:0",
                "--webhook-url",
                "http://127.0.0.1:9/",
                "--log",
                "warn",
            ])
            .arg("--data")
            .arg(data)
            .args([
                "--phone-number-id",
                &number.phone_number_id,
                "--waba-id",
                &number.waba_id,
            ])
            .args(["--display-phone-number", "551140000000"])
            .args(flags)
            .env("SIMULATOR_APP_SECRET", &number.app_secret)
            .env("SIMULATOR_ACCESS_TOKEN", &number.access_token);
        let (program, told) = Program::start(
            "simulator",
            command,
            &logs.join("simulator.log"),
            "listening",
        )
        .await;
        Self {
            _program: program,
            http: client(ANSWERS_WITHIN),
            url: told["listening"].clone(),
        }
    }

    /// Webhooks go there from now on, waiting ones at once.
    pub async fn posts_to(&self, webhook: &str) {
        self.put("/sim/webhook", &json!({ "url": webhook })).await;
    }

    /// Replaces all faults; `{}` is none.
    pub async fn faults(&self, faults: &Value) {
        self.put("/sim/faults", faults).await;
    }

    /// Webhooks that nobody acknowledged yet.
    pub async fn unacknowledged(&self) -> u64 {
        self.get("/sim/webhook").await["unacknowledged"]
            .as_u64()
            .expect("a count")
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self
            .http
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .expect("the simulator answers");
        assert!(
            answer.status().is_success(),
            "GET {path}: {}",
            answer.status()
        );
        answer.json().await.expect("JSON")
    }

    /// Posts to the control API.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self
            .http
            .post(format!("{}{path}", self.url))
            .json(body)
            .send()
            .await
            .expect("the simulator answers");
        let (status, body) = (answer.status(), answer.text().await.unwrap_or_default());
        assert!(status.is_success(), "POST {path}: {status} {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    async fn put(&self, path: &str, body: &Value) {
        let answer = self
            .http
            .put(format!("{}{path}", self.url))
            .json(body)
            .send()
            .await
            .expect("the simulator answers");
        let (status, body) = (answer.status(), answer.text().await.unwrap_or_default());
        assert!(status.is_success(), "PUT {path}: {status} {body}");
    }
}
