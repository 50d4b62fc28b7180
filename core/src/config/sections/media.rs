//! Files: where they lie, where they may be fetched from, who looks for viruses.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{optional_path, optional_text};
use crate::config::{Finding, secret};

/// Where the bytes of files lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaStore {
    /// A folder.
    Folder,
    /// A bucket of an S3-compatible service.
    S3,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    pub store: MediaStore,
    #[serde(deserialize_with = "optional_path")]
    pub dir: Option<PathBuf>,
    pub hosts: Vec<String>,
    pub private_hosts: Vec<String>,
    pub max_bytes: u64,
    pub connect_timeout_ms: u64,
    pub fetch_timeout_ms: u64,
    pub parallel_fetches: usize,
    pub bad_fetches_per_hour: u32,
    pub loose_hours: u32,
    #[serde(deserialize_with = "optional_text")]
    pub clamd: Option<String>,
    pub clamd_timeout_ms: u64,
    #[serde(deserialize_with = "optional_text")]
    pub s3_endpoint: Option<String>,
    pub s3_region: String,
    pub s3_bucket: String,
    pub s3_access_key_id: String,
    #[serde(deserialize_with = "secret::optional")]
    pub s3_secret_access_key: Option<SecretString>,
    #[serde(deserialize_with = "optional_path")]
    pub s3_secret_access_key_file: Option<PathBuf>,
    pub s3_path_style: bool,
    pub s3_allow_http: bool,
}

impl Media {
    /// What can never work.
    pub(in crate::config) fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut refuse = |wanted: bool, key, problem: &str| {
            if wanted {
                found.push(Finding::new(key, problem));
            }
        };
        for (key, value) in [
            ("media.max_bytes", self.max_bytes),
            ("media.connect_timeout_ms", self.connect_timeout_ms),
            ("media.fetch_timeout_ms", self.fetch_timeout_ms),
            ("media.parallel_fetches", self.parallel_fetches as u64),
            (
                "media.bad_fetches_per_hour",
                self.bad_fetches_per_hour.into(),
            ),
            ("media.loose_hours", self.loose_hours.into()),
            ("media.clamd_timeout_ms", self.clamd_timeout_ms),
        ] {
            refuse(value == 0, key, "must be at least 1");
        }
        let is_named = |host: &String| {
            let name = host.strip_prefix('[').unwrap_or(host);
            !name.is_empty() && !host.contains(['/', '@', '*', '?', ' '])
        };
        refuse(
            !self.hosts.iter().all(is_named),
            "media.hosts",
            "each is exactly host or host:port, without scheme, path or wildcard",
        );
        refuse(
            !self.private_hosts.iter().all(is_named),
            "media.private_hosts",
            "each is exactly host or host:port, without scheme, path or wildcard",
        );
        refuse(
            self.clamd.as_ref().is_some_and(|clamd| {
                !clamd.starts_with("tcp://") && !clamd.starts_with("unix:///")
            }),
            "media.clamd",
            "is tcp://HOST:PORT or unix:///PATH",
        );
        if self.store == MediaStore::S3 {
            refuse(
                self.s3_bucket.is_empty(),
                "media.s3_bucket",
                "missing; name the bucket",
            );
            refuse(
                self.s3_access_key_id.is_empty() || self.s3_secret_access_key.is_none(),
                "media.s3_access_key_id",
                "missing, or media.s3_secret_access_key is; store = \"s3\" needs both",
            );
        }
        found
    }

    /// What production refuses.
    pub(in crate::config) fn production_findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if !self.private_hosts.is_empty() {
            found.push(Finding::new(
                "media.private_hosts",
                "lets files be fetched from the private network; it is for demonstrations, leave it empty",
            ));
        }
        if self.store == MediaStore::S3 && self.s3_allow_http {
            found.push(Finding::new(
                "media.s3_allow_http",
                "must be false; use https:// for the bucket",
            ));
        }
        found
    }
}
