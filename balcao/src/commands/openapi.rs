//! `balcao openapi`: the document that the console's types are generated from.

use crate::cli::Failure;

/// Prints the document.
///
/// # Errors
/// [`Failure::Other`] when it cannot be written.
pub fn run() -> Result<(), Failure> {
    println!(
        "{}",
        serde_json::to_string_pretty(&agent_hub::openapi::document())?
    );
    Ok(())
}
