//! Bytes as dnsmasq's matchers compare them: from the left, two or more, `*` for any.

/// dnsmasq keeps the places of its wildcards in 32 bits, counted from the pattern's end.
const WILDCARDS_REACH: usize = 32;

/// The bytes in dnsmasq's spelling; `None` is any byte.
pub fn spell(bytes: &[Option<u8>]) -> Result<String, String> {
    if let [_] | [] = bytes {
        return Err(format!(
            "a head of {} byte: dnsmasq compares two or more from the left; make it longer",
            bytes.len()
        ));
    }
    let far = bytes.len().saturating_sub(WILDCARDS_REACH);
    if bytes.iter().take(far).any(Option::is_none) {
        return Err(format!(
            "a head with \"?\" more than {WILDCARDS_REACH} bytes before its end: dnsmasq cannot compare \
             it; shorten it behind the \"?\""
        ));
    }
    let byte =
        |byte: &Option<u8>| byte.map_or_else(|| "*".to_owned(), |byte| format!("{byte:02x}"));
    Ok(bytes.iter().map(byte).collect::<Vec<_>>().join(":"))
}
