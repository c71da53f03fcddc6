//! Writes a run with invented numbers and its report, to work on the page:
//! `cargo run -p sightline-presentation --example sample_report FOLDER`.

#[path = "../tests/report/fixture.rs"]
mod fixture;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a folder for the run")?;
    sightline_presentation::render(&fixture::Fixture::sample().write(path.as_ref()))?;
    Ok(())
}
