//! Export and import.

use cert_core::Timestamp;

use super::{
    feed,
    layout::{self, Key},
    overlay::{self, Overlay, Reader, decode, missing},
    reads,
    rows::{Held, Row},
    sealing,
    steps::{self, bindings},
};
use crate::{
    BindingEntry, CertEntry, ClaimName, Entry, EntryKey, KekId, PageSize, PreviousEntry, StoreError,
};

/// The entries behind one, in the order of their keys, kind by kind.
pub(super) fn export(
    reader: &impl Reader,
    after: Option<&EntryKey>,
    size: PageSize,
) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::new();
    for range in layout::entries_after(after) {
        let left = size.get() - entries.len();
        for stored in reader.scan(&range, left)? {
            entries.push(entry(reader, &stored)?);
        }
    }
    Ok(entries)
}

fn entry(reader: &impl Reader, stored: &overlay::Entry) -> Result<Entry, StoreError> {
    let text = || stored.key.get(1..).and_then(|text| str::from_utf8(text).ok());
    let unreadable = || missing("export", "a key that does not read back");
    match stored.key.first() {
        Some(b'c') => Ok(Entry::Cert(Box::new(cert_entry(reader, decode(&stored.value, "export")?)?))),
        Some(b'a') => {
            let name = text().and_then(|name| ClaimName::new(name).ok()).ok_or_else(unreadable)?;
            Ok(Entry::Claim { name, value: decode(&stored.value, "export")? })
        }
        _ => text().and_then(|kek| KekId::new(kek).ok()).map(Entry::Retired).ok_or_else(unreadable),
    }
}

fn cert_entry(reader: &impl Reader, row: Row) -> Result<CertEntry, StoreError> {
    let id = row.summary.id;
    let bindings = reads::bindings_of(reader, id)?.into_iter();
    let bindings = bindings.map(|binding| BindingEntry { target: binding.target, options: binding.options });
    let sealed_key = sealing::key_of(reader, id, row.summary.generation)?;
    let previous = match row.previous {
        Some(version) => {
            let chain = reads::previous_chain(reader, id, version.generation)?;
            let sealed_key = sealing::key_of(reader, id, version.generation)?;
            Some(PreviousEntry { version, chain, sealed_key })
        }
        None => None,
    };
    let Row { summary, chain, .. } = row;
    Ok(CertEntry { summary, chain, sealed_key, previous, bindings: bindings.collect() })
}

/// Puts an entry back, and says whether it was not there.
pub(super) fn import(overlay: &mut Overlay<'_>, entry: Entry, now: Timestamp) -> Result<bool, StoreError> {
    let key = entry.key();
    let is_new = match entry {
        Entry::Cert(cert) => import_cert(overlay, *cert, now),
        Entry::Claim { name, value } => import_claim(overlay, &name, value),
        Entry::Retired(kek) => import_retired(overlay, &kek),
    }?;
    match is_new {
        Some(true) => feed::renew(overlay)?,
        Some(false) => {}
        None => return Err(StoreError::Conflict { key }),
    }
    Ok(is_new == Some(true))
}

/// `None` is a conflict, here and below.
fn import_cert(
    overlay: &mut Overlay<'_>,
    cert: CertEntry,
    now: Timestamp,
) -> Result<Option<bool>, StoreError> {
    let id = cert.summary.id;
    if let Some(row) = overlay.value(&Key::cert(id), "import")? {
        return Ok((cert_entry(overlay, row)? == cert).then_some(false));
    }
    for binding in &cert.bindings {
        let other = reads::binding(overlay, &binding.target.other_slot())?;
        if overlay.bytes(Key::bound(&binding.target).as_bytes())?.is_some()
            || other.is_some_and(|other| other.owner != cert.summary.owner)
        {
            return Ok(None);
        }
    }
    for (generation, sealed_key) in cert.sealed_keys() {
        sealing::is_usable(overlay, sealed_key)?;
        sealing::put_key(overlay.step(), id, generation, sealed_key)?;
    }
    if let Some(kept) = &cert.previous {
        overlay.put(&Key::chain(id, kept.version.generation), &kept.chain)?;
    }
    let upload = cert.summary.upload_digest(&cert.chain);
    let CertEntry { summary, chain, previous, bindings, .. } = cert;
    let row = Row { summary, upload, previous: previous.map(|kept| kept.version), chain };
    steps::admit(overlay, &row, now)?;
    for BindingEntry { target, options } in bindings {
        bindings::hold(overlay, &row.summary.owner, &Held { target, id, options })?;
    }
    Ok(Some(true))
}

fn import_claim(
    overlay: &mut Overlay<'_>,
    name: &ClaimName,
    value: Vec<u8>,
) -> Result<Option<bool>, StoreError> {
    let key = Key::claim(name);
    if let Some(standing) = overlay.value(&key, "import")? {
        return Ok((standing == value).then_some(false));
    }
    overlay.put(&key, &value)?;
    Ok(Some(true))
}

fn import_retired(overlay: &mut Overlay<'_>, kek: &KekId) -> Result<Option<bool>, StoreError> {
    if overlay.bytes(Key::retired(kek).as_bytes())?.is_some() {
        return Ok(Some(false));
    }
    match sealing::retire(overlay, kek) {
        Ok(()) => Ok(Some(true)),
        Err(StoreError::InUse { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
