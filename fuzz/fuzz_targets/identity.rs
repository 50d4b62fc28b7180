//! Telephone numbers and user ids of any text: what passes is what it claims to be.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    gateway::fuzz::identity(text);
});
