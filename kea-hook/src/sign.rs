//! How a recognition is called in a log line and in a lease's note.

use offhook_core::Engine;
use offhook_core::catalogue::Field;
use offhook_core::recognise::{Identity, Sign, rule};

/// The sign that decided: `option-60`, `enterprise`, `option-77`, `host-name`, `mac`, or `policy` where
/// the policy's `devices` name the vendor.
pub(crate) fn deciding(engine: &Engine, identity: &Identity) -> &'static str {
    match identity.signs().next() {
        Some(Sign::Rule(at)) => match rule(engine.tables(), at).map(|rule| rule.field) {
            Some(Field::VendorClass) => "option-60",
            Some(Field::UserClass) => "option-77",
            Some(Field::HostName) => "host-name",
            Some(Field::Enterprise) => "enterprise",
            None => "unknown",
        },
        Some(Sign::Address { .. }) => "mac",
        Some(Sign::Device(_)) => "policy",
        None => "unknown",
    }
}
