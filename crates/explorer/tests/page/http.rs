//! The page's server against those who are not the page: what they ask for is refused and said, and it goes on serving.

use super::client::{Server, head};
use sightline_explorer::MOST_BYTES;
use sightline_pictures::{Picture, generate};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

#[test]
fn the_page_is_served_and_may_ask_for_nothing_elsewhere() {
    let server = Server::start();
    let (status, page) = server.get("/");
    assert_eq!(status, 200);
    let policy = "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                  connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    assert!(page.to_lowercase().contains(policy), "{page}");
    assert!(!page.contains("<script>") && !page.contains("style=") && !page.contains("onclick="));
    let (status, report) = server.get("/report");
    assert_eq!(status, 200);
    let policy =
        "content-security-policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'";
    assert!(report.to_lowercase().contains(policy), "{report:.800}");
    for named in ["/explore.css", "/explore.js", "/icon.svg"] {
        assert!(page.contains(&format!("\"{named}\"")), "{named}");
        assert_eq!(server.get(named).0, 200, "{named}");
    }
    let elsewhere = |file: &str| server.get(file).1.split("\r\n\r\n").nth(1).unwrap().contains("https://");
    assert!(
        !["/", "/explore.css", "/explore.js", "/diagram.js", "/panels.js", "/measured.js", "/draw.js"]
            .into_iter()
            .any(elsewhere)
    );
}

#[test]
fn another_sites_name_does_not_lead_here() {
    let server = Server::start();
    let port = server.address.port();
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")] {
        assert_eq!(server.send(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n"), &[]).0, 200, "{host}");
    }
    let hostile = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "127.0.0.1".to_owned(),
        "localhost:80".to_owned(),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.1:{port}@evil.example"),
        format!("127.0.0.1:{port}\r\nHost: evil.example"),
        String::new(),
    ];
    for host in hostile {
        let status = server.send(&format!("GET /choices HTTP/1.1\r\nHost: {host}\r\n"), &[]).0;
        assert!(status == 421 || status == 400, "{host:?}: {status}");
    }
    assert_eq!(server.send("GET / HTTP/1.1\r\n", &[]).0, 421);
    assert!(server.log().iter().any(|line| line == "refused: GET \"/choices\": 421 Misdirected Request"));
    server.still_serves();
}

#[test]
fn other_sites_cannot_begin_runs_or_hand_over_pictures() {
    let server = Server::start();
    let port = server.address.port();
    let origins = [
        "Origin: http://evil.example\r\n".to_owned(),
        "Origin: null\r\n".to_owned(),
        format!("Origin: https://127.0.0.1:{port}\r\n"),
        "Origin: http://127.0.0.1:1\r\n".to_owned(),
        format!("Origin: http://127.0.0.1:{port}\r\nOrigin: http://evil.example\r\n"),
        String::new(),
    ];
    for origin in origins {
        for (path, kind) in [("/runs", "application/json"), ("/pictures", "image/png")] {
            let request = format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{origin}Content-Type: {kind}\r\n");
            assert_eq!(server.send(&request, b"{}").0, 403, "{path} {origin:?}");
        }
    }
    let from = |site, path| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nSec-Fetch-Site: {site}\r\n");
        server.send(&request, &[]).0
    };
    assert_eq!(["/choices", "/pictures/generated-0"].map(|path| from("cross-site", path)), [403; 2]);
    assert_eq!(["/choices", "/pictures/generated-0"].map(|path| from("same-origin", path)), [200; 2]);
    assert_eq!(from("cross-site", "/"), 200, "a link may lead to the page");
    server.still_serves();
}

#[test]
fn malformed_wishes_are_refused_in_words() {
    let server = Server::start();
    let wish = |body: &str| server.post("/runs", "application/json", body.as_bytes());
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let long = format!("{{\"picture\": \"{}\"}}", "x".repeat(100_000));
    let refused = [
        ("", 400),
        ("{", 400),
        (&deep, 422),
        (&long, 413),
        ("[]", 422),
        ("{}", 422),
        (r#"{"picture": 7}"#, 422),
        (r#"{"picture": "generated-0", "command": "rm"}"#, 422),
        (r#"{"picture": "generated-0", "choice": {"radius": -1}}"#, 422),
        (r#"{"picture": "generated-0", "choice": {"radius": 128}}"#, 422),
        (r#"{"picture": "generated-0", "choice": {"times": 200}}"#, 422),
        (r#"{"picture": "generated-0", "choice": {"system": "../e2ee"}}"#, 422),
        (r#"{"picture": "generated-0", "choice": {"system": "e2ee", "strategy": "x"}}"#, 422),
        (r#"{"picture": "generated-99"}"#, 404),
        (r#"{"picture": "generated-18446744073709551616"}"#, 404),
    ];
    for (body, status) in refused {
        let (found, answer) = wish(body);
        assert_eq!(found, status, "{body:.80}: {answer:.300}");
        assert!(answer.contains("\"error\""), "{body:.80}: {answer:.300}");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        assert_eq!(server.post("/runs", kind, b"--x\r\n\r\n{}\r\n--x").0, 415, "{kind}");
        assert_eq!(server.post("/pictures", kind, b"--x\r\nContent-Disposition: nothing").0, 415, "{kind}");
    }
    server.still_serves();
}

#[test]
fn what_is_no_picture_or_too_large_is_refused_in_words() {
    let server = Server::start();
    let hand = |bytes: &[u8]| server.post("/pictures", "image/png", bytes);
    let picture = generate(&[7; 32], 0).picture;
    let mut bomb = picture.scale(2, 2).unwrap().to_png();
    // The header claims 60 000 × 60 000 pixels, with the checksum that fits.
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let checksum = crc(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&checksum);
    let png = picture.to_png();
    for bytes in [&[][..], b"not a picture", b"GIF89a", &bomb, &png[..200], &picture.scale(2, 2).unwrap().to_png()] {
        let (status, answer) = hand(bytes);
        assert_eq!(status, 422, "{answer:.400}");
        assert!(
            answer.contains("this cannot be read as a picture") || answer.contains("no perceptual hash"),
            "{answer}"
        );
    }
    let post = head(&server, "POST", "/pictures", "image/png");
    let claimed = server.exchange(&format!("{post}Content-Length: {}\r\n\r\n", MOST_BYTES + 1), &[]);
    assert_eq!(claimed.0, 413);
    assert!(claimed.1.contains("larger than 50 MB"), "{}", claimed.1);
    let chunk = [format!("{:x}\r\n", 1 << 20).into_bytes(), vec![7; 1 << 20], b"\r\n".to_vec()].concat();
    let streamed = server.exchange(&format!("{post}Transfer-Encoding: chunked\r\n\r\n"), &chunk.repeat(52));
    assert!(streamed.0 == 413 || streamed.0 == 0, "refused, or cut off: {}", streamed.0);
    assert_eq!(server.exchange(&format!("{post}Transfer-Encoding: chunked\r\n\r\nzz\r\n"), &[]).0, 400);
    server.still_serves();
}

#[test]
fn paths_lead_nowhere_but_to_the_page() {
    let server = Server::start();
    let tricks = [
        "/../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/Cargo.toml",
        "//explore.js",
        "/explore.js/",
        "/pictures/../explore.rs",
        "/pictures/generated--1",
        "/pictures/%00",
        "/pictures/%ff",
        "/pictures/",
        "/runs/none/events",
        "/runs/..%2f..%2f/events",
        "/index.html",
    ];
    for path in tricks {
        let status = server.get(path).0;
        assert!(status == 404 || status == 400, "{path}: {status}");
    }
    assert!(matches!(server.get(&format!("/{}", "x".repeat(100_000))).0, 404 | 414 | 431));
    let port = server.address.port();
    for method in ["PUT", "DELETE", "PATCH"] {
        let request =
            format!("{method} /runs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n");
        assert_eq!(server.send(&request, &[]).0, 405, "{method}");
    }
    server.still_serves();
}

#[test]
fn hundreds_of_connections_do_not_take_the_page_away() {
    let server = Server::start();
    let openings: [&[u8]; 5] = [
        b"",
        b"GET / HT",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /pictures HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ];
    let connections: Vec<TcpStream> = (0..200)
        .map(|number| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(openings[number % openings.len()]).unwrap();
            stream
        })
        .collect();
    server.still_serves();
    drop(connections);
    server.still_serves();
    comes(|| server.log().iter().any(|line| line.starts_with("refused: what is no request: ")));
}

#[test]
fn of_a_thousand_connections_those_beyond_its_room_are_told_to_come_again() {
    if !may_have_sockets() {
        eprintln!("SKIPPED: a thousand connections, as this process may not have 2 500 sockets (ulimit -n)");
        return;
    }
    let server = Server::start();
    let connections: Vec<TcpStream> = (0..1000).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    let full = |line: &String| line == "refused: a connection, as there are too many";
    comes(|| server.log().iter().filter(|line| full(line)).count() == 744);
    // The last one is told; the first one is served.
    let said = |mut stream: &TcpStream| {
        let _ = stream.write_all(server.line("GET", "/", "").as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    };
    let refused = said(&connections[999]);
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.ends_with("try again in a moment, please.\n"), "{refused}");
    let length = refused.split("\r\n\r\n").nth(1).unwrap().len();
    assert!(refused.contains(&format!("Content-Length: {length}\r\n")), "{refused}");
    assert!(said(&connections[0]).contains("Who can see the picture?"));
    drop(connections);
    comes(|| server.get("/").0 == 200);
    server.still_serves();
}

#[test]
fn who_sends_half_a_request_is_not_waited_for() {
    let server = Server::start();
    let halves: [&[u8]; 3] = [b"", b"GET / HTTP/1.1\r\nHost: 127", b"GET / HTTP/1.1\r\nX-Slow: 1\r\n"];
    let mut connections = halves.map(|half| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(half).unwrap();
        stream
    });
    // One goes on, a line a second; this does not help it.
    let mut dripping = connections[2].try_clone().unwrap();
    std::thread::spawn(move || {
        while dripping.write_all(b"X-Slow: 1\r\n").is_ok() {
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
    });
    for stream in &mut connections {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }
    comes(|| server.log().iter().filter(|line| line.contains("no request came within ten seconds")).count() == 3);
    server.still_serves();
}

#[test]
fn messages_are_heard_while_the_run_goes_on_and_fifty_megabytes_do_not_hold_up_the_page() {
    let server = Server::start();
    // What does not compress: 48 MB, just within the limit.
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    let pixels: Vec<u8> = noise.take(4000 * 4100 * 3).collect();
    let large = Picture::new(4000, 4100, pixels).unwrap().to_png();
    assert!((45 << 20..=MOST_BYTES).contains(&large.len()), "{}", large.len());
    let (status, answer) = server.post("/pictures", "image/png", &large);
    assert_eq!(status, 200, "{answer}");
    let own: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let wish = format!(r#"{{"picture": {}, "choice": {{"system": "e2ee"}}}}"#, own["id"]);
    let (status, answer) = server.post("/runs", "application/json", wish.as_bytes());
    assert_eq!(status, 202, "{answer}");
    let begun: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let mut story = TcpStream::connect(server.address).unwrap();
    let path = format!("/runs/{}/events", begun["id"].as_str().unwrap());
    story.write_all(server.line("GET", &path, "").as_bytes()).unwrap();
    let (teller, hears) = std::sync::mpsc::channel::<serde_json::Value>();
    std::thread::spawn(move || {
        for line in BufReader::new(story).lines().map_while(Result::ok) {
            if let Some(event) = line.strip_prefix("data: ") {
                teller.send(serde_json::from_str(event).unwrap()).unwrap();
            }
        }
    });
    let first = hears.iter().find(|event| event["kind"] == "message").unwrap();
    assert_eq!(first["number"], 1);
    // Whatever the page asks for now is answered before the run has ended.
    server.still_serves();
    assert_eq!(server.get("/pictures/generated-1").0, 200);
    assert!(hears.try_iter().all(|event| event["kind"] == "message" || event["kind"] == "progress"));
    let rest: Vec<serde_json::Value> = hears.iter().collect();
    assert_eq!(rest.last().unwrap()["kind"], "closing");
    let holds = rest.iter().rfind(|event| event["party"] == "device-1").unwrap();
    assert_eq!(holds["sight"]["kind"], "picture");
}

#[test]
fn a_run_is_heard_from_its_beginning_to_its_end() {
    let server = Server::start();
    let begin = r#"{"picture": "generated-2", "choice": {"system": "device-hashing", "listing": "ordinary"}}"#;
    let events = server.run(begin);
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["kind"].as_str()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"opening"), Some(&"closing")));
    // Messages are told as they are handed over: before memories are read, and what is in them looked up.
    let reading = events.iter().position(|event| event["what"].as_str().is_some_and(|what| what.contains("again")));
    assert!(kinds.iter().rposition(|kind| *kind == "message") < reading, "{kinds:?}");
    assert!(kinds.iter().position(|kind| *kind == "holding") > reading, "{kinds:?}");
    let provider = events.iter().rfind(|event| event["party"] == "provider").unwrap();
    assert_eq!(provider["sight"]["kind"], "hash");
    // Heard again it is the same.
    assert_eq!(server.run(begin), events);
}

#[test]
fn a_picture_of_ones_own_is_sent_and_never_handed_back_as_it_came() {
    let server = Server::start();
    let own = generate(&[9; 32], 3).picture.to_jpeg(80);
    let hand = || {
        let (status, answer) = server.post("/pictures", "image/jpeg", &own);
        assert_eq!(status, 200, "{answer}");
        let answer: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        answer["id"].as_str().unwrap().to_owned()
    };
    let first = hand();
    let events = server.run(&format!(r#"{{"picture": "{first}", "choice": {{"system": "plaintext"}}}}"#));
    let opening = events.iter().find(|event| event["kind"] == "opening").unwrap();
    assert_eq!(opening["length"], own.len());
    assert!(events.iter().any(|event| event["party"] == "provider" && event["sight"]["kind"] == "picture"));
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(server.line("GET", &format!("/pictures/{first}"), "").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.windows(8).any(|window| window == b"\x89PNG\r\n\x1a\n"));
    assert!(!answer.windows(64).any(|window| window == &own[200..264]));
    // Room is for four; the oldest gives way.
    let others: Vec<String> = (0..4).map(|_| hand()).collect();
    assert_eq!(server.get(&format!("/pictures/{first}")).0, 404);
    assert!(others.iter().all(|id| server.get(&format!("/pictures/{id}")).0 == 200));
}

#[test]
fn who_asks_for_too_many_runs_is_told_to_wait_and_is_served_later() {
    let server = Server::start();
    let begin =
        br#"{"picture": "generated-1", "choice": {"system": "exceptional-access", "broken": true, "times": 5}}"#;
    let statuses: Vec<u16> = (0..40).map(|_| server.post("/runs", "application/json", begin).0).collect();
    assert!(statuses.iter().all(|status| *status == 202 || *status == 429), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
    server.still_serves();
    comes(|| server.post("/runs", "application/json", br#"{"picture": "generated-1"}"#).0 == 202);
}

/// Whether this process may have 2 500 sockets: both ends of a thousand connections lie in it. Asks for them if it has fewer.
fn may_have_sockets() -> bool {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let soft =
        limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok());
    soft.is_some_and(|soft: u64| soft >= 2500)
        || Command::new("prlimit")
            .args(["--pid", &std::process::id().to_string(), "--nofile=2500:"])
            .status()
            .is_ok_and(|status| status.success())
}

/// Waits for something to come true, for a minute or so.
fn comes(mut holds: impl FnMut() -> bool) {
    let came = (0..1200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        holds()
    });
    assert!(came, "it never came true");
}

/// CRC-32 as PNG has it (W3C PNG, annex D).
fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    };
    !bytes.iter().fold(!0, step)
}
