//! The resolver that must answer at once.

use std::sync::Arc;

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::{Edge, choice::Offer};

/// Answers from the cache. For a certificate that is not there, it answers with the version of it before, else not at
/// all, and has it loaded by [`Edge::run`]: the next client is served. [`Edge::prepare`] waits for the load instead.
impl ResolvesServerCert for Edge {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let parts = &self.parts;
        let Some(found) = parts.resolve(hello.server_name()) else {
            parts.counts.unknown();
            return None;
        };
        let mut before = None;
        for served in Offer::of(&hello, &parts.provider).ranked(found) {
            match parts.cache.get(served.id) {
                Some(hot) if hot.generation >= served.generation => {
                    parts.counts.hit();
                    return Some(hot.key);
                }
                kept => {
                    parts.wanted.add(served.id);
                    before = before.or(kept);
                }
            }
        }
        if before.is_some() {
            parts.counts.earlier()
        } else {
            parts.counts.not_loaded()
        }
        before.map(|hot| hot.key)
    }
}
