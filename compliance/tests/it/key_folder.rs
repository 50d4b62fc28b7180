//! The key folder: made once, never overwritten, refused when others can read it.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use compliance::{
    Error, Provider, Vault,
    vault::{Seed, keys},
};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn init_makes_what_is_missing_and_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("deep/keys");
    let made = keys::init(&folder).unwrap();
    assert_eq!(
        made,
        ["kek-1.key", "index-1.key", "audit.key", "session.key"]
    );
    assert_eq!(mode(&folder), 0o700);
    let contents: Vec<Vec<u8>> = made
        .iter()
        .map(|name| fs::read(folder.join(name)).unwrap())
        .collect();
    for name in &made {
        assert_eq!(mode(&folder.join(name)), 0o400);
    }
    assert!(keys::init(&folder).unwrap().is_empty());
    assert_eq!(
        contents,
        made.iter()
            .map(|name| fs::read(folder.join(name)).unwrap())
            .collect::<Vec<_>>()
    );

    fs::remove_file(folder.join("session.key")).unwrap();
    assert_eq!(keys::init(&folder).unwrap(), ["session.key"]);

    let provider = Provider::file(&folder);
    assert_ne!(
        *provider.seed(Seed::Audit).unwrap(),
        *provider.seed(Seed::Session).unwrap()
    );
    assert_eq!(Vault::open(provider).await.unwrap().index_key_version(), 1);
}

#[tokio::test]
async fn a_folder_or_file_that_others_can_read_is_refused_with_the_command_to_run() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("keys");
    keys::init(&folder).unwrap();
    let refusal = || async {
        match Vault::open(Provider::file(&folder)).await {
            Err(error @ Error::KeyFolder { .. }) => error.to_string(),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("opened"),
        }
    };

    chmod(&folder, 0o750);
    assert!(
        refusal()
            .await
            .contains(&format!("run: chmod 0700 {}", folder.display()))
    );
    chmod(&folder, 0o700);
    let kek = folder.join("kek-1.key");
    chmod(&kek, 0o444);
    assert!(
        refusal()
            .await
            .contains(&format!("run: chmod 0400 {}", kek.display()))
    );
    chmod(&kek, 0o600);
    fs::write(&kek, "too short\n").unwrap();
    assert!(refusal().await.contains("32 bytes of base64"));
    fs::remove_file(&kek).unwrap();
    assert!(refusal().await.contains("balcao keys init"));
}

#[test]
fn a_development_key_is_32_bytes_of_base64() {
    assert!(Provider::env("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").is_ok());
    assert!(Provider::env("AAAA").is_err() && Provider::env("not base64").is_err());
}
