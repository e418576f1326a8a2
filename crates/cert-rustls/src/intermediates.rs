//! CA certificates that many chains share.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// The CA certificates of the chains that were opened, each once. Few CAs issue most certificates, and their own are as
/// large as a leaf; rustls shares nothing between chains but what lives for ever. So these do, up to a bound: what comes
/// when it is reached belongs to its chain.
#[derive(Default)]
pub(crate) struct Intermediates(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    ders: HashSet<&'static [u8]>,
    bytes: usize,
}

impl Intermediates {
    /// The copy that is shared, if there is one or room for one.
    pub(crate) fn share(&self, der: &[u8]) -> Option<&'static [u8]> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = kept.ders.get(der) {
            return Some(shared);
        }
        if kept.bytes + der.len() > MAX_BYTES {
            return None;
        }
        let shared: &'static [u8] = Box::leak(Box::from(der));
        kept.bytes += shared.len();
        kept.ders.insert(shared);
        Some(shared)
    }
}

/// Some two hundred: tenants who bring CAs of their own cannot fill the memory with them.
const MAX_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::{Intermediates, MAX_BYTES};

    #[test]
    fn equal_ones_are_one_and_all_of_them_are_bounded() {
        let shared = Intermediates::default();
        let [first, again] = [[7; 1000], [7; 1000]].map(|der| shared.share(&der).unwrap());
        assert!(std::ptr::eq(first, again));
        let kept =
            (0..1000_u32).filter(|n| shared.share(&[&n.to_be_bytes()[..], &[0; 996]].concat()).is_some());
        assert_eq!(kept.count(), MAX_BYTES / 1000 - 1);
        assert!(shared.share(&[7; 1000]).is_some() && shared.share(&[8; 1000]).is_none());
    }
}
