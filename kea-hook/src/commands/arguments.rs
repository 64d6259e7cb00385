//! Arguments that several commands take.

use offhook_core::Mac;

use crate::words::{Members, Wrong};

/// `from`: the hardware address after which a list goes on; `start`, or none, is its beginning.
pub(super) fn from(members: &Members<'_>) -> Result<Option<Mac>, Wrong> {
    match members.text("from")? {
        Some("start") => Ok(None),
        _ => mac(members, "from"),
    }
}

/// A hardware address in any usual spelling.
pub(super) fn mac(members: &Members<'_>, name: &str) -> Result<Option<Mac>, Wrong> {
    match (members.text(name)?, members.get(name)) {
        (Some(text), Some(found)) => Mac::parse(text).map(Some).ok_or_else(|| {
            members.expected(name, "a hardware address such as 00:15:65:aa:bb:cc", found)
        }),
        _ => Ok(None),
    }
}
