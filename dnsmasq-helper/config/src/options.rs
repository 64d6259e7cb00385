//! A line's words, and the lines about options, as dnsmasq reads them (`read_file` and `parse_dhcp_opt`
//! in its option.c, 2.90).

/// The text between two commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text, without quotes.
    pub text: String,
    /// Something of it was quoted: dnsmasq then takes it for text, whatever it looks like.
    pub quoted: bool,
}

/// The words of a value. Commas and blanks inside quotes belong to a word.
pub fn words(value: &str) -> Vec<Word> {
    let mut words = vec![Word { text: String::new(), quoted: false }];
    let (mut inside, mut blanks) = (false, 0);
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        let Some(word) = words.last_mut() else { break };
        match character {
            '"' => {
                inside = !inside;
                word.quoted = true;
            }
            '\\' if inside && characters.peek().is_some_and(|next| "\"tnebr\\".contains(*next)) => {
                word.text.push(match characters.next() {
                    Some('t') => '\t',
                    Some('n') => '\n',
                    Some('b') => '\u{8}',
                    Some('r') => '\r',
                    Some('e') => '\u{1b}',
                    other => other.unwrap_or('\\'),
                });
            }
            ',' if !inside => {
                words.push(Word { text: String::new(), quoted: false });
                blanks = 0;
                continue;
            }
            // Blanks outside of quotes count between other characters only.
            blank if blank.is_whitespace() && !inside => {
                blanks += 1;
                continue;
            }
            other => {
                if blanks > 0 && !word.text.is_empty() {
                    word.text.push_str(&" ".repeat(blanks));
                }
                word.text.push(other);
            }
        }
        blanks = 0;
    }
    words
}

/// `dhcp-option`, `dhcp-option-force`, or a line of a `dhcp-optsfile`.
#[derive(Debug, PartialEq, Eq)]
pub struct OptionLine {
    /// With a `!` or `#` where they must not be there.
    pub tags: Vec<String>,
    /// The option that it is about.
    pub kind: Kind,
    /// The words of its value.
    pub value: Vec<Word>,
}

/// What an option line is about.
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum Kind {
    /// A whole option, by its number.
    Whole(u8),
    /// `encap:OUTER`: a sub-option of that option.
    Part {
        /// The option's number.
        outer: u8,
        /// The sub-option's; `None`: the line names none.
        sub: Option<u8>,
    },
    /// `vendor:TEXT`: a sub-option of 43, for clients whose option 60 contains the text.
    Vendor {
        /// The text that must be in the client's option 60.
        text: String,
        /// The sub-option's number; `None`: the line names none.
        sub: Option<u8>,
    },
    /// `vi-encap:ENTERPRISE`: a sub-option of 125, with the enterprise.
    Enterprise(u32),
    /// An option for DHCPv6, or a line that dnsmasq refuses.
    Other,
}

impl Kind {
    /// The option that the line is about, or is a part of.
    pub fn code(&self) -> Option<u8> {
        match self {
            Kind::Whole(code) => Some(*code),
            Kind::Part { outer, .. } => Some(*outer),
            Kind::Vendor { .. } => Some(43),
            Kind::Enterprise(_) => Some(125),
            Kind::Other => None,
        }
    }

    /// The sub-option, where the line is about one.
    pub fn sub(&self) -> Option<u8> {
        match self {
            Kind::Part { sub, .. } | Kind::Vendor { sub, .. } => *sub,
            Kind::Whole(_) | Kind::Enterprise(_) | Kind::Other => None,
        }
    }
}

/// Reads such a line's value. Every word before the option's number that has no other meaning is a tag,
/// also without `tag:`: so OpenWrt writes them.
pub fn option_line(value: &str) -> OptionLine {
    let words = words(value);
    let (mut tags, mut around) = (Vec::new(), None);
    for (at, word) in words.iter().enumerate() {
        let text = word.text.as_str();
        let code = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            text.parse().ok()
        } else if let Some(name) = text.strip_prefix("option:") {
            named(name).map(|(code, _)| code)
        } else if let Some(text) = text.strip_prefix("vendor:") {
            around = Some(Kind::Vendor { text: text.to_owned(), sub: None });
            continue;
        } else if let Some(outer) = text.strip_prefix("encap:") {
            around = outer.parse().ok().map(|outer| Kind::Part { outer, sub: None });
            continue;
        } else if let Some(number) = text.strip_prefix("vi-encap:") {
            around = number.parse().ok().map(Kind::Enterprise);
            continue;
        } else if text.starts_with("option6:") {
            None
        } else {
            tags.push(bare_tag(text).to_owned());
            continue;
        };
        let kind = match (code, around) {
            (None, _) => Kind::Other,
            (Some(code), None) => Kind::Whole(code),
            (sub, Some(Kind::Vendor { text, .. })) => Kind::Vendor { text, sub },
            (sub, Some(Kind::Part { outer, .. })) => Kind::Part { outer, sub },
            (_, Some(other)) => other,
        };
        return OptionLine { tags, kind, value: words.into_iter().skip(at + 1).collect() };
    }
    OptionLine { tags, kind: Kind::Other, value: Vec::new() }
}

/// A tag without dnsmasq's prefix for tags, if it has one.
pub fn bare_tag(word: &str) -> &str {
    ["tag:", "net:", "set:"].iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(word)
}

/// The number of an option that dnsmasq knows by this name, and the bytes of its value if that is a
/// number.
pub fn named(name: &str) -> Option<(u8, Option<usize>)> {
    let known = NAMES.iter().find(|(known, ..)| *known == name);
    known.map(|(_, code, size)| (*code, Some(*size).filter(|size| *size > 0)))
}

/// The bytes of an option's value if dnsmasq knows it for a number.
pub fn size_of(code: u8) -> Option<usize> {
    NAMES.iter().find(|(_, known, _)| *known == code).map(|(.., size)| *size).filter(|s| *s > 0)
}

/// Options that dnsmasq takes as IPv4 addresses only (`dnsmasq --help dhcp`, 2.90 to 2.93).
pub const ADDRESSES: [u8; 24] =
    [1, 3, 6, 7, 9, 16, 21, 28, 32, 33, 41, 42, 44, 45, 48, 50, 54, 65, 68, 69, 70, 71, 74, 150];
/// Options that it takes as text only, whatever the spelling (2.93 takes 114 so; before, text and bytes,
/// and a text ends with a NUL for a client whose host name ends with one).
pub const TEXTS: [u8; 11] = [12, 15, 17, 18, 40, 64, 66, 67, 100, 101, 114];

/// Names that `dnsmasq --help dhcp` lists and a line may use, and `server-ip-address` (siaddr). The last
/// number is a value's size in bytes, 0 for a value that is not a single number.
const NAMES: [(&str, u8, usize); 61] = [
    ("netmask", 1, 0),
    ("time-offset", 2, 4),
    ("router", 3, 0),
    ("dns-server", 6, 0),
    ("log-server", 7, 0),
    ("lpr-server", 9, 0),
    ("boot-file-size", 13, 2),
    ("domain-name", 15, 0),
    ("swap-server", 16, 0),
    ("root-path", 17, 0),
    ("extension-path", 18, 0),
    ("ip-forward-enable", 19, 1),
    ("non-local-source-routing", 20, 1),
    ("policy-filter", 21, 0),
    ("max-datagram-reassembly", 22, 2),
    ("default-ttl", 23, 1),
    ("mtu", 26, 2),
    ("all-subnets-local", 27, 1),
    ("router-discovery", 31, 1),
    ("router-solicitation", 32, 0),
    ("static-route", 33, 0),
    ("trailer-encapsulation", 34, 1),
    ("arp-timeout", 35, 4),
    ("ethernet-encap", 36, 1),
    ("tcp-ttl", 37, 1),
    ("tcp-keepalive", 38, 4),
    ("nis-domain", 40, 0),
    ("nis-server", 41, 0),
    ("ntp-server", 42, 0),
    ("netbios-ns", 44, 0),
    ("netbios-dd", 45, 0),
    ("netbios-nodetype", 46, 1),
    ("netbios-scope", 47, 0),
    ("x-windows-fs", 48, 0),
    ("x-windows-dm", 49, 0),
    ("T1", 58, 0),
    ("T2", 59, 0),
    ("vendor-class", 60, 0),
    ("nis+-domain", 64, 0),
    ("nis+-server", 65, 0),
    ("tftp-server", 66, 0),
    ("bootfile-name", 67, 0),
    ("mobile-ip-home", 68, 0),
    ("smtp-server", 69, 0),
    ("pop3-server", 70, 0),
    ("nntp-server", 71, 0),
    ("irc-server", 74, 0),
    ("user-class", 77, 0),
    ("rapid-commit", 80, 0),
    ("client-arch", 93, 2),
    ("client-interface-id", 94, 0),
    ("client-machine-id", 97, 0),
    ("posix-timezone", 100, 0),
    ("tzdb-timezone", 101, 0),
    ("ipv6-only", 108, 4),
    ("domain-search", 119, 0),
    ("sip-server", 120, 0),
    ("classless-static-route", 121, 0),
    ("vendor-id-encap", 125, 0),
    ("tftp-server-address", 150, 0),
    ("server-ip-address", 255, 0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_dnsmasqs_words() {
        let cut = |value| words(value).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(cut(" lan , 66 , \"a, b\" "), ["lan", "66", "a, b"]);
        assert_eq!(cut("66,a  b"), ["66", "a  b"]);
        assert_eq!(cut(r#"66,"a \"b\" \\ \q""#), ["66", r#"a "b" \ \q"#]);
        assert_eq!(cut("tag:red,"), ["tag:red", ""]);
        assert!(words("\"1:2\"")[0].quoted && !words("1:2")[0].quoted);
    }

    #[test]
    fn option_lines_are_understood() {
        let line = |value| {
            let line = option_line(value);
            (line.tags.join(" "), line.kind)
        };
        let part = |outer, sub| Kind::Part { outer, sub: Some(sub) };
        let vendor = |text: &str, sub| Kind::Vendor { text: text.to_owned(), sub: Some(sub) };
        for (value, tags, kind) in [
            ("66,\"a,b\"", "", Kind::Whole(66)),
            ("tag:red,tag:!oh_phone,66,x", "red !oh_phone", Kind::Whole(66)),
            ("net:red,option:tftp-server,x", "red", Kind::Whole(66)),
            ("lan,3,10.0.0.1", "lan", Kind::Whole(3)),
            ("#lan, set:red, 66, x", "#lan red", Kind::Whole(66)),
            ("lan,vendor:,1,192.0.2.3", "lan", vendor("", 1)),
            ("vendor:PXEClient,tag:red,6,2b", "red", vendor("PXEClient", 6)),
            ("vendor:MSFT,2,1i", "", vendor("MSFT", 2)),
            ("encap:43,lan,1,x", "lan", part(43, 1)),
            ("encap:175,190,user", "", part(175, 190)),
            ("vi-encap:3561,11,x", "", Kind::Enterprise(3561)),
            ("option6:23,[::]", "", Kind::Other),
            ("lan,option6:dns-server,[::]", "lan", Kind::Other),
            // Only `option:` makes a name of it.
            ("tftp-server,x", "tftp-server x", Kind::Other),
            ("option:no-such-name,x", "", Kind::Other),
        ] {
            assert_eq!(line(value), (tags.to_owned(), kind), "{value}");
        }
        assert_eq!(option_line("lan,66").value, []);
        assert_eq!(option_line("lan,66,a,b").value.len(), 2);
    }
}
