//! The enclave as a program of its own, for tests of whole systems: isolates itself and answers requests on its input.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let served = std::env::current_exe()
        .and_then(|program| sightline_enclave::serve(&program, &mut std::io::stdin().lock(), &mut std::io::stdout()));
    if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    ExitCode::FAILURE
}
