use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use balcao_core::bell::{Bell, Hint};
use balcao_core::clock::Clock;
use balcao_core::config::{Config, Sources};
use balcao_core::context::Context;
use balcao_core::limits::Limits;
use balcao_core::model::*;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::{self, Store, channel, conversation, message};
use compliance::{Provider, Vault};
use axum::extract::State;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use serde_json::{Value, json};

const DB: &str = "postgres://postgres@127.0.0.1:55432/gwscratch";

fn sql(q: &str) -> String {
    let out = std::process::Command::new("psql").args(["-h","127.0.0.1","-p","55432","-U","postgres","-d","gwscratch","-Atc", q]).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&out.stdout).trim(), String::from_utf8_lossy(&out.stderr))
}

type Log = Arc<Mutex<(Vec<Value>, Vec<(u16, String)>)>>;

async fn graph(State(log): State<Log>, body: String) -> (axum::http::StatusCode, String) {
    let v: Value = serde_json::from_str(&body).unwrap();
    let is_read = v["status"] == "read";
    let mut log = log.lock().unwrap();
    log.0.push(v);
    let n = log.0.len();
    if !is_read && let Some((s, b)) = log.1.pop() { return (axum::http::StatusCode::from_u16(s).unwrap(), b); }
    (axum::http::StatusCode::OK, json!({"messages":[{"id": format!("wamid.out{n}")}]}).to_string())
}

fn msg(id: &str, from: &str, text: &str, name: &str) -> (Value, Value) {
    let now = Clock::system().now().timestamp().to_string();
    (json!({"id": id, "from": from, "timestamp": now, "type": "text", "text": {"body": text}}),
     json!({"wa_id": from, "user_id": format!("BR.{from}"), "profile": {"name": name}}))
}
fn env(msgs: &[(Value, Value)], statuses: Value) -> String {
    let m: Vec<_> = msgs.iter().map(|m| &m.0).collect(); let c: Vec<_> = msgs.iter().map(|m| &m.1).collect();
    json!({"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"42"},"contacts":c,"messages":m,"statuses":statuses}}]}]}).to_string()
}
async fn post(http: &reqwest::Client, url: &str, body: String) -> u16 {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"s3").unwrap(); mac.update(body.as_bytes());
    http.post(url).header("content-type","application/json").header("x-hub-signature-256", format!("sha256={}", hex::encode(mac.finalize().into_bytes()))).body(body).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn scratch() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let _ = std::process::Command::new("psql").args(["-h","127.0.0.1","-p","55432","-U","postgres","-c","drop database if exists gwscratch with (force)","-c","create database gwscratch"]).output().unwrap();
    let log: Log = Log::default();
    let gl = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gaddr = gl.local_addr().unwrap();
    let app = axum::Router::new().fallback(graph).with_state(log.clone());
    tokio::spawn(async move { axum::serve(gl, app).await.unwrap() });
    let sources = Sources::default().with("database.url", DB).with("webhook.app_secrets","s3").with("webhook.verify_token","t").with("whatsapp.graph_base_url", format!("http://{gaddr}").as_str()).with("whatsapp.unknown_after_ms","1000").with("whatsapp.lease_ms","2500").with("whatsapp.call_timeout_ms","1000");
    let config = Config::load(&sources).unwrap();
    let vault = Vault::open(Provider::development([7; 32])).await.unwrap();
    let store = Store::open(&config.database, vault).unwrap();
    store::MIGRATIONS.run(&store.worker).await.unwrap();
    let ctx = Context { store: store.clone(), config: Arc::new(config), bell: Bell::local(), redis: None, limits: Limits::new(None,1), clock: Clock::system(), node_id: uuid::Uuid::now_v7() };
    let mut tx = store.api.begin().await.unwrap();
    channel::put(&store, &mut tx, &channel::NewChannel { phone_number_id: "42".into(), waba_id: "1".into(), name: "x".into(), access_token: "tok".to_owned().into(), default_team_id: None, throughput_per_second: 80 }).await.unwrap();
    tx.commit().await.unwrap();
    let shutdown = Shutdown::new();
    let l = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks/whatsapp", l.local_addr().unwrap());
    let run = tokio::spawn(gateway::run(ctx.clone(), l, shutdown.clone()));
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();

    // same message x100 concurrently
    let body = env(&[msg("wamid.1", "5511987654321", "oi", "Ana")], json!([]));
    let answers = futures_util::future::join_all((0..100).map(|_| post(&http, &url, body.clone()))).await;
    println!("dups: {:?}", answers.iter().fold(std::collections::BTreeMap::new(), |mut m, a| { *m.entry(a).or_insert(0) += 1; m }));
    println!("rows {} conv {} contacts {} protocol {}", sql("select count(*) from message"), sql("select count(*) from conversation"), sql("select count(*) from contact"), sql("select protocol from conversation"));

    // 1000 messages of 200 new contacts
    let big: Vec<_> = (0..1000).map(|n| msg(&format!("wamid.big{n}"), &format!("55119{:08}", 80000000 + n % 200), "oi", "B")).collect();
    let t = Instant::now();
    let b = env(&big, json!([]));
    println!("big: {} bytes", b.len());
    let (big_answer, small) = tokio::join!(post(&http, &url, b), async { let t = Instant::now(); let a = post(&http, &url, env(&[msg("wamid.small", "5511987654321", "oi", "Ana")], json!([]))).await; (a, t.elapsed()) });
    println!("big {} in {:?}; small {:?}", big_answer, t.elapsed(), small);
    let t = Instant::now();
    let big2: Vec<_> = (0..1000).map(|n| msg(&format!("wamid.bigg{n}"), &format!("55119{:08}", 80000000 + n % 200), "oi", "B")).collect();
    println!("big again (known people) {} in {:?}", post(&http, &url, env(&big2, json!([]))).await, t.elapsed());
    let t = Instant::now();
    let new: Vec<_> = (0..1000).map(|n| post(&http, &url, env(&[msg(&format!("wamid.n{n}"), &format!("55219{:08}", 80000000 + n), "oi", "B")], json!([])))).collect();
    let a = futures_util::future::join_all(new).await;
    println!("1000 new people, one webhook each: {:?} ok {}", t.elapsed(), a.iter().filter(|a| **a==200).count());
    let t = Instant::now();
    let again: Vec<_> = (0..1000).map(|n| post(&http, &url, env(&[msg(&format!("wamid.m{n}"), &format!("55219{:08}", 80000000 + n), "oi", "B")], json!([])))).collect();
    let a = futures_util::future::join_all(again).await;
    println!("1000 known people, one webhook each: {:?} ok {}", t.elapsed(), a.iter().filter(|a| **a==200).count());
    println!("rows {} seqs dense {} dead {}", sql("select count(*) from message"), sql("select bool_and(n = last_seq) from (select conversation_id, count(*) n from message group by 1) m join conversation c on c.id = m.conversation_id"), sql("select count(*), min(reason) from dead_letter"));

    // odd things
    println!("garbage {}", post(&http, &url, "{".into()).await);
    println!("foreign number {}", post(&http, &url, body.replace("\"42\"", "\"43\"")).await);
    println!("foreign status {}", post(&http, &url, env(&[], json!([{"id":"wamid.foreign","status":"sent","timestamp":"1800000"}]))).await);
    println!("dead {} parked {}", sql("select reason, detail, count(*) from dead_letter group by 1,2"), sql("select count(*) from parked_event"));
    // quote
    println!("quote {}", post(&http, &url, { let mut m = msg("wamid.q", "5511987654321", "sim", "Ana Maria"); m.0["context"] = json!({"id":"wamid.1"}); env(&[m], json!([])) }).await);
    println!("reply_to {}", sql("select reply_to_seq from message where reply_to_seq is not null"));

    // outbound
    let conv: ConversationId = sql("select c.id from conversation c join message m on m.conversation_id = c.id where reply_to_seq is not null").parse().unwrap();
    let say = |text: &'static str, r: Option<i64>| { let (store, ctx) = (store.clone(), ctx.clone()); async move {
        let mut tx = store.api.begin().await.unwrap();
        let words = message::Words { author: Author::BOT, direction: Direction::Out, content: Content::Text { text: text.into() }, client_ref: None, reply_to_seq: r };
        let draft = message::draft(&store, &mut tx, conv, words, ctx.clock.now()).await.unwrap();
        let mut locked = conversation::lock(&mut tx, conv).await.unwrap();
        let seq = message::enqueue(&mut tx, &mut locked, &draft, message::Dispatch { source: SendSource::Bot, priority: PRIORITY_BOT }).await.unwrap();
        tx.commit().await.unwrap();
        ctx.bell.ring(&[locked.wake()]);
        ctx.bell.hint(Hint::Outbox { channel_id: locked.channel_id });
        seq
    }};
    async fn until(q: &str, want: &str) { let t = Instant::now(); loop { let v = sql(q); if v == want { println!("{q} = {want} after {:?}", t.elapsed()); return } if t.elapsed() > Duration::from_secs(20) { println!("TIMEOUT {q} = {v}, want {want}"); return } tokio::time::sleep(Duration::from_millis(20)).await; } }
    let seq = say("ola", Some(1)).await;
    until(&format!("select state from outbox where seq = {seq}"), "sent").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    println!("graph: {:?}", log.lock().unwrap().0);
    let items = message::items(&store, &mut store.api.acquire().await.unwrap(), &[(conv, seq)]).await.unwrap();
    println!("wamid in body: {:?} ticks {:?}", items[0].body.as_ref().unwrap().wamid, items[0].ticks);
    let cb = log.lock().unwrap().0[0]["biz_opaque_callback_data"].clone();
    println!("status {}", post(&http, &url, env(&[], json!([{"id":"wamid.out1","status":"delivered","timestamp":"1800000","biz_opaque_callback_data":cb}]))).await);
    until(&format!("select rank from delivery where seq = {seq}"), "30").await;
    println!("status read {}", post(&http, &url, env(&[], json!([{"id":"wamid.out1","status":"read","timestamp":"1800000"},{"id":"wamid.out1","status":"sent","timestamp":"1800000"}]))).await);
    until(&format!("select rank from delivery where seq = {seq}"), "40").await;
    // parked before answer: status with no callback for wamid.out{n+1}
    let n = log.lock().unwrap().0.len() + 1;
    println!("early status {}", post(&http, &url, env(&[], json!([{"id":format!("wamid.out{n}"),"status":"delivered","timestamp":"1800000"}]))).await);
    let seq = say("ola2", None).await;
    until(&format!("select rank from delivery where seq = {seq}"), "30").await;
    println!("parked {}", sql("select count(*) from parked_event"));
    // retry: 130429 then ok
    log.lock().unwrap().1 = vec![(400, json!({"error":{"code":130429}}).to_string())];
    let seq = say("ola3", None).await;
    until(&format!("select state from outbox where seq = {seq}"), "sent").await;
    // fail
    log.lock().unwrap().1 = vec![(400, json!({"error":{"code":131026}}).to_string())];
    let seq = say("ola4", None).await;
    until(&format!("select state from outbox where seq = {seq}"), "failed").await;
    // ambiguous -> unknown
    log.lock().unwrap().1 = vec![(502, "<html>".into())];
    let seq = say("ola5", None).await;
    let seq6 = say("ola6", None).await;
    until(&format!("select state from outbox where seq = {seq}"), "unknown").await;
    until(&format!("select state from outbox where seq = {seq6}"), "sent").await;
    // settle unknown by status
    println!("late status {}", post(&http, &url, env(&[], json!([{"id":"wamid.lost","status":"sent","timestamp":"1800000","biz_opaque_callback_data":format!("v1.{conv}.{seq}.1")}]))).await);
    until(&format!("select state from outbox where seq = {seq}"), "sent").await;
    // burst order: 12 sends in order
    let first = log.lock().unwrap().0.len();
    let t = Instant::now();
    let texts = ["a","b","c","d","e","f","g","h","i","j"];
    let mut last = 0; for x in texts { last = say(x, None).await; }
    until(&format!("select state from outbox where seq = {last}"), "sent").await;
    println!("10 sends in {:?}: {:?}", t.elapsed(), log.lock().unwrap().0[first..].iter().filter_map(|v| v["text"]["body"].as_str().map(str::to_owned)).collect::<String>());
    // closed window
    sql("update contact_channel set window_until = now() - interval '1 hour'");
    let seq = say("late", None).await;
    until(&format!("select state from outbox where seq = {seq}"), "expired").await;
    println!("queues: {}", sql("select state, count(*) from outbox group by 1"));
    let name = { let mut c = store.api.acquire().await.unwrap(); let id: ContactId = sql(&format!("select contact_id from conversation where id = '{conv}'")).parse().unwrap(); store::contact::open(&store, &mut c, &[id]).await.unwrap()[0].attributes.name.clone() };
    println!("name {name:?}");
    // erasure then write again
    let cid: ContactId = sql(&format!("select contact_id from conversation where id = '{conv}'")).parse().unwrap();
    let mut tx = store.api.begin().await.unwrap();
    store::erasure::erase(&mut tx, cid, None, "request").await.unwrap();
    tx.commit().await.unwrap();
    println!("after erasure {}", post(&http, &url, env(&[msg("wamid.after", "5511987654321", "oi", "Ana")], json!([]))).await);
    println!("contacts {} erased {}", sql("select count(*) from contact"), sql("select count(*) from contact where erased_at is not null"));
    let t = Instant::now();
    let late = shutdown.stop_after(Duration::from_secs(5)).await;
    println!("stopped in {:?} late {late:?} run {:?}", t.elapsed(), run.await.unwrap().is_ok());
    store.close().await;
}
