//! The page and its three requests: a picture is handed over, a run is begun, its story is heard.
//!
//! Whoever can open a browser window can send requests to this machine; what does not come from the page itself is refused.

use crate::choice::{Choice, Offer, offers};
use crate::library::{Library, Sample};
use crate::measured::{Contents, Measured};
use crate::shelf::Shelf;
use crate::story::{self, Event};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use sightline_fingerprint::MINIMUM_QUALITY;
use std::convert::Infallible;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// Most bytes of a picture that is taken: 50 MiB.
pub const MOST_BYTES: usize = 50 << 20;

/// Most bytes of any other request.
const MOST_WORDS: usize = 16 << 10;
/// Connections at once; more are told to come again.
const CONNECTIONS: usize = 256;
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 62\r\n\
    Retry-After: 5\r\nConnection: close\r\n\r\nToo many connections are open; try again in a moment, please.\n";
/// Runs at once, and runs that may wait for their turn.
const RUNS: usize = 2;
const WAITING: usize = 8;
/// Pictures that are taken at once.
const UPLOADS: usize = 2;
/// Pictures and stories that are kept.
const PICTURES: usize = 4;
const STORIES: usize = 24;
/// For how long they are kept, and a connection lasts at most.
const KEPT: Duration = Duration::from_mins(15);
/// How long a request without a picture, and a picture, may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
const UPLOAD: Duration = Duration::from_mins(1);

const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The report's policy: it brings its own style and pictures, and runs nothing.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                             form-action 'none'; frame-ancestors 'none'";

/// The files of the page: path, type, content.
const FILES: [(&str, &str, &str); 8] = [
    ("/", "text/html; charset=utf-8", include_str!("../page/index.html")),
    ("/explore.css", "text/css; charset=utf-8", include_str!("../page/explore.css")),
    ("/explore.js", "text/javascript; charset=utf-8", include_str!("../page/explore.js")),
    ("/diagram.js", "text/javascript; charset=utf-8", include_str!("../page/diagram.js")),
    ("/panels.js", "text/javascript; charset=utf-8", include_str!("../page/panels.js")),
    ("/draw.js", "text/javascript; charset=utf-8", include_str!("../page/draw.js")),
    ("/measured.js", "text/javascript; charset=utf-8", include_str!("../page/measured.js")),
    ("/icon.svg", "image/svg+xml", include_str!("../page/icon.svg")),
];

/// The page's server, bound to this machine's loopback interface.
pub struct Explorer {
    listener: std::net::TcpListener,
    address: SocketAddr,
    log: Log,
    measured: Measured,
}

/// Told of what is refused, a line each.
type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// A page that cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExplorerError {
    /// The port is taken, or may not be used.
    #[error("port {port} of this machine cannot be used: {source}; `--port 0` takes any that is free")]
    Port {
        /// Which.
        port: u16,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The operating system gave out no threads or sockets.
    #[error("the page cannot be served: {0}")]
    System(#[from] std::io::Error),
}

impl Explorer {
    /// Takes a port of 127.0.0.1; 0 takes any that is free. `log` is told of what is refused.
    ///
    /// # Errors
    /// [`ExplorerError::Port`] if it cannot be had.
    pub fn bind(port: u16, log: impl Fn(&str) + Send + Sync + 'static) -> Result<Self, ExplorerError> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .map_err(|source| ExplorerError::Port { port, source })?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, log: Arc::new(log), measured: Measured::example() })
    }

    /// Links to this report, a page complete in itself, instead of to the example that comes with the program.
    #[must_use]
    pub fn with_report(self, html: String) -> Self {
        Self { measured: Measured::of_run(html), ..self }
    }

    /// Where the page is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// [`ExplorerError::System`] if the operating system gives out no threads.
    pub fn serve(self) -> Result<Infallible, ExplorerError> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_io().enable_time().build()?;
        runtime.block_on(async {
            let listener = TcpListener::from_std(self.listener)?;
            let state = Arc::new(Shared::new(self.address.port(), Arc::clone(&self.log), self.measured));
            let warm = Arc::clone(&state);
            tokio::task::spawn_blocking(move || {
                LazyLock::force(&warm.library);
            });
            accept(&listener, &router(state), &self.log).await
        })
    }
}

/// Hands connections to the router, so many at once.
async fn accept(listener: &TcpListener, router: &Router, log: &Log) -> Result<Infallible, ExplorerError> {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                log(&format!("a connection could not be taken: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            log("refused: a connection, as there are too many");
            // A new connection has room for this; whoever does not read it is not waited for.
            let _ = stream.into_std().and_then(|mut stream| stream.write(FULL));
            continue;
        };
        let (service, log) = (TowerToHyperService::new(router.clone()), Arc::clone(log));
        tokio::spawn(async move {
            let asked = AtomicBool::new(false);
            let service = service_fn(|request| {
                asked.store(true, Ordering::Relaxed);
                service.call(request)
            });
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
            // What a peer does wrong on its connection ends the connection, and nothing else.
            // Nor does anyone hold one for ever who asks and does not read.
            match tokio::time::timeout(KEPT, builder.serve_connection(TokioIo::new(stream), service)).await {
                Ok(Err(error)) if error.is_parse() => log(&format!("refused: what is no request: {error}")),
                Ok(Err(error)) if error.is_timeout() && !asked.load(Ordering::Relaxed) => {
                    log("refused: a connection on which no request came within ten seconds");
                }
                _ => {}
            }
            drop(place);
        });
    }
}

struct Shared {
    port: u16,
    log: Log,
    measured: Measured,
    library: LazyLock<Library>,
    pictures: Shelf<Sample>,
    stories: Shelf<watch::Receiver<Told>>,
    uploads: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

/// A story as far as it was told: its events as JSON.
#[derive(Default)]
struct Told {
    events: Vec<Arc<str>>,
    ended: bool,
}

impl Shared {
    fn new(port: u16, log: Log, measured: Measured) -> Self {
        Self {
            port,
            log,
            measured,
            library: LazyLock::new(Library::new),
            pictures: Shelf::of(PICTURES),
            stories: Shelf::of(STORIES),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            running: Arc::new(Semaphore::new(RUNS)),
        }
    }

    /// The names under which a browser on this machine knows the page.
    fn hosts(&self) -> [String; 3] {
        ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{}", self.port))
    }
}

fn router(state: Arc<Shared>) -> Router {
    let file = |(path, kind, content): (&'static str, &'static str, &'static str)| {
        (path, get(move || async move { ([(header::CONTENT_TYPE, kind)], content) }))
    };
    let files = FILES.into_iter().map(file).fold(Router::new(), |router, (path, file)| router.route(path, file));
    files
        .route("/choices", get(choices))
        .route("/report", get(report))
        .route("/pictures", post(take).layer(DefaultBodyLimit::max(MOST_BYTES)))
        .route("/pictures/{name}", get(thumbnail))
        .route("/runs", post(begin))
        .route("/runs/{name}/events", get(hear))
        .fallback(|| async { Refusal::new(StatusCode::NOT_FOUND, "there is nothing here") })
        .method_not_allowed_fallback(|| async {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this cannot be asked for in this way")
        })
        .layer(DefaultBodyLimit::max(MOST_WORDS))
        .layer(from_fn_with_state(Arc::clone(&state), guard))
        .with_state(state)
}

/// A request that is not carried out: its status, and why in words.
struct Refusal {
    status: StatusCode,
    words: String,
}

impl Refusal {
    fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(serde_json::json!({ "error": self.words }))).into_response()
    }
}

/// Lets through what the page itself asks for, and says what is refused.
async fn guard(State(state): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let asked = format!("{} {:?}", request.method(), request.uri().path().chars().take(80).collect::<String>());
    let mut response = match admit(&state, request.method(), request.uri().path(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    if response.status().is_client_error() || response.status().is_server_error() {
        (state.log)(&format!("refused: {asked}: {}", response.status()));
    }
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Whether a request comes from the page: it names this machine and port, so that no other site's name leads here; and it was
/// not made by another site.
fn admit(state: &Shared, method: &Method, path: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let only = |name| {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
    };
    let hosts = state.hosts();
    let Some(host) = only(header::HOST).filter(|host| hosts.iter().any(|known| known == host)) else {
        let words = format!("this page is http://{}/ and nothing else", hosts[0]);
        return Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, words));
    };
    let elsewhere = || Refusal::new(StatusCode::FORBIDDEN, "this was asked for by another site");
    if *method != Method::GET && *method != Method::HEAD {
        let origin = only(header::ORIGIN).ok_or_else(elsewhere)?;
        if origin != format!("http://{host}") {
            return Err(elsewhere());
        }
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if path != "/" && site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return Err(elsewhere());
    }
    Ok(())
}

/// What there is to choose.
#[derive(Serialize)]
struct Choices {
    systems: Vec<Offer>,
    pictures: Vec<Named>,
    most_bytes: usize,
    /// The least quality of a hash that is compared.
    least_quality: u8,
    /// The report that is at `/report`.
    report: Contents,
}

/// A picture that can be sent.
#[derive(Serialize)]
struct Named {
    id: String,
    name: &'static str,
    length: usize,
}

/// What the names of generated pictures begin with.
const GENERATED: &str = "generated-";

async fn choices(State(state): State<Arc<Shared>>) -> Result<Json<Choices>, Refusal> {
    let report = state.measured.contents.clone();
    let listed = blocking(move || {
        let named = |(index, sample): (usize, &Sample)| Named {
            id: format!("{GENERATED}{index}"),
            name: sample.name,
            length: sample.bytes.len(),
        };
        state.library.samples().iter().enumerate().map(named).collect()
    });
    Ok(Json(Choices {
        systems: offers(),
        pictures: listed.await?,
        most_bytes: MOST_BYTES,
        least_quality: MINIMUM_QUALITY,
        report,
    }))
}

async fn report(State(state): State<Arc<Shared>>) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, REPORT_POLICY)];
    (headers, state.measured.html.clone()).into_response()
}

/// Takes a person's own picture; it stays in memory, for a while.
async fn take(State(state): State<Arc<Shared>>, request: Request) -> Result<Json<Named>, Refusal> {
    let too_long = || {
        let words = format!("the picture is larger than {} MB, which is the most that is taken", MOST_BYTES >> 20);
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, words)
    };
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("image/") && kind != "application/octet-stream" {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a picture is sent as it is, with its type"));
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > MOST_BYTES) {
        return Err(too_long());
    }
    let busy = |_| Refusal::new(StatusCode::TOO_MANY_REQUESTS, "other pictures are being taken; try again in a moment");
    let place = Arc::clone(&state.uploads).try_acquire_owned().map_err(busy)?;
    let slow = |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "the picture did not arrive in a minute");
    let arrived = tokio::time::timeout(UPLOAD, Bytes::from_request(request, &state)).await.map_err(slow)?;
    let bytes = arrived.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_long(),
        status => Refusal::new(status, "the picture did not arrive whole"),
    })?;
    let sample = blocking(move || Sample::new(bytes.to_vec().into(), "your picture")).await?;
    drop(place);
    let sample = sample.map_err(|error| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))?;
    let (name, length) = (sample.name, sample.bytes.len());
    let id = state.pictures.put(sample).map_err(|error| unforeseen(&error))?;
    forget_later(&state, id.clone(), |state| &state.pictures);
    Ok(Json(Named { id, name, length }))
}

/// A small copy of a picture, made here: what was handed over is never sent back as it came.
async fn thumbnail(State(state): State<Arc<Shared>>, Path(name): Path<String>) -> Result<Response, Refusal> {
    let picture = picked(&state, &name)?;
    let png = blocking(move || picture.of(&state.library).thumbnail.clone()).await?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}

/// A picture that was asked for.
enum Picked {
    Generated(usize),
    Own(Arc<Sample>),
}

impl Picked {
    fn of<'a>(&'a self, library: &'a Library) -> &'a Sample {
        match self {
            Self::Generated(index) => &library.samples()[*index],
            Self::Own(sample) => sample,
        }
    }
}

fn picked(state: &Shared, name: &str) -> Result<Picked, Refusal> {
    let number = name.strip_prefix(GENERATED).and_then(|number| number.parse().ok());
    let generated = number.filter(|number| *number < Library::COUNT).map(Picked::Generated);
    let own = || state.pictures.find(name).map(Picked::Own);
    let words = "this picture is not kept, or no longer; choose it again";
    generated.or_else(own).ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, words))
}

/// What is to be run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    picture: String,
    #[serde(default)]
    choice: Choice,
}

/// The run that was begun.
#[derive(Serialize)]
struct Begun {
    id: String,
}

async fn begin(State(state): State<Arc<Shared>>, request: Request) -> Result<(StatusCode, Json<Begun>), Refusal> {
    let slow = |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in ten seconds");
    let arrived = tokio::time::timeout(PATIENCE, Json::<Wish>::from_request(request, &state)).await.map_err(slow)?;
    let Json(Wish { picture, choice }) =
        arrived.map_err(|rejection| Refusal::new(rejection.status(), rejection.body_text()))?;
    let wrong = |error: crate::choice::ChoiceError| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string());
    choice.system().map_err(wrong)?;
    let picture = picked(&state, &picture)?;
    let busy = |_| Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too many runs are waiting; try again in a moment");
    let place = Arc::clone(&state.waiting).try_acquire_owned().map_err(busy)?;
    let (sender, receiver) = watch::channel(Told::default());
    let id = state.stories.put(receiver).map_err(|error| unforeseen(&error))?;
    forget_later(&state, id.clone(), |state| &state.stories);
    tokio::spawn(async move {
        let turn = Arc::clone(&state.running).acquire_owned().await;
        let teller = sender.clone();
        let told = blocking(move || {
            let mut tell = |event: Event| say(&teller, &event);
            let told = story::tell(&state.library, picture.of(&state.library), &choice, &mut tell);
            told.map_err(|error| error.to_string())
        });
        if let Err(why) = told.await.map_err(|refusal| refusal.words).flatten() {
            say(&sender, &Event::Failed { why });
        }
        sender.send_modify(|told| told.ended = true);
        drop((place, turn));
    });
    Ok((StatusCode::ACCEPTED, Json(Begun { id })))
}

fn say(story: &watch::Sender<Told>, event: &Event) {
    let event = serde_json::to_string(event).expect("an event holds nothing that JSON cannot").into();
    story.send_modify(|told| told.events.push(event));
}

/// Sends a story from its beginning, and what is added to it.
async fn hear(State(state): State<Arc<Shared>>, Path(name): Path<String>) -> Result<Response, Refusal> {
    let words = "this run is not kept, or no longer; press Send again";
    let story = state.stories.find(&name).ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, words))?;
    let events = stream::unfold(((*story).clone(), 0), |(mut story, next)| async move {
        loop {
            let (event, ended) = {
                let told = story.borrow_and_update();
                (told.events.get(next).cloned(), told.ended)
            };
            if let Some(event) = event {
                return Some((Ok::<_, Infallible>(sse::Event::default().data(event)), (story, next + 1)));
            }
            if ended || story.changed().await.is_err() {
                return None;
            }
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(5))).into_response())
}

/// Forgets what was kept under `name` when its time is up.
fn forget_later<T: Send + Sync + 'static>(state: &Arc<Shared>, name: String, shelf: fn(&Shared) -> &Shelf<T>) {
    let state = Arc::clone(state);
    tokio::spawn(async move {
        tokio::time::sleep(KEPT).await;
        shelf(&state).forget(&name);
    });
}

/// Does something that takes long where the page does not wait for it. A bug in it ends it, and nothing else.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(|error| unforeseen(&error))
}

fn unforeseen(error: &dyn std::error::Error) -> Refusal {
    let words = format!("this is a bug, please report it with what you did: {error}");
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, words)
}
