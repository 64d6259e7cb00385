//! `dhcp-host` lines: a reservation of a device, with its tags and whether it is ignored.

use offhook_core::Mac;

use crate::effective::Setting;
use crate::matching::MacPattern;
use crate::options::words;

/// The addresses that the line is for, and what else matters.
pub struct HostLine {
    /// Whole hardware addresses; patterns are left out.
    pub macs: Vec<Mac>,
    /// The client gets no answer.
    pub ignored: bool,
    /// The line gives a tag.
    pub sets: bool,
}

/// Reads a `dhcp-host` line.
pub fn host_line(setting: &Setting) -> HostLine {
    let mut host = HostLine { macs: Vec::new(), ignored: false, sets: false };
    for word in words(&setting.value) {
        let text = word.text.as_str();
        if text == "ignore" {
            host.ignored = true;
        } else if text.starts_with("set:") || text.starts_with("net:") {
            host.sets = true;
        } else {
            host.macs.extend(MacPattern::read(text).and_then(|pattern| pattern.whole()));
        }
    }
    host
}

#[cfg(test)]
mod tests {
    use super::*;

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
