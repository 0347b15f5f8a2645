//! Where random numbers come from.

use std::sync::{Mutex, PoisonError};

use rand::{SeedableRng as _, rngs::StdRng};

/// Hands out generators, each independent of the others.
#[derive(Debug)]
pub struct Seeds(Mutex<StdRng>);

impl Seeds {
    /// Generators that repeat themselves for the same `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// Generators that nobody can foresee.
    pub fn from_system() -> Result<Self, rand::rngs::SysError> {
        Ok(Self(Mutex::new(StdRng::try_from_rng(&mut rand::rngs::SysRng)?)))
    }

    /// The next generator.
    pub fn fork(&self) -> StdRng {
        StdRng::from_rng(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
