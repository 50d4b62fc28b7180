//! `balcao demo` from nothing: private servers, staff, simulator, a node; `demo.json` as scripts rely on it (DESIGN 3).

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use e2e::agent::attempt;
use e2e::program::{Program, executable};
use serde_json::Value;
use tokio::process::Command;

const ENDS_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);
const TEXTS: [&str; 12] = [
    "console_url",
    "webhook_url",
    "ops_url",
    "simulator_url",
    "database_url",
    "redis_url",
    "phone_number_id",
    "waba_id",
    "app_secret",
    "verify_token",
    "access_token",
    "accounts",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_starts_from_nothing_stops_whole_and_remembers() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("demo");

    let (first, seconds) = demo(&data, folder.path()).await;
    let told = the_contract_holds(&data).await;
    assert!(seconds > 0.0);
    end(first).await;
    for door in ["console_url", "webhook_url", "ops_url", "simulator_url"] {
        let address = told[door]
            .as_str()
            .expect("a URL")
            .trim_start_matches("http://")
            .split('/')
            .next()
            .expect("an address");
        assert!(
            tokio::net::TcpStream::connect(address).await.is_err(),
            "{door} still listens"
        );
    }

    let (second, _) = demo(&data, folder.path()).await;
    let again = the_contract_holds(&data).await;
    assert_eq!(
        again["accounts"], told["accounts"],
        "passwords live as long as the data folder"
    );
    assert_eq!(again["app_secret"], told["app_secret"]);
    end(second).await;
}

/// Starts it and waits for the one line `ready <seconds>`.
async fn demo(data: &Path, logs: &Path) -> (Program, f64) {
    let mut command = Command::new(executable("balcao"));
    // setpriv and the servers are looked for on PATH.
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    command
        .args(["demo", "--no-open", "--port-base", "0", "--data"])
        .arg(data);
    let (program, told) = Program::start("demo", command, &logs.join("demo.log"), "ready").await;
    (program, told["ready"].parse().expect("seconds"))
}

async fn the_contract_holds(data: &Path) -> Value {
    let file = data.join("demo.json");
    let mode = std::fs::metadata(&file)
        .expect("demo.json")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let told: Value =
        serde_json::from_slice(&std::fs::read(&file).expect("demo.json")).expect("JSON");
    for key in TEXTS {
        assert!(!told[key].is_null(), "no {key}");
    }
    let client = e2e::http();
    let url = |key: &str| told[key].as_str().expect("a URL").to_owned();
    for address in [
        format!("{}/readyz", url("ops_url")),
        url("console_url"),
        url("simulator_url"),
    ] {
        assert_eq!(
            client
                .get(&address)
                .send()
                .await
                .expect("an answer")
                .status(),
            200,
            "{address}"
        );
    }
    let accounts = told["accounts"].as_array().expect("accounts");
    for role in ["agent", "supervisor", "admin"] {
        assert!(
            accounts.iter().any(|account| account["role"] == role),
            "no {role}"
        );
    }
    for account in accounts {
        let word = |key: &str| account[key].as_str().expect("a text").to_owned();
        let answer = attempt(&url("console_url"), &word("email"), &word("password")).await;
        assert_eq!(answer.status, 200, "{}", account["role"]);
    }
    told
}

async fn end(mut demo: Program) {
    let status = demo.terminate(ENDS_WITHIN).await;
    assert!(status.success(), "{status}");
}
