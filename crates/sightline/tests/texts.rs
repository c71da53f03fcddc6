//! What the program says: help, listings, errors. `cargo xtask bless` writes them anew.

#[test]
fn what_the_program_says() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
