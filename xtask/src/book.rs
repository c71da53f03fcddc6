//! What the book shows of a run: pictures of its report.

use std::path::Path;
use std::process::Command;

use crate::{cargo, installed, run};

const RUN: &str = "target/book/run";

/// A picture: its name, a style sheet that leaves of the report what it shows, and its height in pixels.
const PICTURES: [(&str, &str, u32); 3] = [
    ("answer", "", 1500),
    (
        "system",
        "header, .contents, footer, main > section:not(#systems), #systems > h2, .system:not([id*=device-hashing]) \
         { display: none }",
        860,
    ),
    (
        "gallery",
        "header, .contents, footer, main > section:not(#gallery) { display: none } \
         #gallery .gallery img { width: 7rem }",
        1080,
    ),
];

/// Runs all systems on small numbers, and shows parts of their report to Chromium.
pub(crate) fn make() -> Result<(), String> {
    let browser = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| installed(name));
    let browser = browser.ok_or("Chromium is not installed (Debian: apt-get install chromium)")?;
    cargo(&["run", "--release", "--package", "sightline", "--", "assess", "--quick", "--out", RUN])?;
    let report = read(&Path::new(RUN).join("report.html"))?;
    for (name, style, height) in PICTURES {
        let page = report.replacen("</head>", &format!("<style>{style}</style></head>"), 1);
        let place = std::path::absolute(format!("target/book/{name}.html")).map_err(|error| error.to_string())?;
        write(&place, &page)?;
        run(Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--window-size=1180,{height}"))
            .arg(format!("--screenshot=docs/tour/{name}.png"))
            .arg(format!("file://{}", place.display())))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
