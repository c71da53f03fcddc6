//! A process that can compute, read what it already holds open, and nothing else: landlock takes the file system and the
//! network from it, seccomp all system calls but those that computing needs.

use crate::message::Attempt;
use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use std::collections::BTreeMap;

/// Why a process is not isolated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// Landlock is missing or too old.
    #[error("landlock does not hold here ({0}): Linux 6.7 or later is needed, with landlock switched on")]
    Landlock(String),
    /// Seccomp is missing.
    #[error("seccomp does not hold here ({0}): a Linux kernel with seccomp filters is needed")]
    Seccomp(String),
}

/// What computing and talking over what is open needs.
const ALLOWED: [i64; 22] = [
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_clock_gettime,
    libc::SYS_getrandom,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Isolates this process for good. To be called before it has threads and before it reads anything from its host.
///
/// # Errors
/// [`SandboxError`] where the kernel cannot do it; the process must end then.
pub fn enter() -> Result<(), SandboxError> {
    let landlock = |error: landlock::RulesetError| SandboxError::Landlock(error.to_string());
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V4))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(ABI::V4)))
        .and_then(|rules| rules.set_compatibility(CompatLevel::BestEffort).scope(Scope::from_all(ABI::V6)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(landlock)?;
    if status.ruleset == RulesetStatus::NotEnforced || !status.no_new_privs {
        return Err(SandboxError::Landlock(format!("{:?}", status.ruleset)));
    }
    let seccomp = |why: String| SandboxError::Seccomp(why);
    let architecture = std::env::consts::ARCH.try_into().map_err(|error| seccomp(format!("{error:?}")))?;
    let rules: BTreeMap<i64, Vec<_>> = ALLOWED.into_iter().map(|call| (call, Vec::new())).collect();
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, denied, SeccompAction::Allow, architecture);
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(|error| seccomp(error.to_string()))?;
    seccompiler::apply_filter(&program).map_err(|error| seccomp(error.to_string()))
}

/// Tries what an enclave must not be able to do.
pub(crate) fn attempts() -> Vec<Attempt> {
    let attempt = |what: &str, result: Result<(), std::io::Error>| Attempt {
        what: what.to_owned(),
        error: result.err().map(|error| error.to_string()),
    };
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    vec![
        attempt("open a file to read", std::fs::File::open("/dev/null").map(drop)),
        attempt("open a file to write", std::fs::File::create("/tmp/sightline-enclave-attempt").map(drop)),
        attempt("list a folder", std::fs::read_dir("/").map(drop)),
        attempt("make a socket", std::net::UdpSocket::bind("127.0.0.1:0").map(drop)),
        attempt("connect", std::net::TcpStream::connect(address).map(drop)),
        attempt("fork", std::thread::Builder::new().spawn(|| ()).map(drop)),
        attempt("start a program", std::process::Command::new("/bin/true").spawn().map(drop)),
    ]
}
