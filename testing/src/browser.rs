//! A tab of a real browser (Chromium), driven over a pair of pipes by the protocol of its developer tools.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A tab.
pub struct Tab {
    browser: Child,
    orders: File,
    answers: BufReader<File>,
    session: Option<String>,
    number: u64,
    complaints: Vec<String>,
    _folder: tempfile::TempDir,
}

/// The Chromium on the `PATH`. Where there is none this is said, and fails where `CI=true` and `SIGHTLINE_REFERENCE` are set.
#[expect(clippy::print_stderr, reason = "what is skipped is said")]
pub fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut files = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    let found = files.find(|file| file.is_file());
    if found.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        let required = ci && std::env::var_os("SIGHTLINE_REFERENCE").is_some();
        assert!(!required, "no chromium on the PATH, and CI requires one");
        eprintln!("SKIPPED: pages in a browser, no chromium on the PATH");
    }
    found
}

/// The source of axe-core, which judges whether everybody can use a page, from the file that `SIGHTLINE_AXE` names.
#[expect(clippy::print_stderr, reason = "what is skipped is said")]
pub fn axe() -> Option<String> {
    let Some(path) = std::env::var_os("SIGHTLINE_AXE") else {
        eprintln!(
            "SKIPPED: axe-core on a page, SIGHTLINE_AXE does not name its axe.min.js; `cargo xtask test` fetches it"
        );
        return None;
    };
    Some(std::fs::read_to_string(path).expect("SIGHTLINE_AXE names a file that can be read"))
}

impl Tab {
    /// A tab of 1280 × 900 pixels in a browser of its own, or nothing where there is no browser.
    pub fn open() -> Option<Self> {
        let program = chromium()?;
        let folder = tempfile::tempdir().expect("there is room for a profile");
        let pipes = ["orders", "answers"].map(|name| folder.path().join(name));
        let made = Command::new("mkfifo").args(&pipes).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo makes pipes");
        let browser = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<\"$ORDERS\" 4>\"$ANSWERS\""])
            .env("ORDERS", &pipes[0])
            .env("ANSWERS", &pipes[1])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--window-size=1280,900", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromium starts");
        let orders = File::options().write(true).open(&pipes[0]).expect("the browser reads");
        let answers = BufReader::new(File::open(&pipes[1]).expect("the browser writes"));
        let (session, number, complaints) = (None, 0, Vec::new());
        let mut tab = Self { browser, orders, answers, session, number, complaints, _folder: folder };
        let target = tab.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = tab.call("Target.attachToTarget", &attach);
        tab.session = session["sessionId"].as_str().map(str::to_owned);
        tab.call("Runtime.enable", &json!({}));
        tab.call("Log.enable", &json!({}));
        Some(tab)
    }

    /// Asks the developer tools for something.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let mut order = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            order["sessionId"] = session.as_str().into();
        }
        self.orders.write_all(format!("{order}\0").as_bytes()).expect("the browser reads");
        loop {
            let mut answer = Vec::new();
            self.answers.read_until(0, &mut answer).expect("the browser answers");
            answer.pop();
            let answer: Value = serde_json::from_slice(&answer).expect("the browser speaks JSON");
            if answer["id"] == self.number {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            let (entry, thrown) = (&answer["params"]["entry"], &answer["params"]["exceptionDetails"]);
            if answer["method"] == "Log.entryAdded" && entry["level"] == "error" {
                self.complaints.push(format!("{} {}", entry["text"], entry["url"]));
            } else if answer["method"] == "Runtime.exceptionThrown" {
                self.complaints.push(thrown.to_string());
            }
        }
    }

    /// What the browser complained of since it was last asked: errors of scripts, refused requests, breaches of policy.
    pub fn complaints(&mut self) -> Vec<String> {
        self.evaluate("1");
        std::mem::take(&mut self.complaints)
    }

    /// Gives the tab a size in pixels, as of a telephone where it is narrow.
    pub fn size(&mut self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Prefers dark colours, or light ones.
    pub fn dark(&mut self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.call("Emulation.setEmulatedMedia", &features);
    }

    /// Goes to an address.
    pub fn go(&mut self, address: &str) {
        let gone = self.call("Page.navigate", &json!({ "url": address }));
        assert!(gone["errorText"].is_null(), "{address}: {}", gone["errorText"]);
    }

    /// The value of an expression in the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", &asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression:.500}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Unfolds everything that can be unfolded.
    pub fn unfold(&mut self) {
        self.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })");
    }

    /// Waits for something to be true in the page, for about a minute.
    pub fn until(&mut self, expression: &str) {
        let guarded = format!("(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()");
        let came = (0..1200).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            self.evaluate(&guarded) == true
        });
        assert!(came, "never came true: {expression}\n{}", self.evaluate("document.body.innerText"));
    }

    /// The words that a person sees in an element, and in everything in it.
    pub fn words(&mut self, selector: &str) -> String {
        let words = self.evaluate(&format!("document.querySelector({selector:?})?.innerText"));
        words
            .as_str()
            .unwrap_or_else(|| panic!("there is no {selector}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The middle of an element in the window, which is moved to show it.
    fn place(&mut self, selector: &str) -> Value {
        let found = self.evaluate(&format!(
            "(() => {{
                const found = document.querySelector({selector:?});
                found?.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                const box = found?.getBoundingClientRect();
                return box && {{ x: box.x + box.width / 2, y: box.y + box.height / 2 }};
            }})()"
        ));
        assert!(found.is_object(), "there is no {selector}");
        found
    }

    /// Presses and releases the mouse on an element.
    pub fn click(&mut self, selector: &str) {
        let place = self.place(selector);
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Drags a file of this machine onto an element, and lets go.
    pub fn drag_in(&mut self, selector: &str, file: &Path) {
        let place = self.place(selector);
        let data = json!({ "items": [], "files": [file.display().to_string()], "dragOperationsMask": 1 });
        for kind in ["dragEnter", "dragOver", "drop"] {
            let event = json!({ "type": kind, "x": place["x"], "y": place["y"], "data": data });
            self.call("Input.dispatchDragEvent", &event);
        }
    }

    /// Chooses an option of a `select`, as a person does.
    pub fn choose(&mut self, selector: &str, value: &str) {
        let chosen = self.evaluate(&format!(
            "(() => {{
                const found = document.querySelector({selector:?});
                found.value = {value:?};
                found.dispatchEvent(new Event('change', {{ bubbles: true }}));
                return found.value;
            }})()"
        ));
        assert_eq!(chosen, value, "{selector}");
    }

    /// Presses and releases a key.
    pub fn press(&mut self, key: &str, code: u32, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Moves on with the tabulator until an element has the focus.
    pub fn tab_to(&mut self, expression: &str) {
        let reached = (0..80).any(|_| {
            self.press("Tab", 9, "");
            self.evaluate(expression) == true
        });
        assert!(reached, "the tabulator never comes to {expression}");
    }

    /// What axe-core, with all of its default rules, finds wrong with the page as it is: rule, element and help, each once.
    pub fn violations(&mut self, axe: &str) -> BTreeSet<String> {
        if self.evaluate("typeof axe") == "undefined" {
            self.evaluate(&format!("{axe}\n;undefined"));
        }
        let found = self.evaluate(
            "axe.run(document).then(({ violations }) => violations.flatMap(({ id, help, helpUrl, nodes }) =>
                nodes.map((node) => {
                    const checks = [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ');
                    return `${id}: ${node.target.join(' ')}\\n    ${node.html.slice(0, 160)}\\n    ${checks}\\n    ${help}: ${helpUrl}`;
                })))",
        );
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}
