use crate::Enclave;
use crate::message::Request;

/// Something that runs an enclave and passes bytes to it and back.
pub trait Host: Send {
    /// The encoded [`Reply`](crate::Reply) to an encoded [`Request`]. `fresh` must be uniform, secret and new for each call: in the
    /// laboratory it comes from outside, so that runs repeat.
    ///
    /// # Errors
    /// [`HostError`] if there is no answer.
    fn call(&mut self, request: &[u8], fresh: &[u8; 32]) -> Result<Vec<u8>, HostError>;

    /// Everything the enclave holds now, as far as this host can see.
    fn memory(&self) -> Vec<(String, Vec<u8>)>;
}

/// Why an enclave does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The request is none.
    #[error("not a request to an enclave: {0}")]
    Malformed(String),
    /// The process did not start.
    #[error("{program} does not start: {why}")]
    NotStarted {
        /// The program.
        program: String,
        /// What the operating system says.
        why: String,
    },
    /// The process said that it cannot be isolated here, and ended.
    #[error("the enclave cannot be isolated on this machine: {0}")]
    NotIsolated(String),
    /// The process ended.
    #[error("the enclave's process has ended: {0}")]
    Ended(String),
    /// The process did not answer in time.
    #[error("the enclave's process did not answer within {seconds} s")]
    Silent {
        /// How long it was waited for.
        seconds: u64,
    },
    /// The process said something that is no answer.
    #[error("the enclave's process answered with {length} bytes, where at most {most} are allowed")]
    Oversized {
        /// Bytes announced.
        length: u64,
        /// Bytes allowed.
        most: u64,
    },
}

/// An enclave in this process: not isolated from anything. For games, which need thousands of them.
pub struct Inline(pub Enclave);

impl Host for Inline {
    fn call(&mut self, request: &[u8], fresh: &[u8; 32]) -> Result<Vec<u8>, HostError> {
        let request: Request = minicbor::decode(request).map_err(|error| HostError::Malformed(error.to_string()))?;
        Ok(minicbor::to_vec(self.0.handle(request, fresh)).expect("writing to a vector cannot fail"))
    }

    fn memory(&self) -> Vec<(String, Vec<u8>)> {
        self.0.memory()
    }
}
