//! The house's source of randomness as the one that keys are made with.

use std::convert::Infallible;

use rsa::rand_core::{TryCryptoRng, TryRng};
use sskuba_core::clock::IdSource;

/// Random numbers out of an [`IdSource`], which promises that no one can guess them.
pub(super) struct Random<'a>(pub(super) &'a dyn IdSource);

impl TryRng for Random<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Random<'_> {}
