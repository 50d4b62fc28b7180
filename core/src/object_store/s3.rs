//! Objects in a bucket of an S3-compatible service.
//!
//! Does not: encrypt there (everything is sealed before it leaves us), list, or set life cycles: give the bucket none,
//! and no versioning, or an erased file's ciphertext stays.

use std::ops::Range;
use std::time::Duration;

use ::object_store::aws::{AmazonS3, AmazonS3Builder};
use ::object_store::buffered::BufWriter;
use ::object_store::path::Path;
use ::object_store::{ClientOptions, ObjectStoreExt as _};
use bytes::Bytes;
use secrecy::ExposeSecret as _;
use tokio::io::AsyncWriteExt as _;

use super::{Error, Spooled};
use crate::config;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest call; a part of an upload is one call.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Files up to this size are one call, in bytes; larger ones go in parts of it.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// The bucket.
pub(super) struct Bucket(std::sync::Arc<AmazonS3>);

impl Bucket {
    pub(super) fn open(config: &config::Media) -> Result<Self, Error> {
        let options = ClientOptions::new()
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout(CALL_TIMEOUT)
            .with_allow_http(config.s3_allow_http);
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&config.s3_bucket)
            .with_region(&config.s3_region)
            .with_access_key_id(&config.s3_access_key_id)
            .with_secret_access_key(
                config
                    .s3_secret_access_key
                    .as_ref()
                    .map_or("", |secret| secret.expose_secret()),
            )
            .with_virtual_hosted_style_request(!config.s3_path_style)
            // One object a call: not every service knows the other way.
            .with_disable_bulk_delete(true)
            .with_client_options(options);
        if let Some(endpoint) = &config.s3_endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        Ok(Self(std::sync::Arc::new(builder.build()?)))
    }

    pub(super) async fn put(&self, key: &str, spooled: &Spooled) -> Result<(), Error> {
        let mut file = tokio::fs::File::open(spooled.path()?).await?;
        let mut writer =
            BufWriter::with_capacity(std::sync::Arc::clone(&self.0) as _, at(key), PART_BYTES);
        if let Err(error) = tokio::io::copy_buf(
            &mut tokio::io::BufReader::with_capacity(PART_BYTES / 8, &mut file),
            &mut writer,
        )
        .await
        {
            writer.abort().await?;
            return Err(error.into());
        }
        Ok(writer.shutdown().await?)
    }

    pub(super) async fn range(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        match self.0.get_range(&at(key), range).await {
            Err(::object_store::Error::NotFound { .. }) => Err(Error::Missing),
            bytes => Ok(bytes?),
        }
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), Error> {
        match self.0.delete(&at(key)).await {
            Err(::object_store::Error::NotFound { .. }) => Ok(()),
            deleted => Ok(deleted?),
        }
    }
}

fn at(key: &str) -> Path {
    Path::from(format!("balcao/{key}"))
}
