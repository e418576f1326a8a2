//! Ids that sort in the order in which they were made.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::{error::Unspecified, rand};
use cert_store::{CertId, OwnerId};

/// Makes ids whose time and tail never go backwards, whatever the clock does: an owner's list reads in upload order.
#[derive(Debug, Default)]
pub(crate) struct IdSource(Mutex<Last>);

#[derive(Clone, Copy, Debug, Default)]
struct Last {
    millis: u64,
    tail: u64,
}

impl IdSource {
    /// The next id for `owner`. Fails only where the system has no randomness.
    pub(crate) fn next(&self, owner: &OwnerId, now_millis: u64) -> Result<CertId, Unspecified> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = last.successor(now_millis, random_tail)?;
        Ok(CertId::from_parts(last.millis, owner.shard(), last.tail))
    }
}

impl Last {
    /// A fresh tail in a new millisecond; else the tail counts up, and carries into the time when it is used up.
    fn successor<E>(self, now_millis: u64, random: impl FnOnce() -> Result<u64, E>) -> Result<Self, E> {
        Ok(if now_millis > self.millis {
            Self { millis: now_millis, tail: random()? }
        } else if self.tail < MAX_TAIL {
            Self { millis: self.millis, tail: self.tail + 1 }
        } else {
            Self { millis: self.millis + 1, tail: random()? }
        })
    }
}

const TAIL_BITS: u32 = 36;
const MAX_TAIL: u64 = (1 << TAIL_BITS) - 1;

fn random_tail() -> Result<u64, Unspecified> {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes) & MAX_TAIL)
}

#[cfg(test)]
mod tests {
    use cert_store::OwnerId;

    use super::{IdSource, Last, MAX_TAIL};

    #[test]
    fn ids_ascend_within_a_millisecond_and_when_the_clock_steps_back() {
        let (source, owner) = (IdSource::default(), OwnerId::new("alice").unwrap());
        let times = [5_000, 5_000, 5_000, 4_000, 3_999, 5_000, 5_001, 5_001];
        let ids: Vec<_> = times.iter().map(|&at| source.next(&owner, at).unwrap()).collect();
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
        assert!(ids.iter().all(|id| id.shard() == owner.shard()));
        assert_eq!(ids[7].created_millis(), 5_001);
    }

    #[test]
    fn a_tail_that_is_used_up_carries_into_the_time() {
        let full = Last { millis: 7, tail: MAX_TAIL };
        let random = |tail| move || Ok::<_, ()>(tail);
        let next = full.successor(7, random(3)).unwrap();
        assert_eq!((next.millis, next.tail), (8, 3));
        assert_eq!(next.successor(7, random(9)).unwrap().millis, 8);
    }
}
