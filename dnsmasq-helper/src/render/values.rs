//! One option's bytes as a line of dnsmasq's configuration takes them.
//!
//! dnsmasq guesses a value's type from its spelling and from the option's number, so the same bytes
//! need another spelling for another number. Whatever has no spelling is a trap: the text says why
//! and what to do instead. Knows nothing about phones, tags or policies.

use std::net::Ipv4Addr;

use offhook_dnsmasq_config::options::{ADDRESSES, TEXTS};

// The kinds are those of `dnsmasq --help dhcp`. 2.93 has three more than 2.90 and 2.91: 91, 92 and 114.
// A rendering must outlive an upgrade of dnsmasq, so each option is spelled as all of them take it.

/// The two whose text it always ends with a NUL ("buggy PXE again", its source says).
pub const NUL_ENDED: [u8; 2] = [66, 67];
/// Options that are dnsmasq's own affair: it drops, overwrites or repeats what a line says of them.
const ITS_OWN: [u8; 15] = [50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 81, 82, 91, 92, 118];
/// Options that a line without a value keeps out of the answer; any other would go out empty.
pub const CAN_BE_REMOVED: [u8; 6] = [1, 3, 6, 12, 15, 28];

/// dnsmasq reads its configuration in pieces of 1024 characters; a longer line becomes two.
pub const LONGEST_LINE: usize = 1023;

/// The value as it is written behind the option's number.
pub fn spell(code: u8, bytes: &[u8]) -> Result<String, String> {
    if ITS_OWN.contains(&code) {
        return Err(format!(
            "option {code} is dnsmasq's own affair: it does not send what a configuration says; take \
             it out, or let Kea serve these phones"
        ));
    }
    if bytes.is_empty() {
        return Err(format!("option {code} would be empty"));
    }
    if bytes.len() > 255 {
        return Err(format!(
            "option {code} would be {} bytes: dnsmasq refuses more than 255 (it does not split \
             options, RFC 3396); shorten it",
            bytes.len()
        ));
    }
    if ADDRESSES.contains(&code) {
        return addresses(code, bytes);
    }
    if TEXTS.contains(&code) {
        let bare = match bytes {
            [bare @ .., 0] if NUL_ENDED.contains(&code) => bare,
            whole => whole,
        };
        return text(code, bare);
    }
    if code == 119 {
        return domain(bytes);
    }
    Ok(match bytes {
        // Two digits alone would be a number, and refused as too long for option 43.
        [byte] => format!("{byte}b"),
        more => hex(more),
    })
}

/// `01:0c:4d`; dnsmasq takes it as hex from two bytes on.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn addresses(code: u8, bytes: &[u8]) -> Result<String, String> {
    let (quads, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(format!(
            "dnsmasq takes option {code} as IPv4 addresses only, and these {} bytes are none; use an \
             option that the phone reads as text (66 or 160), or let Kea serve these phones",
            bytes.len()
        ));
    }
    let mut spelled = Vec::with_capacity(quads.len());
    for quad in quads {
        if *quad == [0; 4] {
            return Err(format!(
                "option {code}: dnsmasq puts its own address in the place of 0.0.0.0; name the address"
            ));
        }
        spelled.push(Ipv4Addr::from(*quad).to_string());
    }
    Ok(spelled.join(","))
}

/// A quoted text. Its control characters are dnsmasq's own hiding places for commas and colons.
fn text(code: u8, bytes: &[u8]) -> Result<String, String> {
    let mut spelled = String::from("\"");
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(format!(
            "dnsmasq takes option {code} as text only, and these bytes are not UTF-8: {}",
            offhook_core::text::printable(bytes)
        ));
    };
    for character in text.chars() {
        match character {
            '"' => spelled.push_str("\\\""),
            '\\' => spelled.push_str("\\\\"),
            '\t' => spelled.push_str("\\t"),
            '\n' => spelled.push_str("\\n"),
            '\r' => spelled.push_str("\\r"),
            '\u{8}' => spelled.push_str("\\b"),
            '\u{1b}' => spelled.push_str("\\e"),
            plain if plain >= ' ' => spelled.push(plain),
            control => {
                return Err(format!(
                    "dnsmasq takes option {code} as text only, and a text of its cannot hold the byte \
                     0x{:02x}",
                    u32::from(control)
                ));
            }
        }
    }
    spelled.push('"');
    Ok(spelled)
}

/// Option 119: dnsmasq writes the names itself and compresses them, which is the same for one name.
fn domain(bytes: &[u8]) -> Result<String, String> {
    let mut labels = Vec::new();
    let mut rest = bytes;
    while let [length @ 1..=63, tail @ ..] = rest {
        let Some((label, next)) = tail.split_at_checked(usize::from(*length)) else { break };
        labels.push(String::from_utf8_lossy(label).into_owned());
        rest = next;
    }
    match rest {
        [0] => Ok(labels.join(".")),
        _ => Err(
            "dnsmasq writes option 119 itself and compresses it: only a single domain name comes \
                  out as the policy wants it; keep one"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_option_has_its_own_spelling() {
        for (code, bytes, expected) in [
            (43, &b"\x01\x0cMS"[..], "01:0c:4d:53"),
            (43, b"\x12", "18b"),
            (132, b"7", "55b"),
            (160, b"10.1.2.3", "31:30:2e:31:2e:32:2e:33"),
            (66, b"http://x/{mac}", "\"http://x/{mac}\""),
            (66, b"10.1.2.3", "\"10.1.2.3\""),
            (114, b"https://x/", "\"https://x/\""),
            (67, b"a\"b\\c,d#", "\"a\\\"b\\\\c,d#\""),
            (66, b"with\0", "\"with\""),
            (42, b"\xc0\x00\x02\x01\x0a\x01\x02\x03", "192.0.2.1,10.1.2.3"),
            (120, b"\x00\x04pool\x00", "00:04:70:6f:6f:6c:00"),
            (119, b"\x01a\x07example\x00", "a.example"),
        ] {
            assert_eq!(spell(code, bytes).as_deref(), Ok(expected), "option {code}");
        }
    }

    #[test]
    fn every_trap_says_what_to_do() {
        for (code, bytes, expected) in [
            (150, &b"tftp.example.com/"[..], "use an option that the phone reads as text"),
            (150, b"\0\0\0\0", "name the address"),
            (43, &[7; 256], "shorten it"),
            (66, b"a\0b", "cannot hold the byte 0x00"),
            (66, b"two\0\0", "cannot hold the byte 0x00"),
            (66, b"\xff\xfe", "not UTF-8"),
            (81, b"x", "take it out"),
            (119, b"\x01a\x00\x01b\x00", "keep one"),
            (77, b"", "empty"),
        ] {
            let error = spell(code, bytes).unwrap_err();
            assert!(error.contains(expected), "option {code}: {error}");
        }
    }

    #[test]
    fn the_longest_value_fits_a_line() {
        assert!(spell(43, &[0xff; 255]).unwrap().len() + 60 < LONGEST_LINE);
        assert!(spell(66, &[b'"'; 255]).unwrap().len() + 60 < LONGEST_LINE);
    }
}
