//! A rightly signed body of any bytes: nothing panics, every item is accounted for, and the verdict of `webhook check`
//! is reached.

#![no_main]

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    gateway::fuzz::payload(body, now);
    for finding in gateway::check::check(body, now) {
        assert!(
            finding.kind != "vanished",
            "an item is not accounted for: {finding:?}"
        );
    }
});
