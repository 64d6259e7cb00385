//! Which programmable keys a phone has.

use offhook_core::keys::Key;

use super::Common;
use crate::phone::Phone;

/// The phone's keys, and those of the policy in the places that are left.
pub(crate) fn keys_of<'k>(common: &'k Common, phone: &'k Phone) -> Vec<&'k Key> {
    let place = |key: &Key| (key.module, key.number);
    let own = &phone.keys;
    let rest = common.keys.iter().filter(|key| !own.iter().any(|other| place(other) == place(key)));
    let mut keys: Vec<&Key> = own.iter().chain(rest).collect();
    keys.sort_by_key(|key| place(key));
    keys
}
