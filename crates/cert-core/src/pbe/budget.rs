//! What the key derivations of one upload may cost together.

use crate::{DerivationCost, KeyError, caps};

/// What is left. Each derivation is charged before it runs, so nothing beyond the caps ever starts.
pub(crate) struct Budget {
    iterations: u64,
    scrypt_memory: u64,
    parallelization: u64,
}

/// What one derivation costs.
#[derive(Clone, Copy)]
pub(crate) enum Cost {
    Iterations(u64),
    Scrypt { memory: u64, parallelization: u64 },
}

impl Budget {
    /// That of one upload.
    pub(crate) const fn of_upload() -> Self {
        Self { iterations: 0, scrypt_memory: 0, parallelization: 0 }
    }

    /// Charges one derivation, and refuses what is too much.
    pub(crate) fn charge(&mut self, cost: Cost) -> Result<(), KeyError> {
        self.add(cost);
        self.check()
    }

    /// Charges one of several derivations, which are [checked](Self::check) together.
    pub(crate) fn add(&mut self, cost: Cost) {
        match cost {
            Cost::Iterations(iterations) => {
                self.iterations = self.iterations.saturating_add(iterations.max(LEAST_ITERATIONS));
            }
            Cost::Scrypt { memory, parallelization } => {
                self.iterations = self.iterations.saturating_add(LEAST_ITERATIONS);
                self.scrypt_memory = self.scrypt_memory.saturating_add(memory);
                self.parallelization = self.parallelization.max(parallelization);
            }
        }
    }

    pub(crate) const fn check(&self) -> Result<(), KeyError> {
        let cost = if self.parallelization > 1 {
            DerivationCost::ScryptParallelization { found: self.parallelization }
        } else if self.scrypt_memory > caps::MAX_SCRYPT_MEMORY {
            DerivationCost::ScryptMemory { found: self.scrypt_memory }
        } else if self.iterations > caps::MAX_KDF_ITERATIONS {
            DerivationCost::Iterations { found: self.iterations }
        } else {
            return Ok(());
        };
        Err(KeyError::DerivationTooCostly(cost))
    }
}

/// What a derivation counts for at least, so that nobody asks for thousands of cheap ones.
const LEAST_ITERATIONS: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::{Budget, Cost};
    use crate::{DerivationCost, KeyError};

    #[test]
    fn costs_are_summed() {
        let mut budget = Budget::of_upload();
        budget.add(Cost::Iterations(600_000));
        assert_eq!(budget.charge(Cost::Iterations(400_000)), Ok(()));
        let found = DerivationCost::Iterations { found: 1_010_000 };
        assert_eq!(budget.charge(Cost::Iterations(1)), Err(KeyError::DerivationTooCostly(found)));

        let mut budget = Budget::of_upload();
        let scrypt = |memory, parallelization| Cost::Scrypt { memory, parallelization };
        assert_eq!(budget.charge(scrypt(64 << 20, 1)), Ok(()));
        let found = DerivationCost::ScryptMemory { found: (64 << 20) + 1 };
        assert_eq!(budget.charge(scrypt(1, 1)), Err(KeyError::DerivationTooCostly(found)));
        let found = DerivationCost::ScryptParallelization { found: 2 };
        assert_eq!(Budget::of_upload().charge(scrypt(1, 2)), Err(KeyError::DerivationTooCostly(found)));
    }

    #[test]
    fn a_sum_beyond_all_numbers_is_refused() {
        let mut budget = Budget::of_upload();
        assert!(budget.charge(Cost::Iterations(u64::MAX)).is_err());
        assert!(budget.charge(Cost::Iterations(u64::MAX)).is_err());
    }
}
