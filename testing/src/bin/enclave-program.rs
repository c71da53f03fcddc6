//! The enclave as a program of its own, for tests of whole systems: isolates itself and answers requests on its input.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    return sightline_enclave::program();
    #[cfg(not(target_os = "linux"))]
    ExitCode::FAILURE
}
