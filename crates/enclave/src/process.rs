//! An enclave in a process of its own: frames of a length (32 bits, big-endian) and bytes, over its input and output.

use crate::attestation::{Measurement, SoftwareRoot};
use crate::enclave::{Enclave, write_entries};
use crate::host::{Host, HostError};
use crate::message::{Reply, Request};
use crate::sandbox;
use minicbor::{Decode, Encode};
use sightline_crypto::{Ledger, Seed};
use sightline_fingerprint::Memo;
use sightline_lists::{AuthorityKey, HashList, Radius, SignedStatement};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// Longest frame, in bytes.
const LONGEST: u64 = 64 << 20;
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_mins(1);
/// What the process says first.
const ISOLATED: &[u8] = b"isolated";

/// What the process is told before its first request. The seeds make the software platform the same in and outside: there is
/// no hardware that keeps its key from anyone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Launch {
    /// Seed of the software root.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub root: [u8; 32],
    /// Seed of the platform.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub platform: [u8; 32],
    /// The list authority's key.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub authority: [u8; 32],
    /// The radius in bits.
    #[n(3)]
    pub radius: u32,
}

/// An enclave in a separate, sandboxed process.
pub struct Process {
    child: Child,
    input: ChildStdin,
    answers: Receiver<io::Result<Vec<u8>>>,
    measurement: Measurement,
}

impl Process {
    /// Starts `program` with `arguments`, which must call [`serve`], and waits until it is isolated.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn start(program: &Path, arguments: &[&str], launch: &Launch) -> Result<Self, HostError> {
        let not_started =
            |error: io::Error| HostError::NotStarted { program: program.display().to_string(), why: error.to_string() };
        let measurement = Measurement::of(&std::fs::read(program).map_err(not_started)?);
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(not_started)?;
        let input = child.stdin.take().expect("it was asked for");
        let mut output = child.stdout.take().expect("it was asked for");
        let (sender, answers) = sync_channel(1);
        std::thread::spawn(move || {
            loop {
                let frame = read_frame(&mut output);
                let last = frame.is_err();
                if sender.send(frame).is_err() || last {
                    return;
                }
            }
        });
        let mut process = Self { child, input, answers, measurement };
        let greeting = process.answer()?;
        if greeting != ISOLATED {
            return Err(HostError::NotIsolated(String::from_utf8_lossy(&greeting).into_owned()));
        }
        process.send(&minicbor::to_vec(launch).expect("writing to a vector cannot fail"))?;
        Ok(process)
    }

    /// SHA-256 of the program that runs.
    pub const fn measurement(&self) -> Measurement {
        self.measurement
    }

    /// Loads a list with its entries.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn load(&mut self, statement: SignedStatement, list: &HashList) -> Result<Vec<u8>, HostError> {
        let request = Request::Load { statement, entries: write_entries(list) };
        self.call(&minicbor::to_vec(request).expect("writing to a vector cannot fail"), &[0; 32])
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        write_frame(&mut self.input, bytes).map_err(|error| HostError::Ended(error.to_string()))
    }

    fn answer(&mut self) -> Result<Vec<u8>, HostError> {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(HostError::Ended(error.to_string())),
            Err(RecvTimeoutError::Timeout) => Err(HostError::Silent { seconds: PATIENCE.as_secs() }),
            Err(RecvTimeoutError::Disconnected) => Err(HostError::Ended("it closed its output".into())),
        }
    }
}

impl Host for Process {
    fn call(&mut self, request: &[u8], fresh: &[u8; 32]) -> Result<Vec<u8>, HostError> {
        self.send(&[fresh, request].concat())?;
        self.answer()
    }

    /// Nothing: its memory is its own.
    fn memory(&self) -> Vec<(String, Vec<u8>)> {
        vec![("measurement".to_owned(), self.measurement.as_bytes().to_vec())]
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; there is nothing to do about either.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All of a program that is an enclave: [`serve`] on its own input and output.
pub fn program() -> std::process::ExitCode {
    let served =
        std::env::current_exe().and_then(|program| serve(&program, &mut io::stdin().lock(), &mut io::stdout()));
    if served.is_ok() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

/// The process's side: isolates itself, then answers until its input ends. `program` is its own executable, which it
/// measures before.
///
/// # Errors
/// What the operating system says about input or output, or that it cannot be isolated.
pub fn serve(program: &Path, input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let measurement = Measurement::of(&std::fs::read(program)?);
    if let Err(error) = sandbox::enter() {
        write_frame(output, error.to_string().as_bytes())?;
        return Err(io::Error::other(error.to_string()));
    }
    write_frame(output, ISOLATED)?;
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let launch: Launch = minicbor::decode(&read_frame(input)?).map_err(|error| invalid(error.to_string()))?;
    let platform = SoftwareRoot::new(&Seed::from_bytes(launch.root)).platform(&Seed::from_bytes(launch.platform));
    let authority = AuthorityKey::from_bytes(&launch.authority).map_err(|error| invalid(error.to_string()))?;
    let radius = Radius::new(launch.radius).map_err(|error| invalid(error.to_string()))?;
    let memo = Arc::new(Memo::default());
    let mut enclave = Enclave::launch(platform.load(measurement, false), authority, radius, memo, Ledger::off());
    loop {
        let frame = match read_frame(input) {
            Ok(frame) => frame,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        let reply = match frame.split_first_chunk::<32>() {
            None => Reply::Refused("a frame is 32 fresh bytes and a request".into()),
            Some((fresh, request)) => match minicbor::decode(request) {
                Ok(Request::Attempt) => Reply::Attempted(sandbox::attempts()),
                Ok(request) => enclave.handle(request, fresh),
                Err(error) => Reply::Refused(HostError::Malformed(error.to_string()).to_string()),
            },
        };
        write_frame(output, &minicbor::to_vec(reply).expect("writing to a vector cannot fail"))?;
    }
}

fn write_frame(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).ok().filter(|length| u64::from(*length) <= LONGEST);
    let length = length.ok_or_else(|| too_long(bytes.len() as u64))?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

fn read_frame(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u64::from(u32::from_be_bytes(length));
    if length > LONGEST {
        return Err(too_long(length));
    }
    // Memory grows with what comes, not with what is announced.
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn too_long(length: u64) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, HostError::Oversized { length, most: LONGEST }.to_string())
}
