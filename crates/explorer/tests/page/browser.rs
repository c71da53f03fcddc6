//! The page in a real browser: the first example runs by itself, what a person does on it happens, and every address that can
//! be kept shows what it says.

use super::client::Server;
use serde_json::json;
use sightline_architectures::{NAMES, VARIANTS};
use sightline_explorer::MOST_BYTES;
use sightline_explorer::choice::Choice;
use sightline_explorer::library::Library;
use sightline_explorer::story::{Event, Sight, tell};
use sightline_pictures::generate;
use sightline_testing::browser::{Tab, axe, chromium};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The page as it is after everything has happened, or nothing where there is no browser.
struct Browser(PathBuf);

impl Browser {
    fn find() -> Option<Self> {
        chromium().map(Self)
    }

    /// The page's elements, once its timers had a minute of the browser's own time.
    fn show(&self, server: &Server, query: &str) -> String {
        let profile = tempfile::tempdir().unwrap();
        let shown = Command::new(&self.0)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--virtual-time-budget=60000"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--dump-dom"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(server.page(query))
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
    assert!(left.contains("◉ your picture: opens (would open if broken into after messages 45–47)"), "{left}");
    assert!(left.contains("○ the picture sent after: stays closed (would open at no moment)"), "{left}");
    let page = browser.show(&server, "?left=device-hashing&left-provider=no-such-thing&still");
    assert!(side(&page, "left").contains("Done in "), "an unknown name leaves the honest provider");
}

/// Waits until both sides have run and show where they are.
fn until_done(tab: &mut Tab) {
    tab.until(
        "['left', 'right'].every((id) => document.querySelector(`#${id} .status`).textContent.startsWith('Done in'))",
    );
}

/// Presses Send with the mouse, and waits until both sides have run.
fn send(tab: &mut Tab) {
    tab.evaluate("document.querySelectorAll('.status').forEach((status) => { status.textContent = 'before'; })");
    tab.click("#send");
    until_done(tab);
}

/// Cuts the tab off from the server, or no longer.
fn offline(tab: &mut Tab, offline: bool) {
    tab.call("Network.enable", &json!({}));
    let gone = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
    tab.call("Network.emulateNetworkConditions", &gone);
}

/// The panel of a party on the left, as it is read.
fn panel(tab: &mut Tab, party: &str) -> String {
    let panels = tab.evaluate("[...document.querySelectorAll('#left .party')].map((party) => party.innerText)");
    let panels = panels.as_array().unwrap().iter().map(|panel| panel.as_str().unwrap());
    let words = panels.map(|panel| panel.split_whitespace().collect::<Vec<_>>().join(" "));
    words.into_iter().find(|panel| panel.starts_with(party)).unwrap_or_else(|| panic!("there is no panel of {party}"))
}

#[test]
fn the_first_example_runs_before_the_eyes_without_a_complaint_of_the_browser() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    tab.go(&server.page(""));
    tab.until("document.querySelector('#right .place')?.textContent.startsWith('Message ')");
    tab.until("document.querySelectorAll('#right .future').length > 3");
    tab.until("document.querySelector('#right .result').textContent.includes('can be read by: Provider, Reviewer, Report authority')");
    assert_eq!(tab.evaluate("document.querySelectorAll('#right .future').length"), 0);
    assert!(panel(&mut tab, "Provider").contains("○ cannot read it: ciphertext"));
    assert_eq!(tab.complaints(), Vec::<String>::new());
    assert_eq!(server.log(), Vec::<String>::new(), "the page asks for nothing that is refused");
    // The instrument can tell.
    tab.evaluate("fetch('https://elsewhere.test/').catch(() => {})");
    assert!(tab.complaints().iter().any(|complaint| complaint.contains("Content Security Policy")));
}

#[test]
fn each_system_is_chosen_and_sent_and_its_panels_say_who_can_read_the_picture() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    let library = Library::new();
    tab.go(&server.page("?left=e2ee&right=e2ee&still"));
    until_done(&mut tab);
    for system in NAMES.into_iter().chain(VARIANTS) {
        tab.choose("#left select", system);
        send(&mut tab);
        // The same in this process: what each party holds at the end.
        let choice = Choice { system: system.into(), ..Choice::default() };
        let (mut parties, mut sights) = (Vec::new(), BTreeMap::new());
        let mut hear = |event| match event {
            Event::Opening(opening) => parties = opening.parties,
            Event::Holding(holding) => drop(sights.insert(holding.party, holding.sight)),
            _ => {}
        };
        tell(&library, &library.samples()[0], &choice, &mut hear).unwrap();
        let outsiders = parties.iter().filter(|party| !party.endpoint);
        let reads: Vec<bool> = outsiders.map(|party| sights[&party.id] == Sight::Picture).collect();
        let badges =
            "[...document.querySelectorAll('#left .party:not(.meant) .badge')].map((badge) => badge.innerText)";
        let badges = tab.evaluate(badges);
        let badges: Vec<&str> = badges.as_array().unwrap().iter().map(|badge| badge.as_str().unwrap()).collect();
        let said: Vec<bool> = badges.iter().map(|badge| badge.contains("◉ can read the picture")).collect();
        assert_eq!(said, reads, "{system}: {badges:?}");
        let known = match system {
            "e2ee" | "device-warning" | "lawful-requests" => Some(false),
            "plaintext" | "device-hashing" => Some(true),
            _ => None,
        };
        assert!(known.is_none_or(|known| known == reads.contains(&true)), "{system}: {badges:?}");
        assert_eq!(tab.evaluate("document.querySelectorAll('#left .party.meant').length"), 2, "{system}");
        assert!(tab.words("#left .status").contains("what was sent arrived"), "{system}");
    }
}

#[test]
fn who_lights_up_when_an_entry_is_planted() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    tab.go(&server.page("?left=device-hashing&right=e2ee&listing=ordinary&still"));
    until_done(&mut tab);
    assert!(panel(&mut tab, "Provider").contains("◔ knows its hash"));
    assert!(panel(&mut tab, "Reviewer").contains("○ holds nothing of it"));
    tab.click("input[value=planted]");
    send(&mut tab);
    for party in ["Provider", "Reviewer"] {
        assert!(panel(&mut tab, party).contains("◉ can read the picture"), "{party}: {}", panel(&mut tab, party));
    }
    assert!(
        panel(&mut tab, "Report authority").contains("○ holds nothing of it"),
        "the reviewer does not recognise it"
    );
    assert!(tab.words("#left .evidence").contains("what a planted entry finds"));
    assert!(tab.words("#right .result").contains("Nobody but sender and recipient can read the picture."));
}

#[test]
fn radius_and_threshold_can_be_scrubbed() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    tab.go(&server.page("?left=device-hashing&right=e2ee&listing=listed&distance=20&still"));
    until_done(&mut tab);
    let reads = "document.querySelector('#left .result').textContent.includes('can be read by: Provider, Reviewer')";
    let knows = "document.querySelector('#left .result').textContent.includes('◔ Provider knows its hash. The whole picture is \
                 with sender and recipient alone.')";
    assert_eq!(tab.evaluate(reads), true);
    let place = |tab: &mut Tab, name: &str, key: &str, code| {
        tab.evaluate(&format!("document.querySelector('input[name={name}]').focus()"));
        tab.press(key, code, "");
    };
    place(&mut tab, "radius", "Home", 36);
    tab.until(knows);
    assert!(tab.words("#left .status").contains("no list entry lies within the radius"));
    for _ in 0..20 {
        tab.press("ArrowRight", 39, "");
    }
    tab.until(reads);
    place(&mut tab, "threshold", "ArrowRight", 39);
    tab.until(knows);
    assert!(tab.words("#left .status").contains("a list entry lies within the radius"));
    place(&mut tab, "times", "ArrowRight", 39);
    tab.until(reads);
    assert_eq!(tab.complaints(), Vec::<String>::new());
}

#[test]
fn an_enclave_that_is_broken_into_opens_what_comes_from_then_on() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    tab.go(&server.page("?left=server-enclave&right=e2ee&listing=ordinary&still"));
    until_done(&mut tab);
    tab.click("input[name=broken]");
    send(&mut tab);
    tab.choose("#left select[aria-label='Party that is broken into']", "enclave");
    tab.choose("#left select[aria-label=How]", "persistent");
    let opened = |tab: &mut Tab| {
        let opens = tab.evaluate("[...document.querySelectorAll('#left .opens li')].map((line) => line.innerText)");
        let lines: Vec<String> =
            opens.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect();
        lines.iter().map(|line| line.contains(": opens")).collect::<Vec<bool>>()
    };
    assert_eq!(opened(&mut tab), [false; 3], "at the end nothing comes any more");
    tab.evaluate("document.querySelector('#left .transport input').focus()");
    let mut ways = vec![opened(&mut tab)];
    while tab.words("#left .opens").contains("picture sent before") {
        tab.press("ArrowLeft", 37, "");
        ways.push(opened(&mut tab));
    }
    assert!(tab.words("#left .opens").contains("Nothing has been sent by then."));
    ways.pop();
    ways.dedup();
    assert_eq!(ways, [[false; 3], [false, false, true], [false, true, true], [true; 3]], "the earlier the more");
}

#[test]
fn nothing_scrolls_sideways_at_360_pixels() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    tab.size(360, 740);
    let systems = NAMES.into_iter().chain(VARIANTS).map(|system| format!("?left={system}&right=no-such-system&still"));
    let broken = "?left=lawful-requests&right=server-enclave&broken=1&still".to_owned();
    for query in systems.chain([broken]) {
        tab.go(&server.page(&query));
        until_done(&mut tab);
        tab.unfold();
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
    tab.go(&server.page("?left=plaintext&right=e2ee&still"));
    tab.until("document.querySelector('#left .result').textContent.includes('Provider')");
    tab.press("Tab", 9, "");
    assert_eq!(tab.evaluate("document.activeElement.textContent"), "Skip to the runs");
    tab.tab_to("document.activeElement.value === 'listed'");
    tab.press("ArrowDown", 40, "");
    tab.tab_to("document.activeElement.id === 'send'");
    tab.press("Enter", 13, "\r");
    tab.until("document.querySelector('#left .status').textContent.includes('no list entry lies within')");
    // The next system in the list.
    tab.tab_to("document.activeElement.matches('#left select[aria-label=System]')");
    tab.press("ArrowDown", 40, "");
    tab.until(
        "document.querySelector('#left .result').textContent.includes('Nobody but sender and recipient can read')",
    );
    assert_eq!(tab.evaluate("document.querySelector('#left select').value"), "e2ee");
    tab.tab_to("document.activeElement.matches('#left .transport input')");
    let last = tab.evaluate("document.activeElement.value");
    tab.press("ArrowLeft", 37, "");
    assert_ne!(tab.evaluate("document.activeElement.value"), last);
    let place = tab.words("#left .place");
    let before = tab.evaluate("`Message ${document.activeElement.value} of`");
    assert!(place.starts_with(before.as_str().unwrap()), "{place}");
    // A message of the diagram, and what a party holds.
    tab.tab_to("document.activeElement.matches('#left .rows .step')");
    tab.press("ArrowUp", 38, "");
    tab.press("Enter", 13, "\r");
    assert_ne!(tab.words("#left .place"), place);
    tab.tab_to("document.activeElement.matches('#left .party summary')");
    tab.press("Enter", 13, "\r");
    assert_eq!(tab.evaluate("document.activeElement.parentElement.open"), true);
}

#[test]
fn a_picture_is_dragged_in_and_what_is_no_picture_or_too_large_is_refused_kindly() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    tab.go(&server.page("?left=plaintext&right=device-hashing&still"));
    until_done(&mut tab);
    let folder = tempfile::tempdir().unwrap();
    let files = ["large.png", "words.txt", "words.jpg", "own.jpg"].map(|name| folder.path().join(name));
    let [large, text, false_picture, own] = files;
    File::create(&large).unwrap().set_len(MOST_BYTES as u64 + 1).unwrap();
    std::fs::write(&text, "words").unwrap();
    std::fs::write(&false_picture, "words").unwrap();
    let picture = generate(&[9; 32], 3).picture.to_jpeg(80);
    std::fs::write(&own, &picture).unwrap();
    let said = |words: &str| format!("document.querySelector('#upload').textContent.includes({words:?})");
    tab.drag_in("#drop", &large);
    tab.until(&said("large.png is larger than 50 MiB"));
    assert_eq!(server.log(), Vec::<String>::new(), "it is not even sent");
    tab.drag_in("#drop", &text);
    tab.until(&said("words.txt is not a picture"));
    tab.drag_in("#stage", &false_picture);
    tab.until(&said("this cannot be read as a picture"));
    tab.evaluate("document.querySelectorAll('.status').forEach((status) => { status.textContent = 'before'; })");
    tab.drag_in("#drop", &own);
    tab.until(&said("own.jpg: "));
    until_done(&mut tab);
    assert_eq!(tab.evaluate("document.querySelectorAll('.sample').length"), Library::COUNT + 1);
    assert_eq!(tab.evaluate("document.querySelector('.sample:has(:checked)').innerText.trim()"), "own.jpg");
    let shown = panel(&mut tab, "Provider").replace(' ', "");
    assert!(shown.contains(&format!("Thepicture,all{}bytes", picture.len())), "{shown}");
}

#[test]
fn a_page_whose_server_has_gone_says_so() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    tab.go(&server.page("?still"));
    until_done(&mut tab);
    offline(&mut tab, true);
    tab.click("#send");
    tab.until(
        "document.querySelector('#left .status.problem').textContent.includes('Is `sightline explore` still running?')",
    );
}

#[test]
fn links_lead_to_what_was_measured() {
    let Some(mut tab) = Tab::open() else { return };
    let server = Server::start();
    tab.go(&server.page("?left=device-warning&right=device-hashing&listing=planted&still"));
    until_done(&mut tab);
    let words = tab.words("#left .evidence");
    assert!(words.contains("sightline assess --architectures device-warning --out RUN"), "{words}");
    let links =
        tab.evaluate("[...new Set([...document.querySelectorAll('main a')].map((link) => link.getAttribute('href')))]");
    let links: Vec<String> = links.as_array().unwrap().iter().map(|link| link.as_str().unwrap().to_owned()).collect();
    assert!(links.len() >= 3, "{links:?}");
    for link in &links {
        tab.go(&server.page(link.strip_prefix('/').unwrap()));
        tab.until("document.readyState === 'complete' && document.querySelector(':target')");
    }
    assert!(links.iter().any(|link| link.ends_with("-device-hashing")), "{links:?}");
    assert_eq!(tab.complaints(), Vec::<String>::new());
    let own = Server::with_report("<!doctype html><article id=\"system-1-server-enclave\">Measured here.</article>");
    tab.go(&own.page("?left=server-enclave&right=device-hashing&still"));
    until_done(&mut tab);
    assert!(tab.words("#left .evidence").contains("in the report: what each party can learn"));
    assert_eq!(tab.evaluate("document.querySelector('#right .measured')"), json!(null));
    let link = tab.evaluate("document.querySelector('#left .measured a').getAttribute('href')");
    tab.go(&own.page(link.as_str().unwrap().strip_prefix('/').unwrap()));
    tab.until("document.body.innerText.includes('Measured here.')");
}

#[test]
fn axe_finds_nothing_wrong_with_the_page() {
    let (Some(axe), Some(mut tab)) = (axe(), Tab::open()) else { return };
    let server = Server::start();
    // The instrument first.
    tab.go("data:text/html,<title>a</title><p>no language</p><img src='x'>");
    let found = tab.violations(&axe);
    assert!(found.iter().any(|line| line.starts_with("image-alt")), "{found:?}");
    let mut wrong = BTreeMap::new();
    let all = "?left=server-enclave&right=exceptional-access&broken=1&still";
    let states = [("first example", ""), ("halfway", "?at=40"), ("its end", "?still"), ("a break-in", all)];
    for (width, dark) in [(1280, false), (1280, true), (360, false), (360, true)] {
        tab.size(width, 900);
        tab.dark(dark);
        for (state, query) in states {
            tab.go(&server.page(query));
            until_done(&mut tab);
            let mut look = |tab: &mut Tab, how| {
                let what = format!("{state}{how}, {width} pixels, dark: {dark}");
                wrong.extend(tab.violations(&axe).into_iter().map(|line| (line, what.clone())));
            };
            look(&mut tab, "");
            tab.unfold();
            look(&mut tab, " unfolded");
        }
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("words.jpg");
        std::fs::write(&text, "words").unwrap();
        tab.drag_in("#drop", &text);
        tab.until("document.querySelector('#upload').textContent.includes('cannot be read')");
        offline(&mut tab, true);
        tab.click("#send");
        tab.until("document.querySelector('#left .status.problem')");
        let what = format!("errors, {width} pixels, dark: {dark}");
        wrong.extend(tab.violations(&axe).into_iter().map(|line| (line, what.clone())));
        offline(&mut tab, false);
    }
    let lines: Vec<String> = wrong.iter().map(|(line, what)| format!("{line}\n    on: {what}")).collect();
    assert!(wrong.is_empty(), "{} violations\n{}", wrong.len(), lines.join("\n"));
}
