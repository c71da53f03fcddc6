//! The page in a real browser: the first example runs by itself, and every address that can be kept shows what it says.

use super::client::Server;
use sightline_architectures::{NAMES, VARIANTS};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The page as it is after everything has happened, or nothing where there is no browser.
struct Browser(PathBuf);

impl Browser {
    fn find() -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let mut files = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
        let found = files.find(|file| file.is_file()).map(Self);
        let required =
            std::env::var("CI").is_ok_and(|value| value == "true") && std::env::var_os("SIGHTLINE_REFERENCE").is_some();
        assert!(found.is_some() || !required, "no chromium on the PATH, and CI requires one");
        if found.is_none() {
            eprintln!("SKIPPED: the page in a browser, no chromium on the PATH");
        }
        found
    }

    /// The page's elements, once its timers had a minute of the browser's own time.
    fn show(&self, server: &Server, query: &str) -> String {
        let profile = tempfile::tempdir().unwrap();
        let shown = self.at(profile.path(), server, query).arg("--dump-dom").output().unwrap();
        assert!(shown.status.success(), "{}", shown.status);
        String::from_utf8(shown.stdout).unwrap()
    }

    fn at(&self, profile: &Path, server: &Server, query: &str) -> Command {
        let mut command = Command::new(&self.0);
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--virtual-time-budget=60000"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("http://{}/{query}", server.address))
            .stderr(Stdio::null());
        // The address comes last, and what is added after it is an option still.
        command
    }
}

/// The words of a page, between its elements.
fn words(page: &str) -> String {
    let text = page.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text);
    text.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of one of the two sides.
fn side(page: &str, id: &str) -> String {
    let start = page.find(&format!("id=\"{id}\"")).expect("the side is there");
    words(page[start..].split("</section>").next().unwrap())
}

#[test]
fn the_first_example_runs_by_itself() {
    let Some(browser) = Browser::find() else { return };
    let server = Server::start();
    let page = browser.show(&server, "");
    let (left, right) = (side(&page, "left"), side(&page, "right"));
    assert!(left.contains("○ Nobody but sender and recipient can read the picture."), "{left}");
    assert!(left.contains("○ cannot read it: ciphertext") && left.contains("bytes, and no key to it"), "{left}");
    let read = "◉ Besides sender and recipient, the picture can be read by: Provider, Reviewer, Report authority.";
    assert!(right.contains(read), "{right}");
    assert!(right.contains("a list entry lies within the radius; what was sent arrived"), "{right}");
    for side in [left, right] {
        assert!(side.contains("Message ") && side.contains("● reads it, as it should"), "{side}");
    }
    assert!(words(&page).contains("sightline assess --architectures e2ee,device-hashing --questions endpoints-only"));
}

#[test]
fn every_system_can_be_shown_by_its_address() {
    let Some(browser) = Browser::find() else { return };
    let server = Server::start();
    let systems: Vec<&str> = NAMES.into_iter().chain(VARIANTS).collect();
    for pair in systems.chunks(2) {
        let (left, right) = (pair[0], pair[pair.len() - 1]);
        let page = browser.show(&server, &format!("?left={left}&right={right}&listing=ordinary&still"));
        for (id, system) in [("left", left), ("right", right)] {
            let side = side(&page, id);
            assert!(side.contains("Done in "), "{system}: {side}");
            let reads = side.contains("◉ Besides sender and recipient");
            let shown = ["plaintext", "server-enclave", "user-reports"].contains(&system)
                || system.starts_with("exceptional-access");
            assert_eq!(reads, shown, "{system}: {side}");
        }
    }
}

#[test]
fn a_planted_entry_a_lie_and_a_break_in_show_what_they_open() {
    let Some(browser) = Browser::find() else { return };
    let server = Server::start();
    let page = browser.show(&server, "?left=device-hashing&right=e2ee&listing=planted&still");
    assert!(side(&page, "left").contains("read by: Provider, Reviewer."), "{}", side(&page, "left"));
    let query = "?left=server-enclave&left-provider=stolen-key&right=server-enclave&listing=ordinary&broken=1&at=47";
    let page = browser.show(&server, query);
    let (left, right) = (side(&page, "left"), side(&page, "right"));
    assert!(left.contains("▲ It reads the picture, and no declaration of the honest system says so."), "{left}");
    assert!(right.contains("○ the picture sent before: stays closed"), "{right}");
    let narrow = browser.show(&server, "?left=device-hashing&left-provider=no-such-thing&still");
    assert!(side(&narrow, "left").contains("Done in "), "an unknown name leaves the honest provider");
}

#[test]
fn a_narrow_page_does_not_scroll_sideways() {
    let Some(browser) = Browser::find() else { return };
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let screenshot = folder.path().join("narrow.png");
    let status = browser
        .at(folder.path(), &server, "?still")
        .arg("--window-size=500,2400")
        .arg(format!("--screenshot={}", screenshot.display()))
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let picture = image::open(screenshot).unwrap().to_rgb8();
    let colours: std::collections::HashSet<_> = picture.pixels().collect();
    assert!(colours.len() > 40, "the screenshot has {} colours", colours.len());
    // Nothing but the page's ground lies along its right edge.
    let edge = |y| *picture.get_pixel(picture.width() - 2, y);
    let other = (0..picture.height()).filter(|y| edge(*y) != edge(0) && edge(*y) != edge(picture.height() / 4));
    assert!(other.count() < 20);
}
