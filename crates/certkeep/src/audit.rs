//! The audit trail: what was done, in the log under its own name.

use cert_service::{Event, EventSink};

/// Writes each event to the log, target `audit`.
pub(crate) struct AuditLog;

impl EventSink for AuditLog {
    fn record(&self, event: &Event<'_>) {
        tracing::info!(
            target: "audit",
            at = %event.at,
            operator = event.caller.is_operator(),
            owner = event.owner.as_str(),
            action = ?event.action,
            id = %event.id,
        );
    }
}
