//! Which programmable keys a phone has.

use offhook_core::keys::Key;

use super::Common;
use crate::phone::Phone;

/// The phone's keys, and those of the policy in the places that are left.
pub(crate) fn keys_of<'k>(common: &'k Common, phone: &'k Phone) -> Vec<Key<'k>> {
    let own = &phone.keys;
    let is_taken = |key: &Key<'_>| own.iter().any(|other| other.place() == key.place());
    let rest = common.keys.iter().filter(|key| !is_taken(key));
    let mut keys: Vec<Key<'k>> = own.iter().chain(rest).collect();
    keys.sort_by_key(Key::place);
    keys
}
