//! Writes the reference pages that are made from code: docs/metrics.md, docs/configuration.md and docs/error-codes.md.
//!
//! `cargo run -p balcao-core --example reference`; unit tests fail while a page differs from its source.

use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    fs::create_dir_all(&docs)?;
    fs::write(docs.join("metrics.md"), balcao_core::metrics::markdown())?;
    fs::write(
        docs.join("error-codes.md"),
        balcao_core::model::GraphCodes::table().markdown(),
    )?;
    fs::write(
        docs.join("configuration.md"),
        balcao_core::config::markdown(),
    )
}
