//! What the programs hold in memory: keys and passwords of phones.

/// Keeps this process' memory out of core dumps, and other processes of the same user from reading it
/// (`PR_SET_DUMPABLE`). For offhook's own programs: what a host such as Kea may do is the host's decision.
pub fn keep_to_itself() {
    // Where the kernel does not know it, everything goes on as before.
    let _ = nix::sys::prctl::set_dumpable(false);
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_no_dump_afterwards() {
        super::keep_to_itself();
        assert_eq!(nix::sys::prctl::get_dumpable(), Ok(false));
    }
}
