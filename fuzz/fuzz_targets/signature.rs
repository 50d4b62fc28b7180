//! A signature header of any bytes over any body: never a panic, and only the right one is right.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<Vec<u8>>, Vec<u8>)| {
    let (headers, body) = input;
    assert!(
        !gateway::fuzz::signature(&headers, &body),
        "nobody guesses the secret"
    );
});
