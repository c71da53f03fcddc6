//! A server on a free port, and a client that sends what it is told to.

use sightline_explorer::Explorer;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::serving(|explorer| explorer)
    }

    pub(crate) fn with_report(html: &str) -> Self {
        Self::serving(|explorer| explorer.with_report(html.to_owned()))
    }

    fn serving(set: impl FnOnce(Explorer) -> Explorer) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        let explorer = Explorer::bind(0, move |line| lines.lock().unwrap().push(line.to_owned())).unwrap();
        let explorer = set(explorer);
        let address = explorer.address();
        thread::spawn(move || explorer.serve());
        Self { address, log }
    }

    /// What was refused so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// The address of the page with these choices, or of another file.
    pub(crate) fn page(&self, query: &str) -> String {
        format!("http://{}/{query}", self.address)
    }

    /// The head of a request as the page sends it.
    pub(crate) fn line(&self, method: &str, path: &str, more: &str) -> String {
        let address = self.address;
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: close\r\n{more}\r\n"
        )
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.exchange(&self.line("GET", path, ""), &[])
    }

    pub(crate) fn post(&self, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let more = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        self.exchange(&self.line("POST", path, &more), body)
    }

    /// Sends a head that lacks its end, and a body.
    pub(crate) fn send(&self, head: &str, body: &[u8]) -> (u16, String) {
        self.exchange(&format!("{head}Connection: close\r\nContent-Length: {}\r\n\r\n", body.len()), body)
    }

    /// Sends bytes and reads until the connection ends; status 0 if it ended without an answer.
    pub(crate) fn exchange(&self, head: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        // A server that has seen enough does not wait for the rest.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, answer)
    }

    /// Begins a run and hears it to its end.
    pub(crate) fn run(&self, wish: &str) -> Vec<serde_json::Value> {
        let (status, answer) = self.post("/runs", "application/json", wish.as_bytes());
        assert_eq!(status, 202, "{answer}");
        let begun: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        let (status, answer) = self.get(&format!("/runs/{}/events", begun["id"].as_str().unwrap()));
        assert_eq!(status, 200, "{answer}");
        let lines = answer.lines().filter_map(|line| line.strip_prefix("data: "));
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn still_serves(&self) {
        let (status, page) = self.get("/");
        assert_eq!(status, 200);
        assert!(page.contains("Who can see the picture?"));
        assert_eq!(self.get("/choices").0, 200);
    }
}

/// The head of a request from the page, without its end.
pub(crate) fn head(server: &Server, method: &str, path: &str, kind: &str) -> String {
    let line = server.line(method, path, &format!("Content-Type: {kind}\r\n"));
    line.strip_suffix("\r\n").unwrap().to_owned()
}
