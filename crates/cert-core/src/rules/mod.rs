//! The rules whose level a policy may change: one table, like a compiler's lints, and one file for each group.

mod anchor;
mod breach;
mod constraints;
mod extensions;
mod identifiers;
mod keys;
mod names;
mod public_pki;
mod table;
mod usage;

pub(crate) use self::{
    anchor::lasting_breaches, identifiers::AuthorityKeyId, table::default_level, usage::may_sign_certificates,
};
pub use self::{
    breach::Breach,
    table::{RULE_TABLE, RuleEntry, RuleLevel},
};
use crate::{Certificate, PrivateKey, Timestamp};

/// What the rules look at.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) leaf: &'a Certificate,
    pub(crate) key: Option<&'a PrivateKey>,
    /// The verified path above the leaf, where there is one.
    pub(crate) path: Option<PathAbove<'a>>,
    pub(crate) now: Timestamp,
}

/// The issuers of a verified path, from the leaf's on, and what is known of its anchor.
#[derive(Clone, Copy)]
pub(crate) struct PathAbove<'a> {
    pub(crate) intermediates: &'a [&'a Certificate],
    /// The anchor's own certificate, where it was given as one.
    pub(crate) anchor: Option<&'a Certificate>,
    /// The rules that it breaks at any time.
    pub(crate) anchor_breaches: &'a [Breach],
}

impl<'a> Subject<'a> {
    fn intermediates(&self) -> &'a [&'a Certificate] {
        self.path.map_or(&[], |path| path.intermediates)
    }

    /// The leaf and the intermediates.
    fn certificates(&self) -> impl Iterator<Item = &'a Certificate> {
        core::iter::once(self.leaf).chain(self.intermediates().iter().copied())
    }
}

/// Collects broken rules, each with the certificate that breaks it. A policy does not care about all of them, so they
/// have no location yet.
#[derive(Default)]
pub(crate) struct Breaches<'a>(Vec<(Breach, Option<&'a Certificate>)>);

impl<'a> Breaches<'a> {
    fn push(&mut self, breach: Breach, certificate: &'a Certificate) {
        self.0.push((breach, Some(certificate)));
    }

    fn push_if(&mut self, broken: bool, breach: Breach, certificate: &'a Certificate) {
        if broken {
            self.push(breach, certificate);
        }
    }

    /// A trust anchor is no part of the upload.
    fn push_anchor(&mut self, breach: Breach) {
        self.0.push((breach, None));
    }
}

/// What keeps a leaf from having a path at all, where path validation has no words for it: it would call a
/// precertificate's poison an unsupported critical extension, and a second extension an invalid value.
pub(crate) fn obstacle(leaf: &Certificate) -> Option<Breach> {
    if public_pki::is_precertificate(leaf) {
        return Some(Breach::Precertificate);
    }
    extensions::duplicate(leaf).map(|oid| Breach::DuplicateExtension { oid: extensions::dotted(oid) })
}

/// Every other broken rule, whatever its level, and the certificate of the upload that breaks it.
pub(crate) fn breaches<'a>(subject: &Subject<'a>) -> Vec<(Breach, Option<&'a Certificate>)> {
    let mut found = Breaches::default();
    keys::check(subject, &mut found);
    usage::check(subject, &mut found);
    names::check(subject, &mut found);
    identifiers::check(subject, &mut found);
    constraints::check(subject, &mut found);
    extensions::check(subject, &mut found);
    public_pki::check(subject, &mut found);
    anchor::check(subject, &mut found);
    found.0
}
