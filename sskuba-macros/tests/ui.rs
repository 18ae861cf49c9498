//! What the derives accept, and what they say to what they do not. After a wanted change of a message, run with
//! `TRYBUILD=overwrite` and read the difference.

#[test]
fn good_declarations_compile_and_bad_ones_say_what_is_wrong() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
