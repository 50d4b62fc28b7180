//! Against a folder, and against a bucket that is a few lines of this file.

use std::path::Path;

use futures_util::TryStreamExt as _;

use super::*;
use crate::config::{Config, Sources};

const KEY: &str = "01890000-0000-7000-8000-0000000000ab-7";

fn store(dir: &Path) -> ObjectStore {
    let sources = Sources::default().with("media.dir", dir.display().to_string());
    ObjectStore::open(&Config::load(&sources).unwrap().media).unwrap()
}

async fn put(store: &ObjectStore, key: &str, bytes: &[u8]) -> FileKey {
    let mut incoming = store.incoming(1_000_000).await.unwrap();
    for piece in bytes.chunks(50_000) {
        incoming.write(piece).await.unwrap();
    }
    let spooled = incoming.finish().await.unwrap();
    let file_key = spooled.key().clone();
    store.put(key, spooled).await.unwrap();
    file_key
}

async fn get(
    store: &ObjectStore,
    file_key: &FileKey,
    size: usize,
    range: Range<u64>,
) -> Result<Vec<u8>, Error> {
    let stream = store.read(KEY, file_key, size as u64, range).await?;
    let pieces: Vec<Bytes> = stream.try_collect().await?;
    Ok(pieces.concat())
}

fn plaintext(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n % 251) as u8).collect()
}

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn a_file_comes_back_whole_and_in_any_range() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let plaintext = plaintext(300_000);
    let file_key = put(&store, KEY, &plaintext).await;
    for range in [
        0..300_000,
        0..1,
        65_535..65_537,
        65_536..131_072,
        299_999..300_000,
        10..299_990,
    ] {
        let expected = &plaintext[range.start as usize..range.end as usize];
        assert_eq!(
            get(&store, &file_key, 300_000, range.clone())
                .await
                .unwrap(),
            expected,
            "{range:?}"
        );
    }
    assert!(
        dir.path().join("ab").join(KEY).exists(),
        "sharded by the random end of the id"
    );
}

#[tokio::test]
async fn nothing_lies_in_clear_and_nothing_is_left_of_what_was_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let words = b"zebra-7731 ".repeat(20_000);
    let mut given_up = store.incoming(1_000_000).await.unwrap();
    given_up.write(&words).await.unwrap();
    let on_disk = |needle: &[u8]| {
        files(dir.path()).iter().any(|file| {
            std::fs::read(file)
                .unwrap()
                .windows(needle.len())
                .any(|part| part == needle)
        })
    };
    assert!(!on_disk(b"zebra-7731"), "while it comes in");
    drop(given_up);
    assert_eq!(files(dir.path()).len(), 0, "given up");
    put(&store, KEY, &words).await;
    assert!(!on_disk(b"zebra-7731"), "in the store");
}

#[tokio::test]
async fn the_first_byte_too_many_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let mut incoming = store.incoming(10).await.unwrap();
    incoming.write(&[0; 10]).await.unwrap();
    assert!(matches!(incoming.write(&[0]).await, Err(Error::TooLarge)));
}

#[tokio::test]
async fn an_altered_object_does_not_open_and_a_deleted_one_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let file_key = put(&store, KEY, &plaintext(100_000)).await;
    let path = dir.path().join("ab").join(KEY);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[70_000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(
        get(&store, &file_key, 100_000, 0..100_000).await,
        Err(Error::DoesNotOpen)
    ));
    store.delete(KEY).await.unwrap();
    store.delete(KEY).await.expect("twice is no error");
    assert!(matches!(
        get(&store, &file_key, 1, 0..1).await,
        Err(Error::Missing)
    ));
}

#[tokio::test]
async fn a_key_is_never_a_path() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let outside = format!("{}/../../etc/passwd", &KEY[..36]);
    for key in ["", "a", "../x", outside.as_str()] {
        assert!(
            matches!(store.delete(key).await, Err(Error::Missing)),
            "{key}"
        );
    }
}

/// Objects by path, behind the three calls that we make of a bucket (parts of large uploads excepted).
#[derive(Clone, Default)]
struct Bucket(Arc<std::sync::Mutex<std::collections::HashMap<String, Bytes>>>);

impl Bucket {
    async fn start(&self) -> String {
        let bucket = self.clone();
        let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let bucket = bucket.clone();
            async move { bucket.answer(request).await }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        url
    }

    async fn answer(&self, request: axum::extract::Request) -> axum::response::Response {
        use axum::http::{Method, StatusCode, header};
        use axum::response::IntoResponse;

        let (parts, body) = request.into_parts();
        let signature = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        if !signature
            .is_some_and(|signature| signature.starts_with("AWS4-HMAC-SHA256 Credential=an-id/"))
        {
            return StatusCode::FORBIDDEN.into_response();
        }
        let path = parts.uri.path().to_owned();
        if parts.method == Method::PUT {
            let bytes = axum::body::to_bytes(body, 1 << 24).await.unwrap();
            self.0.lock().unwrap().insert(path, bytes);
            return [(header::ETAG, "\"1\"")].into_response();
        }
        let mut objects = self.0.lock().unwrap();
        if parts.method == Method::DELETE {
            objects.remove(&path);
            return StatusCode::NO_CONTENT.into_response();
        }
        let Some(bytes) = objects.get(&path) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let range = parts.headers[header::RANGE].to_str().unwrap();
        let (from, to) = range.trim_start_matches("bytes=").split_once('-').unwrap();
        let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
        let to = to.min(bytes.len() - 1);
        let headers = [
            (
                header::CONTENT_RANGE,
                format!("bytes {from}-{to}/{}", bytes.len()),
            ),
            (header::ETAG, "\"1\"".to_owned()),
            (
                header::LAST_MODIFIED,
                "Fri, 20 Nov 2026 12:00:00 GMT".to_owned(),
            ),
        ];
        (StatusCode::PARTIAL_CONTENT, headers, bytes.slice(from..=to)).into_response()
    }
}

#[tokio::test]
async fn a_bucket_keeps_files_as_a_folder_does() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (dir, bucket) = (tempfile::tempdir().unwrap(), Bucket::default());
    let sources = Sources::default()
        .with("media.dir", dir.path().display().to_string())
        .with("media.store", "s3")
        .with("media.s3_endpoint", bucket.start().await)
        .with("media.s3_bucket", "files")
        .with("media.s3_access_key_id", "an-id")
        .with("media.s3_secret_access_key", "a-secret")
        .with("media.s3_allow_http", "true");
    let store = ObjectStore::open(&Config::load(&sources).unwrap().media).unwrap();
    let words = b"zebra-7731 ".repeat(20_000);
    let file_key = put(&store, KEY, &words).await;
    assert_eq!(files(dir.path()).len(), 0, "nothing stays behind");
    let path = format!("/files/balcao/{KEY}");
    let kept = bucket
        .0
        .lock()
        .unwrap()
        .get(&path)
        .cloned()
        .expect("it is there");
    assert_eq!(kept.len() as u64, sealed_bytes(words.len() as u64));
    assert!(
        !kept.windows(10).any(|part| part == b"zebra-7731"),
        "sealed before it left us"
    );
    let whole = get(&store, &file_key, words.len(), 0..words.len() as u64).await;
    assert_eq!(whole.unwrap(), words);
    assert_eq!(
        get(&store, &file_key, words.len(), 100_000..100_010)
            .await
            .unwrap(),
        words[100_000..100_010]
    );
    store.delete(KEY).await.unwrap();
    store.delete(KEY).await.expect("twice is no error");
    assert!(matches!(
        get(&store, &file_key, 1, 0..1).await,
        Err(Error::Missing)
    ));
}
