//! The lines of `netsh dhcp server dump`.

use std::net::Ipv4Addr;

use super::{BY_HAND, Reader, Whom, Written};
use crate::kinds::hex;
use crate::model::Refused;

pub fn read(reader: &mut Reader, text: &str) -> Result<(), Refused> {
    let lines: Vec<(usize, Vec<String>)> = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with(['#', ';']))
        .map(|(at, line)| (at, words(line)))
        .collect();
    let commands: Vec<(usize, Vec<&str>)> =
        lines.iter().filter_map(|(at, words)| Some((*at, command(words)?))).collect();
    if commands.is_empty() {
        return Err(Refused(format!(
            "{}: no line of \"netsh dhcp server dump\" in it, and it is not the XML of Export-DhcpServer",
            reader.file
        )));
    }
    // A value may come before the class, scope or reservation that it names.
    for (line, words) in &commands {
        define(reader, *line, words);
    }
    for (line, words) in &commands {
        set(reader, *line, words);
    }
    Ok(())
}

/// Words, with quotes taken off; `vendor="A B"` is one word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut inside, mut any) = (Vec::new(), String::new(), false, false);
    for character in line.chars() {
        match character {
            '"' => {
                inside = !inside;
                any = true;
            }
            blank if blank.is_whitespace() && !inside => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            other => word.push(other),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

/// What follows `[netsh] dhcp server [\\NAME] [v4]`.
fn command(words: &[String]) -> Option<Vec<&str>> {
    let mut rest: Vec<&str> = words.iter().map(String::as_str).collect();
    let is = |word: Option<&&str>, wanted: &str| {
        word.is_some_and(|word| word.eq_ignore_ascii_case(wanted))
    };
    for wanted in ["netsh", "dhcp", "server"] {
        if is(rest.first(), wanted) {
            rest.remove(0);
        } else if wanted != "netsh" {
            return None;
        }
    }
    let known = ["add", "set", "scope", "delete", "v4", "mscope", "initiate", "import", "export"];
    if !rest.first().is_some_and(|word| known.iter().any(|known| known.eq_ignore_ascii_case(word)))
        && !rest.is_empty()
    {
        rest.remove(0);
    }
    if is(rest.first(), "v4") {
        rest.remove(0);
    }
    Some(rest)
}

/// Words in lower case, for comparing.
fn lower(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.to_ascii_lowercase()).collect()
}

/// Classes, scopes, reservations.
fn define(reader: &mut Reader, line: usize, words: &[&str]) {
    let small = lower(words);
    let small: Vec<&str> = small.iter().map(String::as_str).collect();
    match (small.as_slice(), words) {
        (["add", "class", ..], [_, _, name, _comment, data, rest @ ..]) => {
            let vendor = rest.first().is_some_and(|flag| *flag == "1");
            let binary = rest.get(1).is_some_and(|flag| flag.eq_ignore_ascii_case("b"));
            let bytes =
                binary.then(|| hex(data)).flatten().unwrap_or_else(|| data.as_bytes().to_vec());
            reader.class(name, bytes, vendor);
        }
        (["add", "scope", address, mask, ..], _) => reader.scope(line, address, mask),
        (["scope", _, "add", "reservedip", address, mac, ..], _) => {
            reader.reserve(line, address, mac)
        }
        _ => {}
    }
}

/// Values, and everything that stays.
fn set(reader: &mut Reader, line: usize, words: &[&str]) {
    let small = lower(words);
    let small: Vec<&str> = small.iter().map(String::as_str).collect();
    let at = reader.at(line);
    match small.as_slice() {
        ["add", "class" | "scope" | "optiondef", ..] | ["scope", _, "add", "reservedip", ..] => {}
        ["set", "optionvalue", ..] => {
            value(reader, line, words.get(2..).unwrap_or_default(), Whom::Server)
        }
        ["scope", scope, "set", "optionvalue", ..] => match scope.parse() {
            Ok(scope) => {
                value(reader, line, words.get(4..).unwrap_or_default(), Whom::Scope(scope))
            }
            Err(_) => reader.note(line, format!("{scope:?} is not a scope"), BY_HAND),
        },
        ["scope", _, "set", "reservedoptionvalue", address, ..] => {
            match address.parse::<Ipv4Addr>() {
                Ok(address) => {
                    value(reader, line, words.get(5..).unwrap_or_default(), Whom::Reserved(address))
                }
                Err(_) => reader.note(line, format!("{address:?} is not an IPv4 address"), BY_HAND),
            }
        }
        [.., "policy", _]
        | ["add" | "set", "policy", ..]
        | ["scope", _, "add" | "set", "policy", ..] => reader.note(
            line,
            "netsh does not write whom a policy means",
            "export the server with Export-DhcpServer, and import that",
        ),
        ["delete", what, ..] | ["scope", _, "delete", what, ..] => reader.note(
            line,
            format!(
                "\"delete {what}\" takes away what a line before it set; the policy has it still"
            ),
            "take it out of the policy if it was about phones",
        ),
        ["scope", _, verb, what, ..] => reader.old.stays(&at, &format!("\"{verb} {what}\"")),
        [verb, what, ..] => reader.old.stays(&at, &format!("\"{verb} {what}\"")),
        _ => reader.old.stays(&at, "a line"),
    }
}

/// `CODE TYPE [vendor=CLASS] [user=CLASS] VALUE...`
fn value(reader: &mut Reader, line: usize, words: &[&str], whom: Whom) {
    let (mut vendor, mut user) = (String::new(), String::new());
    let mut plain: Vec<&str> = Vec::new();
    for word in words {
        let lower = word.to_ascii_lowercase();
        if lower.starts_with("vendor=") {
            vendor = word.get(7..).unwrap_or_default().to_owned();
        } else if lower.starts_with("user=") {
            user = word.get(5..).unwrap_or_default().to_owned();
        } else if !matches!(lower.as_str(), "dhcpfullforce" | "dhcpnoforce") {
            plain.push(word);
        }
    }
    let [code, kind, values @ ..] = plain.as_slice() else {
        reader.note(line, "an option without number and type", BY_HAND);
        return;
    };
    let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let written = Written { line, code, kind, vendor: &vendor, user: &user, values: &values };
    reader.value(&written, whom);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_every_spelling() {
        let read = |line: &str| command(&words(line)).map(|words| words.join("|"));
        for line in [
            "Dhcp Server \\\\dc1 set optionvalue 66 STRING \"http://x/ y\"",
            "Dhcp Server 10.0.0.1 set optionvalue 66 STRING \"http://x/ y\"",
            "netsh dhcp server set optionvalue 66 STRING \"http://x/ y\"",
            "netsh dhcp server \\\\dc1 v4 set optionvalue 66 STRING \"http://x/ y\"",
        ] {
            assert_eq!(
                read(line).as_deref(),
                Some("set|optionvalue|66|STRING|http://x/ y"),
                "{line}"
            );
        }
        assert_eq!(read("ipconfig /all"), None);
        assert_eq!(words("a vendor=\"B C\" \"\""), ["a", "vendor=B C", ""]);
    }
}
