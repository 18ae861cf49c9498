#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sskuba_testkit::fuzzing::address(input));
