//! Hostile files and hostile hosts: rows 66 to 72 of the table of hostile inputs, in one table that is printed.

use balcao_core::model::{ConversationId, MediaReason, MediaState, MediaView};
use e2e::files::{open, settled};
use e2e::hostile::Table;
use e2e::media_host::{Manner, MediaHost, sha256};
use e2e::meta::{self, Meta};
use e2e::scanner::{Scanner, eicar};
use e2e::{Agent, Plan, Stack, Who, samples};
use image::ImageFormat;
use serde_json::json;

const PHONE: &str = "5511900000881";
const TOO_MANY_BYTES: u64 = 100 * 1024 * 1024 + 1;
/// More than any other file of this test has.
const MANY_BYTES: u64 = 1024 * 1024;

struct Attack {
    host: MediaHost,
    meta: Meta,
    ana: Agent,
    carla: Agent,
    id: Option<ConversationId>,
    sent: i64,
    _stack: Stack,
}

impl Attack {
    async fn begin(scanner: &Scanner) -> (Self, MediaHost) {
        let (host, other) = (MediaHost::start("").await, MediaHost::start("").await);
        let port = other.place.rsplit(':').next().expect("a port").to_owned();
        // All of them are named, so that only the address stands between us and them.
        let hosts = format!(
            "localhost:{port},127.0.0.1:{port},[::ffff:10.0.0.1]:443,169.254.169.254:443,2130706433:443"
        );
        let plan = Plan {
            roles: Some("gateway,hub"),
            ..Plan::default()
        }
        .with("whatsapp.graph_base_url", &host.url)
        .with("media.hosts", &hosts)
        .with("media.private_hosts", &host.place)
        .with("media.clamd", &scanner.address);
        let stack = Stack::of(plan).await;
        host.expects(&stack.number.access_token);
        let attack = Self {
            meta: stack.meta(0),
            ana: stack.agent(Who::Ana, 0).await,
            carla: stack.agent(Who::Carla, 0).await,
            host,
            id: None,
            sent: 0,
            _stack: stack,
        };
        (attack, other)
    }

    /// A customer sends a file; the item's seq.
    async fn file(&mut self, kind: &str, name: &str, bytes: &[u8], manner: Manner) -> i64 {
        self.sent += 1;
        let id = (9_000 + self.sent).to_string();
        self.host.put(&id, bytes, manner);
        let file =
            json!({"id": id, "mime_type": "image/jpeg", "sha256": sha256(bytes), "filename": name});
        let message = meta::message(PHONE, json!({"type": kind, kind: file}));
        assert_eq!(self.meta.post(&self.meta.messages(&[message])).await, 200);
        if self.id.is_none() {
            self.id = Some(self.ana.conversation_with(&meta::name(PHONE)).await.id);
        }
        self.sent
    }

    async fn settled(&self, seq: i64) -> MediaView {
        settled(&self.ana, self.id.expect("a file was sent"), seq).await
    }

    /// State and reason of a file that is sent now.
    async fn outcome(
        &mut self,
        kind: &str,
        bytes: &[u8],
        manner: Manner,
    ) -> (MediaState, Option<MediaReason>) {
        let seq = self.file(kind, "a.pdf", bytes, manner).await;
        let file = self.settled(seq).await;
        (file.state, file.reason)
    }
}

fn quarantined(reason: MediaReason) -> (MediaState, Option<MediaReason>) {
    (MediaState::Quarantined, Some(reason))
}

fn failed(reason: MediaReason) -> (MediaState, Option<MediaReason>) {
    (MediaState::Failed, Some(reason))
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_and_hosts_are_answered_as_the_table_says() {
    let scanner = Scanner::start().await;
    let (mut attack, other) = Attack::begin(&scanner).await;
    let mut table = Table::default();
    // The slow ones first: they wait between their attempts.
    let manner = Manner {
        wrong: 99,
        ..Manner::default()
    };
    let never = attack
        .file("document", "a.pdf", &samples::pdf("never right"), manner)
        .await;
    let manner = Manner {
        wrong: 1,
        ..Manner::default()
    };
    let second = attack
        .file("document", "a.pdf", &samples::pdf("right at last"), manner)
        .await;

    dressed_up(&mut attack, &mut table).await;
    scanned(&mut attack, &mut table, &scanner).await;
    broken(&mut attack, &mut table).await;
    named(&mut attack, &mut table).await;
    misled(&mut attack, &mut table, &other).await;
    ranges(&mut attack, &mut table).await;
    let (never, second) = (attack.settled(never).await, attack.settled(second).await);
    table
        .row(
            71,
            "SHA-256 other than the webhook's",
            "thrown away, fetched three times at most",
        )
        .is(
            "always",
            (never.state, never.reason),
            failed(MediaReason::HashMismatch),
        )
        .is("downloads", attack.host.downloads("9001"), 3)
        .is(
            "once",
            (second.state, second.reason),
            (MediaState::Ready, None),
        )
        .is("downloads", attack.host.downloads("9002"), 2);
    table.close(66..=72);
}

async fn dressed_up(attack: &mut Attack, table: &mut Table) {
    let row = table.row(
        66,
        "HTML, SVG with script, GIF/JS sent as pictures",
        "quarantined; never inline",
    );
    let page = b"<!doctype html><script>alert(document.domain)</script>";
    for (what, kind, bytes, reason) in [
        (
            "HTML as image/jpeg",
            "image",
            page.as_slice(),
            MediaReason::WrongType,
        ),
        (
            "SVG with script",
            "image",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>",
            MediaReason::WrongType,
        ),
        (
            "GIF that is JavaScript",
            "image",
            b"GIF89a/*\x01\0\x01\0\0*/=1;alert(1)//;",
            MediaReason::WrongType,
        ),
        (
            "HTML as a document",
            "document",
            page,
            MediaReason::ActiveContent,
        ),
    ] {
        let seq = attack.file(kind, "a.jpg", bytes, Manner::default()).await;
        let file = attack.settled(seq).await;
        row.is(what, (file.state, file.reason), quarantined(reason));
        let id = file.id.to_string();
        let (agent, supervisor) = (
            open(&attack.ana, &id, &[]).await,
            open(&attack.carla, &id, &[]).await,
        );
        row.is(
            "agent",
            (agent.status, agent.code().as_str()),
            (403, "quarantined"),
        );
        row.is(
            "supervisor, as",
            supervisor.header("content-type"),
            "application/octet-stream",
        );
        row.holds_that(
            "a download",
            supervisor
                .header("content-disposition")
                .starts_with("attachment; "),
        );
    }
}

async fn scanned(attack: &mut Attack, table: &mut Table, scanner: &Scanner) {
    let row = table.row(
        67,
        "EICAR; encrypted zip; bomb; 100 MB + 1",
        "infected; encrypted, supervisor only; limits; refused while streaming",
    );
    let nested = (0..20).fold(samples::pdf("deep down"), |inner, depth| {
        samples::zip(&format!("{depth}.zip"), &inner, false)
    });
    let zipped = samples::zip("eicar.com", &eicar(), false);
    for (what, bytes, reason, of_supervisor) in [
        ("EICAR", eicar(), MediaReason::Infected, 403),
        ("EICAR in a zip", zipped.clone(), MediaReason::Infected, 403),
        (
            "EICAR in a zip in a zip",
            samples::zip("inner.zip", &zipped, false),
            MediaReason::Infected,
            403,
        ),
        (
            "encrypted zip",
            samples::zip("a.txt", b"locked", true),
            MediaReason::Encrypted,
            200,
        ),
        (
            "twenty zips in each other",
            nested,
            MediaReason::Limits,
            403,
        ),
    ] {
        let seq = attack
            .file("document", "a.zip", &bytes, Manner::default())
            .await;
        let file = attack.settled(seq).await;
        row.is(what, (file.state, file.reason), quarantined(reason));
        row.is("scanned", scanner.scans_of(&bytes), 1);
        let id = file.id.to_string();
        row.is("agent", open(&attack.ana, &id, &[]).await.status, 403);
        row.is(
            "supervisor",
            open(&attack.carla, &id, &[]).await.status,
            of_supervisor,
        );
    }
    let clean = samples::pdf("nothing in it");
    let outcome = attack.outcome("document", &clean, Manner::default()).await;
    row.is("a clean one", outcome, (MediaState::Ready, None));
    row.is("scanned", scanner.scans_of(&clean), 1);
    let manner = Manner {
        endless: TOO_MANY_BYTES,
        ..Manner::default()
    };
    let large = attack.outcome("document", b"", manner).await;
    row.is("100 MB + 1", large, failed(MediaReason::TooLarge));
    row.holds_that(
        "not scanned, not even begun",
        scanner.longest() < MANY_BYTES,
    );
}

async fn broken(attack: &mut Attack, table: &mut Table) {
    let row = table.row(
        68,
        "PNG 30,000 x 30,000; truncated MP4; malformed WebP",
        "no decode, attachment only; no crash",
    );
    let film = samples::film(100_000);
    for (what, kind, bytes) in [
        ("giant PNG", "image", samples::giant_png(30_000)),
        ("truncated MP4", "video", film[..film.len() / 2].to_vec()),
        (
            "malformed WebP",
            "sticker",
            b"RIFF\xff\xff\xff\x7fWEBPVP8X\xff\xff\xff\x7f".to_vec(),
        ),
    ] {
        let seq = attack.file(kind, "a", &bytes, Manner::default()).await;
        let file = attack.settled(seq).await;
        row.is(
            what,
            (file.state, file.has_thumbnail, file.is_inline),
            (MediaState::Ready, false, false),
        );
        let opened = open(&attack.ana, &file.id.to_string(), &[]).await;
        row.is(
            "as",
            opened.header("content-type"),
            "application/octet-stream",
        );
        row.holds_that(
            "a download",
            opened
                .header("content-disposition")
                .starts_with("attachment; "),
        );
        row.holds_that("its bytes", opened.bytes == bytes);
    }
    let sound = attack
        .outcome(
            "image",
            &samples::picture(ImageFormat::Png),
            Manner::default(),
        )
        .await;
    row.is("the next picture", sound, (MediaState::Ready, None));
}

async fn named(attack: &mut Attack, table: &mut Table) {
    let row = table.row(
        69,
        "hostile file names",
        "a name of our making, headers intact",
    );
    for (told, name) in [
        ("../../etc/passwd", "passwd.pdf"),
        ("a.pdf\r\nSet-Cookie: x=1", "a.pdf"),
        ("relatorio\u{202e}gpj.exe", "relatoriogpj.pdf"),
        ("CON", "_CON.pdf"),
        ("a\"; filename=b.exe", "a__ filename_b.pdf"),
    ] {
        let seq = attack
            .file("document", told, &samples::pdf(told), Manner::default())
            .await;
        let file = attack.settled(seq).await;
        let opened = open(&attack.ana, &file.id.to_string(), &[]).await;
        let disposition = opened.header("content-disposition");
        row.holds_that(
            &format!("{told:?} is {name}"),
            disposition.contains(&format!("filename=\"{name}\"")),
        );
        row.holds_that("no header more", opened.headers.get("set-cookie").is_none());
    }
}

async fn misled(attack: &mut Attack, table: &mut Table, other: &MediaHost) {
    let row = table.row(
        70,
        "media hosts in private networks; redirects; strangers",
        "no connection; media_blocked",
    );
    let port = other.place.rsplit(':').next().expect("a port").to_owned();
    for (what, place) in [
        (
            "a name for 127.0.0.1",
            format!("https://localhost:{port}/file/1"),
        ),
        ("127.0.0.1", format!("https://127.0.0.1:{port}/file/1")),
        (
            "::ffff:10.0.0.1",
            "https://[::ffff:10.0.0.1]/file/1".to_owned(),
        ),
        (
            "169.254.169.254",
            "https://169.254.169.254/latest/meta-data".to_owned(),
        ),
        (
            "an address as a number",
            "https://2130706433/file/1".to_owned(),
        ),
        ("plain HTTP", format!("http://localhost:{port}/file/1")),
        (
            "a host that is not named",
            "https://evil.example/file/1".to_owned(),
        ),
        ("a file of this machine", "file:///etc/passwd".to_owned()),
    ] {
        let manner = Manner {
            place: Some(place),
            ..Manner::default()
        };
        let outcome = attack
            .outcome("document", &samples::pdf(what), manner)
            .await;
        row.is(what, outcome, failed(MediaReason::MediaBlocked));
    }
    let manner = Manner {
        redirect: Some(format!("{}/file/1", other.url)),
        ..Manner::default()
    };
    let outcome = attack
        .outcome("document", &samples::pdf("302"), manner)
        .await;
    row.is("302 to http://", outcome, failed(MediaReason::MediaBlocked));
    row.is("connections", other.strangers(""), 0);
    // Names that change between two look-ups: gateway/src/media/tests.rs, where the resolver is the test's own.
}

async fn ranges(attack: &mut Attack, table: &mut Table) {
    let row = table.row(72, "Range bytes=0-,0-,... x 1,000", "416, or one range");
    let bytes = samples::voice();
    let seq = attack.file("audio", "a", &bytes, Manner::default()).await;
    let id = attack.settled(seq).await.id.to_string();
    let many = format!("bytes={}", vec!["0-"; 1_000].join(","));
    let all = format!("bytes */{}", bytes.len());
    for (what, range) in [
        ("a thousand", many.as_str()),
        ("two", "bytes=0-1,3-4"),
        ("behind the end", "bytes=9999999-"),
    ] {
        let opened = open(&attack.ana, &id, &[("range", range)]).await;
        row.is(
            what,
            (opened.status, opened.header("content-range")),
            (416, all.as_str()),
        );
    }
    let one = open(&attack.ana, &id, &[("range", "bytes=100-199")]).await;
    let told = format!("bytes 100-199/{}", bytes.len());
    row.is(
        "one",
        (one.status, one.header("content-range")),
        (206, told.as_str()),
    );
    row.holds_that("its bytes", one.bytes == bytes[100..200]);
}
