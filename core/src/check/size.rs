//! Answers that are larger than the hook for Kea can send.

use super::found::Found;
use crate::decide::planned;
use crate::edit::Planned;
use crate::plan::Plan;
use crate::policy::devices::Device;

/// What the hook for Kea can put into one answer (kea-hook/include/abi.h); more is cut off there.
pub const MOST_OPTIONS: usize = 64;
/// See [`MOST_OPTIONS`].
pub const MOST_BYTES: usize = 4096;

/// Of a plan with a device's own options.
pub(super) fn check_size(
    vendor: &str,
    place: &str,
    plan: &Plan,
    device: Option<Device<'_>>,
    found: &mut Found,
) {
    let (mut count, mut bytes) = (0, 0);
    for planned in planned(plan, device) {
        count += 1;
        bytes += planned.edit.value.map_or(0, Planned::longest);
    }
    if count > MOST_OPTIONS || bytes > MOST_BYTES {
        let text = format!(
            "an answer of {count} options and up to {bytes} bytes: at most {MOST_OPTIONS} options and \
             {MOST_BYTES} bytes are sent, the rest is cut off"
        );
        found.about(vendor, place, text);
    }
}
