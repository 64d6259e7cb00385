//! How a phone cuts a URL (RFC 3986, section 3). The emulator's own: it must not share offhook's reader, or it
//! would confirm its faults.

/// Scheme and rest, without the `://` between them.
pub(crate) fn split_scheme(url: &str) -> Option<(&str, &str)> {
    url.split_once("://")
}

/// What follows `://`: the authority, and the rest from the first `/`, `?` or `#` on.
pub(crate) fn split_authority(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// An authority's name and password, if it has them, and its host and port.
pub(crate) fn split_user_info(authority: &str) -> (Option<&str>, &str) {
    match authority.rsplit_once('@') {
        Some((user_info, place)) => (Some(user_info), place),
        None => (None, authority),
    }
}
