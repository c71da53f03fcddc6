//! The report in a real browser: it shows something, and asks for nothing.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::fixture::Fixture;
use sightline_presentation::Report;

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 900;

#[test]
fn report_renders_in_browser() {
    let Some(browser) = browser() else {
        let required =
            std::env::var("CI").is_ok_and(|value| value == "true") && std::env::var_os("SIGHTLINE_REFERENCE").is_some();
        assert!(!required, "no chromium on the PATH, and CI requires one");
        eprintln!("SKIPPED: report_renders_in_browser, no chromium on the PATH");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let report = Report::draw(&Fixture::sample().write(folder.path())).unwrap();

    // The instrument first: a page that fetches is seen to fetch, and a blank one to be blank.
    let (asked, blank) = load(
        &browser,
        "<!doctype html><img src=\"http://elsewhere.test/probe.png\" style=\"position:absolute;left:-99px\">",
    );
    assert!(asked.iter().any(|request| request == "elsewhere.test/probe.png"), "{asked:?}");

    let (asked, shown) = load(&browser, &report.html);
    assert_eq!(asked, ["report.test/"], "the report asks for something");
    assert!(colors(&blank) <= 4, "{}", colors(&blank));
    assert!(colors(&shown) > 40, "the screenshot has {} colours", colors(&shown));
    assert_eq!((shown.width(), shown.height()), (WIDTH, HEIGHT));
}

/// Every request for a host of ours while a page is shown, and the screenshot of it.
fn load(browser: &Path, html: &str) -> (Vec<String>, image::RgbImage) {
    let (log, requests) = channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let page = html.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (log, page) = (log.clone(), page.clone());
            thread::spawn(move || answer(stream, &log, &page));
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let screenshot = folder.path().join("screenshot.png");
    let status = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--host-resolver-rules=MAP * {address}"))
        .arg(format!("--window-size={WIDTH},{HEIGHT}"))
        .arg(format!("--screenshot={}", screenshot.display()))
        .arg("http://report.test/")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "the browser ended with {status}");
    (asked(&requests), image::open(screenshot).unwrap().to_rgb8())
}

/// Requests for hosts of ours; the browser's own business with its maker is left out.
fn asked(requests: &Receiver<String>) -> Vec<String> {
    let ours = ["report.test/", "elsewhere.test/"];
    requests.try_iter().filter(|request| ours.iter().any(|host| request.starts_with(host))).collect()
}

fn answer(mut stream: TcpStream, log: &Sender<String>, page: &str) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&buffer[..length]),
        }
        if request.len() > 65_536 || !request.starts_with(b"GET ") {
            return;
        }
    }
    let text = String::from_utf8_lossy(&request);
    let path = text.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap_or_default().to_owned();
    let _ = log.send(format!("{host}{path}"));
    let (status, body) = if host == "report.test" && path == "/" { ("200 OK", page) } else { ("404 Not Found", "") };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

fn colors(picture: &image::RgbImage) -> usize {
    picture.pixels().collect::<std::collections::HashSet<_>>().len()
}

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
}
