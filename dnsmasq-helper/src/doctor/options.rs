//! Lines about options and hosts, as far as the doctor must understand them.

use offhook_core::Mac;

use super::effective::Setting;
use crate::render::tags;

/// `dhcp-option` and `dhcp-option-force`.
#[derive(Debug, PartialEq, Eq)]
pub struct OptionLine {
    /// With a `!` where they must not be there.
    pub tags: Vec<String>,
    pub kind: Kind,
    /// The sub-option, where the line is about a part that has a number.
    pub sub: Option<u8>,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Kind {
    Code(u8),
    /// A sub-option of this option (`encap:`, `vendor:` is one of 43, `vi-encap:` of 125).
    Part(u8),
    /// A header field, an option for DHCPv6, or a name that is not known here.
    Other,
}

/// Names that dnsmasq takes for options (`dnsmasq --help dhcp`) and that we may set.
const NAMES: [(&str, u8); 10] = [
    ("ntp-server", 42),
    ("vendor-class", 60),
    ("tftp-server", 66),
    ("bootfile-name", 67),
    ("user-class", 77),
    ("posix-timezone", 100),
    ("tzdb-timezone", 101),
    ("sip-server", 120),
    ("vendor-id-encap", 125),
    ("tftp-server-address", 150),
];

pub fn option_line(value: &str) -> OptionLine {
    let mut found = OptionLine { tags: Vec::new(), kind: Kind::Other, sub: None };
    let mut words = words(value);
    while let Some(word) = words.next() {
        if let Some(tag) = word.strip_prefix("tag:").or_else(|| word.strip_prefix("net:")) {
            found.tags.push(tag.to_owned());
        } else if let Some(code) = word.strip_prefix("encap:") {
            found.kind = code.parse().map_or(Kind::Other, Kind::Part);
            found.sub = words.next().and_then(|sub| sub.parse().ok());
            return found;
        } else if word.starts_with("vendor:") {
            found.kind = Kind::Part(43);
            found.sub = words.next().and_then(|sub| sub.parse().ok());
            return found;
        } else if word.starts_with("vi-encap:") {
            found.kind = Kind::Part(125);
            return found;
        } else {
            let name = word.strip_prefix("option:").unwrap_or(word);
            let named = NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
            found.kind = named.or_else(|| name.parse().ok()).map_or(Kind::Other, Kind::Code);
            return found;
        }
    }
    found
}

/// The words between commas that are not quoted.
pub fn words(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    value
        .split(move |c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        })
        .map(str::trim)
}

/// Whether a recognised phone can have all these tags.
pub fn may_be_a_phone(needed: &[String]) -> bool {
    !needed.iter().any(|tag| tag.strip_prefix('!') == Some(tags::PHONE))
}

/// A tag that is ours.
pub fn is_ours(tag: &str) -> bool {
    let tag = tag.trim_start_matches('!');
    tag.starts_with("oh_") || tag.starts_with("oh-")
}

/// A whole hardware address: `00:15:65:aa:bb:cc`, with or without the hardware type `01-`.
pub fn address(word: &str) -> Option<Mac> {
    let digits = word.strip_prefix("01-").unwrap_or(word);
    Mac::parse(digits).filter(|_| digits.matches(':').count() == 5)
}

/// A `dhcp-host` line: the addresses that it is for, and what else matters.
pub struct HostLine {
    pub macs: Vec<Mac>,
    pub ignored: bool,
    pub sets: bool,
}

pub fn host_line(setting: &Setting) -> HostLine {
    let mut host = HostLine { macs: Vec::new(), ignored: false, sets: false };
    for word in words(&setting.value) {
        if word == "ignore" {
            host.ignored = true;
        } else if word.starts_with("set:") || word.starts_with("net:") {
            host.sets = true;
        } else {
            host.macs.extend(address(word));
        }
    }
    host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_lines_are_understood() {
        let line = |value| {
            let line = option_line(value);
            (line.tags.join(" "), line.kind)
        };
        assert_eq!(line("66,\"a,b\""), (String::new(), Kind::Code(66)));
        assert_eq!(line("tag:red,tag:!oh_phone,66,x"), ("red !oh_phone".into(), Kind::Code(66)));
        assert_eq!(line("net:red,option:tftp-server,x"), ("red".into(), Kind::Code(66)));
        assert_eq!(line("encap:43,1,x").1, Kind::Part(43));
        let sub = |value| option_line(value).sub;
        assert_eq!([sub("encap:43,66,x"), sub("vendor:PXEClient,6,2b")], [Some(66), Some(6)]);
        assert_eq!([sub("43,66"), sub("encap:43")], [None, None]);
        assert_eq!(line("vendor:PXEClient,1,0.0.0.0").1, Kind::Part(43));
        assert_eq!(line("vi-encap:3561,11,x").1, Kind::Part(125));
        assert_eq!(line("option6:23,[::]").1, Kind::Other);
        assert!(!may_be_a_phone(&["red".into(), "!oh_phone".into()]));
        assert!(may_be_a_phone(&["red".into()]));
    }

    #[test]
    fn host_lines_are_understood() {
        let host = |value: &str| {
            let file = std::path::Path::new("x").into();
            host_line(&Setting { file, line: 1, key: "dhcp-host".into(), value: value.into() })
        };
        let one = host("00:15:65:aa:bb:cc,set:lab,10.0.0.9,ignore");
        assert_eq!(one.macs, [Mac::parse("00:15:65:aa:bb:cc").unwrap()]);
        assert!(one.ignored && one.sets);
        assert!(host("id:01:02,10.0.0.1,2001:db8::1").macs.is_empty());
    }
}
