//! The enclave as a process: isolates itself and answers requests on its input. Started by its host, not by people.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    return sightline_enclave::program();
    #[cfg(not(target_os = "linux"))]
    ExitCode::FAILURE
}
