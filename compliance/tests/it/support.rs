//! What the tests share: roles, signers, events, and both verifiers.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use compliance::{
    Provider, Vault,
    audit::{self, Action, Event, ObjectKind, Request, Sequencer, Signer, Summary, verify},
    vault::Seed,
};
use ed25519_dalek::{Signer as _, SigningKey};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub const SECRET: [u8; 32] = [7; 32];
pub const ORIGIN: &str = "balcao.example/audit";

pub async fn vault() -> Vault {
    Vault::open(Provider::development(SECRET)).await.unwrap()
}

pub fn seed() -> [u8; 32] {
    *Provider::development(SECRET).seed(Seed::Audit).unwrap()
}

pub fn signer() -> Signer {
    Signer::new(ORIGIN, &seed()).unwrap()
}

/// The same database, with the rights of a role.
pub async fn as_role(pool: &PgPool, role: &'static str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(4)
        .after_connect(move |conn, _| {
            Box::pin(async move {
                sqlx::query("select set_config('role', $1, false)")
                    .bind(role)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        })
        .connect_with((*pool.connect_options()).clone())
        .await
        .unwrap()
}

pub async fn sequencer(pool: &PgPool) -> Sequencer {
    Sequencer::new(as_role(pool, "balcao_sequencer").await, signer())
}

pub fn opened(rev: i64) -> Event {
    Event::by_agent(Action::ConversationOpened, Uuid::from_u128(0xa9e47))
        .object(ObjectKind::Conversation, Uuid::from_u128(0xc0))
        .detail("rev", rev)
        .detail("mode", "work")
}

pub async fn record(pool: &PgPool, event: &Event) -> Uuid {
    let mut tx = pool.begin().await.unwrap();
    let id = audit::record(&mut tx, event).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn record_many(pool: &PgPool, count: i64) {
    let mut tx = pool.begin().await.unwrap();
    for rev in 0..count {
        audit::record(&mut tx, &opened(rev)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// An export of everything, made while a sequencer steps beside it.
pub async fn export_all(pool: &PgPool, dir: &Path) -> Summary {
    export_filtered(pool, dir, audit::Filter::default()).await
}

pub async fn export_filtered(pool: &PgPool, dir: &Path, filter: audit::Filter) -> Summary {
    let app = as_role(pool, "balcao_app").await;
    let request = Request {
        from: DateTime::<Utc>::from_timestamp(0, 0).unwrap(),
        to: DateTime::<Utc>::from_timestamp(4_000_000_000, 0).unwrap(),
        filter,
        dir: dir.to_owned(),
        wait: Duration::from_secs(60),
    };
    let event = Event::by_agent(Action::AuditExported, Uuid::from_u128(0xad))
        .object_kind(ObjectKind::Export);
    sequenced(pool, audit::export(&app, &signer(), &request, &event))
        .await
        .unwrap()
}

/// Does something while a sequencer runs beside it.
pub async fn sequenced<T>(pool: &PgPool, work: impl Future<Output = T>) -> T {
    let stop = CancellationToken::new();
    let running = tokio::spawn(sequencer(pool).await.run(stop.clone()));
    let done = work.await;
    stop.cancel();
    running.await.unwrap().unwrap();
    done
}

pub fn verify_py(dir: &Path, vkey: &str, previous: Option<&Path>) -> (i32, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/audit/verify.py");
    let output = Command::new("python3")
        .arg("-B")
        .arg(script)
        .arg(dir)
        .arg(vkey)
        .args(previous)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("Traceback"), "verify.py crashed: {stderr}");
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned(),
    )
}

pub fn assert_sound(dir: &Path, vkey: &str, events: u64) {
    let report = verify::folder(dir, vkey).unwrap();
    assert_eq!(report.events, events);
    assert_eq!(
        verify_py(dir, vkey, None),
        (0, format!("OK {events} events"))
    );
}

/// Both verifiers refuse, name the same file, and mention `place`.
pub fn assert_refused(dir: &Path, vkey: &str, file: &str, place: &str) {
    let failure = verify::folder(dir, vkey).expect_err(place);
    assert!(
        failure.file == file && failure.why.contains(place),
        "verify.rs says {failure}; wanted {file}: {place}"
    );
    let (code, said) = verify_py(dir, vkey, None);
    let wanted = format!("INVALID {file}: ");
    assert!(
        code == 1 && said.starts_with(&wanted) && said.contains(place),
        "verify.py says {said}; wanted {place}"
    );
}

/// A signed note of any text, by the published recipe and not by our code.
pub fn note(name: &str, seed: &[u8; 32], text: &str) -> String {
    let (key, id) = key_and_id(name, seed);
    let mut signature = id.to_vec();
    signature.extend(key.sign(text.as_bytes()).to_bytes());
    format!(
        "{text}\n\u{2014} {name} {}\n",
        BASE64_STANDARD.encode(signature)
    )
}

pub fn vkey(name: &str, seed: &[u8; 32]) -> String {
    let (key, id) = key_and_id(name, seed);
    let typed = [&[1], key.verifying_key().as_bytes().as_slice()].concat();
    format!(
        "{name}+{}+{}",
        hex::encode(id),
        BASE64_STANDARD.encode(typed)
    )
}

/// A key under which anybody can sign anything: the neutral point.
pub fn weak_vkey(name: &str) -> String {
    use sha2::{Digest, Sha256};
    let mut typed = [0; 33];
    (typed[0], typed[1]) = (1, 1);
    let hash = Sha256::digest([name.as_bytes(), b"\n", &typed].concat());
    format!(
        "{name}+{}+{}",
        hex::encode(&hash[..4]),
        BASE64_STANDARD.encode(typed)
    )
}

fn key_and_id(name: &str, seed: &[u8; 32]) -> (SigningKey, [u8; 4]) {
    use sha2::{Digest, Sha256};
    let key = SigningKey::from_bytes(seed);
    let typed = [name.as_bytes(), b"\n\x01", key.verifying_key().as_bytes()].concat();
    let hash: [u8; 32] = Sha256::digest(typed).into();
    (key, [hash[0], hash[1], hash[2], hash[3]])
}

pub fn copy_dir(from: &Path, to: &Path) -> PathBuf {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
    to.to_owned()
}
