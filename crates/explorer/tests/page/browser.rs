//! The page in a real browser: the first example runs by itself, and every address that can be kept shows what it says.

use super::client::Server;
use serde_json::{Value, json};
use sightline_architectures::{NAMES, VARIANTS};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The page as it is after everything has happened, or nothing where there is no browser.
struct Browser(PathBuf);

impl Browser {
    fn find() -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let mut files = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
        let found = files.find(|file| file.is_file()).map(Self);
        if found.is_none() {
            eprintln!("SKIPPED: the page in a browser, no chromium on the PATH");
        }
        found
    }

    /// The page's elements, once its timers had a minute of the browser's own time.
    fn show(&self, server: &Server, query: &str) -> String {
        let profile = tempfile::tempdir().unwrap();
        let shown = Command::new(&self.0)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--virtual-time-budget=60000"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--dump-dom"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("http://{}/{query}", server.address))
            .stderr(Stdio::null())
            .output()
            .unwrap();
        assert!(shown.status.success(), "{}", shown.status);
        String::from_utf8(shown.stdout).unwrap()
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
            let some = ["◐ Provider has", "◔ Provider knows its hash."].iter().any(|words| side.contains(words));
            assert_eq!(some, system.contains("-hashing"), "{system}: {side}");
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
    // What matches lies in the enclave's memory while it is checked.
    let page = browser.show(&server, "?left=server-enclave&right=e2ee&listing=listed&broken=1&victim=enclave&at=46");
    let left = side(&page, "left");
    assert!(left.contains("◉ your picture: opens (would open after messages 45–47)"), "{left}");
    assert!(left.contains("○ the picture sent after: stays closed (at no moment would it open)"), "{left}");
    let page = browser.show(&server, "?left=device-hashing&left-provider=no-such-thing&still");
    assert!(side(&page, "left").contains("Done in "), "an unknown name leaves the honest provider");
}

#[test]
fn nothing_scrolls_sideways_at_360_pixels() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    tab.narrow(360);
    for query in ["?still", "?left=lawful-requests&right=server-enclave&broken=1&still"] {
        tab.go(&server, query);
        tab.until("document.querySelectorAll('.party').length > 6");
        assert_eq!(tab.evaluate("document.documentElement.scrollWidth"), 360, "{query}");
    }
    // The instrument can tell.
    tab.evaluate("document.querySelector('.side').style.minWidth = '30rem'");
    assert_eq!(tab.evaluate("document.documentElement.scrollWidth > 360"), true);
}

#[test]
fn the_keyboard_is_enough() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    tab.go(&server, "?left=plaintext&right=e2ee&still");
    tab.until("document.querySelector('#left .result').textContent.includes('Provider')");
    tab.tab_to("document.activeElement.value === 'listed'");
    tab.press("ArrowDown", 40, "");
    tab.tab_to("document.activeElement.id === 'send'");
    tab.press("Enter", 13, "\r");
    tab.until("document.querySelector('#left .status').textContent.includes('no list entry lies within')");
    tab.tab_to("document.activeElement.matches('#left .transport input')");
    let last = tab.evaluate("document.activeElement.value");
    tab.press("ArrowLeft", 37, "");
    assert_ne!(tab.evaluate("document.activeElement.value"), last);
    let place = tab.evaluate("document.querySelector('#left .place').textContent");
    let before = tab.evaluate("`Message ${document.activeElement.value} of`");
    assert!(place.as_str().unwrap().starts_with(before.as_str().unwrap()), "{place}");
}

#[test]
fn a_picture_is_dragged_in_and_what_is_no_picture_or_too_large_is_refused_kindly() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    tab.go(&server, "?left=plaintext&right=device-hashing&still");
    tab.until("document.querySelectorAll('.party').length > 6");
    let drop = |tab: &mut Tab, file: &str, said: &str| {
        tab.evaluate(&format!(
            "(async () => {{
                const data = new DataTransfer();
                data.items.add({file});
                document.dispatchEvent(new DragEvent('drop', {{ dataTransfer: data, cancelable: true }}));
            }})()"
        ));
        tab.until(&format!("document.querySelector('#upload').textContent.includes('{said}')"));
    };
    drop(&mut tab, "new File([new Uint8Array(51 << 20)], 'a.png')", "The most that is taken is");
    drop(&mut tab, "new File(['words'], 'a.txt')", "this cannot be read as a picture");
    let own = "new File([await (await fetch('/pictures/generated-3')).blob()], 'a.png', { type: 'image/png' })";
    drop(&mut tab, own, "Yours: ");
    tab.until("document.querySelectorAll('.sample').length === 7");
    let length = "document.querySelector('#upload').textContent.match(/Yours: (.*) bytes/)[1]";
    let shown = "document.querySelector('#left .party figcaption')?.textContent ?? ''";
    tab.until(&format!("({shown}).includes({length})"));
}

/// A tab of a browser, driven over a pair of pipes (the protocol of Chrome's developer tools).
struct Tab {
    browser: Child,
    orders: File,
    answers: BufReader<File>,
    session: Option<String>,
    number: u64,
    _folder: tempfile::TempDir,
}

impl Tab {
    fn open() -> Option<Self> {
        let Browser(program) = Browser::find()?;
        let folder = tempfile::tempdir().unwrap();
        let pipes = ["orders", "answers"].map(|name| folder.path().join(name));
        assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());
        let browser = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<\"$ORDERS\" 4>\"$ANSWERS\""])
            .env("ORDERS", &pipes[0])
            .env("ANSWERS", &pipes[1])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let orders = File::options().write(true).open(&pipes[0]).unwrap();
        let answers = BufReader::new(File::open(&pipes[1]).unwrap());
        let mut tab = Self { browser, orders, answers, session: None, number: 0, _folder: folder };
        let target = tab.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = tab.call("Target.attachToTarget", &attach);
        tab.session = session["sessionId"].as_str().map(str::to_owned);
        Some(tab)
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let mut order = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            order["sessionId"] = session.as_str().into();
        }
        self.orders.write_all(format!("{order}\0").as_bytes()).unwrap();
        loop {
            let mut answer = Vec::new();
            self.answers.read_until(0, &mut answer).unwrap();
            answer.pop();
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            if answer["id"] == self.number {
                return answer["result"].clone();
            }
        }
    }

    fn narrow(&mut self, width: u32) {
        let metrics = json!({ "width": width, "height": 740, "deviceScaleFactor": 1, "mobile": true });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    fn go(&mut self, server: &Server, query: &str) {
        self.call("Page.navigate", &json!({ "url": format!("http://{}/{query}", server.address) }));
    }

    /// The value of an expression in the page.
    fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", &asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits for something to be true in the page, for about a minute.
    fn until(&mut self, expression: &str) {
        let came = (0..600).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            self.evaluate(&format!("(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()"))
                == true
        });
        assert!(came, "never came true: {expression}\n{}", self.evaluate("document.body.innerText"));
    }

    fn press(&mut self, key: &str, code: u32, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Moves on with the tabulator until an element has the focus.
    fn tab_to(&mut self, expression: &str) {
        let reached = (0..80).any(|_| {
            self.press("Tab", 9, "");
            self.evaluate(expression) == true
        });
        assert!(reached, "the tabulator never comes to {expression}");
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}
