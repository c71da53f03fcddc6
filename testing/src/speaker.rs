//! A party that only speaks.

use sightline_protocol::{Context, Memory, Party, PartyId, Refusal};

/// Says what it was told to say when the run begins, and hears nothing.
pub struct Speaker(
    /// To whom, and what.
    pub Vec<(PartyId, Vec<u8>)>,
);

impl Party for Speaker {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        for (to, bytes) in self.0.drain(..) {
            cx.send(to, bytes);
        }
        Ok(())
    }

    fn receive(&mut self, _: PartyId, _: &[u8], _: &mut Context<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn wake(&mut self, _: &mut Context<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }
}
