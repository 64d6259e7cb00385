//! The forms in which makers want a value, one reader each. The error says what is wrong with the
//! bytes.

use serde::Deserialize;

/// How bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reader {
    /// A URL, host or file name as text; a NUL at its end does not count.
    Text,
    /// IPv4 addresses.
    Addresses,
    /// IPv4 addresses, or a URL as text.
    AddressesOrText,
    /// Decimal text, or one, two or four bytes in network order.
    Number,
    /// RFC 3361.
    SipServers,
    /// `VLAN-A=10;` or `VLAN-A:10.`, in decimal, 0x hex or 0 octal.
    VlanA,
    /// `NAME=value,NAME=value`, as Avaya and ShoreTel have it.
    Assignments,
    /// `id:ipphone.mitel.com;name=value;...`.
    MitelText,
    /// A URL with `;name` behind it that is none of the URL.
    BeforeSemicolon,
    /// `sec,URL`.
    AfterComma,
    /// TLV of 3Com: 3 = flag byte and VLAN id.
    VlanInSub3,
    /// Not known byte by byte: shown, not read.
    Opaque,
}

/// What a value says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// A URL, or a host alone.
    Url(String),
    Vlan(u16),
    Priority(u8),
    Names(Vec<String>),
}

impl Reader {
    pub(crate) fn read(self, bytes: &[u8]) -> Result<Vec<Heard>, String> {
        match self {
            Reader::Text => text(bytes).map(|text| vec![Heard::Url(text)]),
            Reader::Addresses => addresses(bytes).map(|list| vec![Heard::Names(list)]),
            Reader::AddressesOrText => match text(bytes) {
                Ok(text) if text.starts_with("http") || text.starts_with("tftp") => {
                    Ok(vec![Heard::Url(text)])
                }
                _ => first(addresses(bytes)?).map(|host| vec![Heard::Url(host)]),
            },
            Reader::Number => number(bytes).map(|id| vec![Heard::Vlan(id)]),
            Reader::SipServers => sip_servers(bytes).map(|names| vec![Heard::Names(names)]),
            Reader::VlanA => vlan_a(&text(bytes)?).map(|id| vec![Heard::Vlan(id)]),
            Reader::Assignments => assignments(&text(bytes)?, ','),
            Reader::MitelText => mitel(bytes),
            Reader::BeforeSemicolon => {
                let text = text(bytes)?;
                let url = text.split(';').next().unwrap_or_default();
                Ok(vec![Heard::Url(url.to_owned())])
            }
            Reader::AfterComma => match text(bytes)?.split_once(',') {
                Some((_, url)) => Ok(vec![Heard::Url(url.to_owned())]),
                None => Err("expected a word, a comma and a URL".to_owned()),
            },
            Reader::VlanInSub3 => match sub_option(bytes, 3) {
                Some([_, a, b]) => Ok(vec![Heard::Vlan(u16::from_be_bytes([*a, *b]))]),
                Some(_) => Err("its sub-option 3 is not a flag byte and a VLAN id".to_owned()),
                None => Ok(Vec::new()),
            },
            Reader::Opaque => Ok(Vec::new()),
        }
    }
}

/// A text as phones take one: up to its NUL.
fn text(bytes: &[u8]) -> Result<String, String> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (text, nuls) = bytes.split_at(end);
    if nuls.iter().any(|byte| *byte != 0) {
        return Err("a NUL in the middle of the text".to_owned());
    }
    match std::str::from_utf8(text) {
        Ok("") => Err("an empty text".to_owned()),
        Ok(text) if text.chars().any(char::is_control) => Err("not a text".to_owned()),
        Ok(text) => Ok(text.trim().to_owned()),
        Err(_) => Err("not a text".to_owned()),
    }
}

fn addresses(bytes: &[u8]) -> Result<Vec<String>, String> {
    let (whole, rest) = bytes.as_chunks::<4>();
    match (whole, rest) {
        ([_, ..], []) => {
            Ok(whole.iter().map(|four| std::net::Ipv4Addr::from(*four).to_string()).collect())
        }
        _ => Err(format!("expected addresses of 4 bytes each, found {} bytes", bytes.len())),
    }
}

fn first(list: Vec<String>) -> Result<String, String> {
    list.into_iter().next().ok_or_else(|| "no address".to_owned())
}

fn number(bytes: &[u8]) -> Result<u16, String> {
    if let Ok(text) = text(bytes)
        && text.bytes().all(|byte| byte.is_ascii_digit())
    {
        return text.parse().map_err(|_| format!("{text} is too large"));
    }
    match bytes {
        [byte] => Ok(u16::from(*byte)),
        [a, b] | [0, 0, a, b] => Ok(u16::from_be_bytes([*a, *b])),
        _ => Err("expected a decimal text, or a number of 1, 2 or 4 bytes".to_owned()),
    }
}

/// The number behind `VLAN-A` and `=` or `:`; of several the first.
fn vlan_a(text: &str) -> Result<u16, String> {
    let expected = || format!("expected VLAN-A=id; found {text:?}");
    let upper = text.to_ascii_uppercase();
    let rest = upper.strip_prefix("VLAN-A").ok_or_else(expected)?;
    let rest = rest.strip_prefix(['=', ':']).ok_or_else(expected)?;
    if !rest.ends_with([';', '.']) {
        return Err(format!("no ; or . at the end of {text:?}"));
    }
    let digits = rest.split(['+', ';', '.', ',']).next().unwrap_or_default();
    let parsed = match (digits.strip_prefix("0X"), digits.strip_prefix('0')) {
        (Some(hex), _) => u16::from_str_radix(hex, 16),
        (None, Some(octal)) if !octal.is_empty() => u16::from_str_radix(octal, 8),
        _ => digits.parse(),
    };
    parsed.map_err(|_| expected())
}

/// The parameters that say where files are, in the order in which they are preferred: Avaya's and
/// ShoreTel's names.
const SERVERS: [(&str, &str); 4] =
    [("TLSSRVR", "https"), ("HTTPSRVR", "http"), ("TFTPSRVR", "tftp"), ("FTPSERVERS", "ftp")];

fn assignments(text: &str, between: char) -> Result<Vec<Heard>, String> {
    let mut pairs = Vec::new();
    for part in text.split(between).map(str::trim).filter(|part| !part.is_empty()) {
        let Some((name, value)) = part.split_once('=') else {
            return Err(format!("expected NAME=value, found {part:?}"));
        };
        pairs.push((name.trim().to_ascii_uppercase(), value.trim()));
    }
    let value = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, v)| *v);
    let mut heard = Vec::new();
    let server = SERVERS.iter().find_map(|(name, scheme)| Some((value(name)?, *scheme)));
    if let Some((host, scheme)) = server.filter(|(host, _)| !host.is_empty()) {
        let path = match scheme {
            "https" => value("TLSDIR").or_else(|| value("HTTPDIR")),
            "http" => value("HTTPDIR"),
            "tftp" => value("TFTPDIR"),
            _ => None,
        };
        let port = match scheme {
            "https" => value("TLSPORT"),
            "http" => value("HTTPPORT"),
            _ => None,
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let path = path.unwrap_or_default().trim_matches('/');
        let slash = if path.is_empty() { "" } else { "/" };
        heard.push(Heard::Url(format!("{scheme}://{host}{port}/{path}{slash}")));
    }
    for name in ["L2QVLAN", "VLANID", "VLAN"] {
        if let Some(id) = value(name).and_then(|id| id.parse().ok()) {
            heard.push(Heard::Vlan(id));
        }
    }
    if let Some(priority) = value("L2P").and_then(|priority| priority.parse().ok()) {
        heard.push(Heard::Priority(priority));
    }
    Ok(heard)
}

/// Plain, in option 125 behind the enterprise number, or in one sub-option.
fn mitel(bytes: &[u8]) -> Result<Vec<Heard>, String> {
    const HEAD: &[u8] = b"id:ipphone.mitel.com";
    let Some(at) = bytes.windows(HEAD.len()).position(|window| window == HEAD) else {
        return Err("no id:ipphone.mitel.com in it".to_owned());
    };
    let text = text(bytes.get(at + HEAD.len()..).unwrap_or_default())?;
    let mut heard = assignments(text.trim_start_matches(';'), ';')?;
    if let Some((_, rest)) = text.split_once("sw_tftp=") {
        let host = rest.split(';').next().unwrap_or_default();
        heard.push(Heard::Url(format!("tftp://{host}/")));
    }
    Ok(heard)
}

fn sip_servers(bytes: &[u8]) -> Result<Vec<String>, String> {
    match bytes {
        [0, names @ ..] => domain_names(names),
        [1, list @ ..] => addresses(list),
        _ => Err("expected 0 and names, or 1 and addresses (RFC 3361)".to_owned()),
    }
}

fn domain_names(mut rest: &[u8]) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut labels: Vec<String> = Vec::new();
    while let [length, tail @ ..] = rest {
        if *length == 0 {
            names.push(std::mem::take(&mut labels).join("."));
            rest = tail;
            continue;
        }
        let Some((label, next)) = tail.split_at_checked(usize::from(*length)) else {
            return Err("a label that is cut off".to_owned());
        };
        labels.push(text(label)?);
        rest = next;
    }
    match (labels.is_empty(), names.is_empty()) {
        (true, false) => Ok(names),
        (false, _) => Err("a name without its end".to_owned()),
        _ => Err("no name".to_owned()),
    }
}

/// A sub-option's value (RFC 2132 8.4).
pub(crate) fn sub_option(mut rest: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        match rest {
            [0, tail @ ..] => rest = tail,
            [255, ..] => return None,
            [code, length, tail @ ..] => {
                let (value, next) = tail.split_at_checked(usize::from(*length))?;
                if *code == wanted {
                    return Some(value);
                }
                rest = next;
            }
            _ => return None,
        }
    }
}
