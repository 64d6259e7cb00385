//! Lines that look into a client's packet: what they look for, and whether it is there.

use offhook_core::Mac;

use crate::options::{Word, size_of};

/// A hardware address with `*` for whole bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacPattern(pub [Option<u8>; 6]);

impl MacPattern {
    /// `00:15:65:*:*:*`, with or without the hardware type `01-`. `None` for what no Ethernet address
    /// fits.
    pub fn read(word: &str) -> Option<MacPattern> {
        let digits = match word.split_once('-') {
            Some((kind, rest)) => {
                Some(rest).filter(|_| u8::from_str_radix(kind, 16).is_ok_and(|kind| kind < 2))?
            }
            None => word,
        };
        let mut pattern = [None; 6];
        let mut parts = digits.split([':', '-', ' ']);
        for byte in &mut pattern {
            *byte = match parts.next()? {
                "*" => None,
                digits if digits.len() <= 2 => Some(u8::from_str_radix(digits, 16).ok()?),
                _ => return None,
            };
        }
        parts.next().is_none().then_some(MacPattern(pattern))
    }

    /// Whether it fits an address.
    pub fn fits(&self, mac: Mac) -> bool {
        self.0.iter().zip(mac.0).all(|(wanted, byte)| wanted.is_none_or(|wanted| wanted == byte))
    }

    /// The address, if it is only one.
    pub fn whole(&self) -> Option<Mac> {
        let mut mac = [0; 6];
        for (byte, wanted) in mac.iter_mut().zip(self.0) {
            *byte = wanted?;
        }
        Some(Mac(mac))
    }

    /// Some address between `first` and `last` that it fits.
    pub fn some_between(&self, first: u64, last: u64) -> Option<Mac> {
        // Free bytes as in the range's first address, then as small and as large as may be.
        let [low, high] = [first, last].map(|number| Mac::from_number(number).0);
        let with = |free: [u8; 6]| {
            let mut mac = free;
            for (byte, wanted) in mac.iter_mut().zip(self.0) {
                *byte = wanted.unwrap_or(*byte);
            }
            Mac(mac)
        };
        let mixed = |keep: usize, rest: u8| {
            let mut mac = low;
            mac.iter_mut().skip(keep).for_each(|byte| *byte = rest);
            mac
        };
        let free = (0..6).flat_map(|keep| [mixed(keep, 0), mixed(keep, 0xff)]);
        let mut candidates = free.chain([low, high]).map(with);
        candidates.find(|mac| (first..=last).contains(&mac.number()))
    }
}

/// What a `dhcp-match` compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing: that the option is there is enough.
    Any,
    /// From the left, with any byte where there is none.
    Bytes(Vec<Option<u8>>),
    /// Anywhere.
    Text(Vec<u8>),
    /// At any multiple of its length.
    Item(Vec<u8>),
}

impl Value {
    /// Reads the words behind the option in a `dhcp-match` line.
    pub fn read(code: u8, words: &[Word]) -> Value {
        let [word] = words else {
            return match words {
                [] => Value::Any,
                // dnsmasq takes a list for text, with its commas.
                several => {
                    let texts: Vec<&str> = several.iter().map(|word| word.text.as_str()).collect();
                    Value::Text(texts.join(",").into_bytes())
                }
            };
        };
        let text = word.text.as_str();
        if word.quoted {
            return Value::Text(text.as_bytes().to_vec());
        }
        let hex = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'*');
        if text.contains(':') && text.bytes().all(hex) {
            let byte = |digits: &str| u8::from_str_radix(digits, 16).ok();
            return Value::Bytes(text.split(':').map(byte).collect());
        }
        let (digits, size) = match text.as_bytes() {
            [digits @ .., b'b'] => (digits, Some(1)),
            [digits @ .., b's'] => (digits, Some(2)),
            [digits @ .., b'i'] => (digits, Some(4)),
            digits => (digits, size_of(code)),
        };
        if let Some(number) = std::str::from_utf8(digits).ok().and_then(|d| d.parse::<u32>().ok()) {
            let size = size.unwrap_or(match number {
                0..=0xff => 1,
                0x100..=0xffff => 2,
                _ => 4,
            });
            let bytes = number.to_be_bytes();
            return Value::Item(bytes.get(4 - size..).unwrap_or_default().to_vec());
        }
        match text.parse::<std::net::Ipv4Addr>() {
            Ok(address) => Value::Item(address.octets().to_vec()),
            Err(_) => Value::Text(text.as_bytes().to_vec()),
        }
    }

    /// Whether an option's bytes are as wanted.
    pub fn fits(&self, bytes: &[u8]) -> bool {
        match self {
            Value::Any => true,
            Value::Bytes(wanted) => {
                wanted.len() <= bytes.len()
                    && wanted.iter().zip(bytes).all(|(w, byte)| w.is_none_or(|w| w == *byte))
            }
            Value::Text(text) => contains(bytes, text),
            Value::Item(item) => bytes.chunks_exact(item.len().max(1)).any(|chunk| chunk == item),
        }
    }
}

/// Whether `text` is in `bytes`; nothing is everywhere.
pub fn contains(bytes: &[u8], text: &[u8]) -> bool {
    text.is_empty() || bytes.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::words;

    #[test]
    fn addresses_and_ranges_meet() {
        let pattern = |word| MacPattern::read(word).unwrap();
        assert!(pattern("00:15:65:*:*:*").fits(Mac([0, 0x15, 0x65, 1, 2, 3])));
        assert!(pattern("01-00:15:65:0:0:1").whole().is_some());
        for word in ["06-00:15:65:*:*:*", "00:15:65", "x", "00:15:65:*:*:*:*"] {
            assert_eq!(MacPattern::read(word), None, "{word}");
        }
        let meets = |word, first, last| pattern(word).some_between(first, last).is_some();
        assert!(meets("00:15:65:*:*:*", 0x0015_6500_0000, 0x0015_65ff_ffff));
        assert!(meets("*:*:*:*:*:07", 0x0015_6500_0000, 0x0015_65ff_ffff));
        assert!(meets("00:50:c2:29:c7:*", 0x0050_c229_c000, 0x0050_c229_cfff));
        assert!(meets("00:50:*:*:*:07", 0x0050_c229_c000, 0x0050_c229_cfff));
        assert!(!meets("00:15:66:*:*:*", 0x0015_6500_0000, 0x0015_65ff_ffff));
    }

    #[test]
    fn values_fit_as_dnsmasq_compares_them() {
        let fits = |code, value: &str, bytes: &[u8]| Value::read(code, &words(value)).fits(bytes);
        assert!(fits(60, "T46", b"yealink SIP-T46S") && !fits(60, "t46", b"yealink SIP-T46S"));
        assert!(fits(60, "79:*:61", b"yeay") && !fits(60, "79:*:61", b"yex"));
        assert!(fits(60, "\"79:65\"", b"79:65") && !fits(60, "\"79:65\"", b"ye"));
        assert!(fits(93, "7", &[0, 7]) && !fits(93, "7", &[7]));
        assert!(fits(55, "66b", &[1, 3, 66]) && fits(55, "66", &[1, 66]));
        assert!(fits(50, "10.0.0.1", &[10, 0, 0, 1]));
        assert!(Value::read(60, &[]).fits(b""));
    }
}
