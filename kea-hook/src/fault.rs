//! Panics on demand, for the proof that none costs a lease. Does nothing in a real library.

/// Panics if the packet requests it by the text `offhook-panic-<door>` anywhere in it, for example in
/// its host name.
#[cfg(feature = "fault-injection")]
#[allow(clippy::panic)]
pub(crate) fn provoke(door: &str, wire: &[u8]) {
    let mark = format!("offhook-panic-{door}");
    if wire.windows(mark.len()).any(|window| window == mark.as_bytes()) {
        panic!("provoked in {door}");
    }
}

#[cfg(not(feature = "fault-injection"))]
pub(crate) fn provoke(_door: &str, _wire: &[u8]) {}
