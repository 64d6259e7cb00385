//! The DHCP part of the effective configuration, as dnsmasq keeps it: who gets which tag, and which lines
//! request which tags.

use crate::effective::{Effective, Setting};
use crate::matching::{MacPattern, Value};
use crate::options::{Kind, OptionLine, bare_tag, named, option_line, words};
use crate::tags::{Names, Tag, Test};

/// A setting's position among all.
pub type At = usize;

/// All of it.
#[derive(Debug, Default)]
pub struct Config {
    /// The names of all tags.
    pub names: Names,
    /// `dhcp-mac` lines.
    pub macs: Vec<MacLine>,
    /// What gives a tag by the packet's content.
    pub contents: Vec<(Tag, Content)>,
    /// Reservations.
    pub hosts: Vec<Host>,
    /// `tag-if` lines, in their order.
    pub ifs: Vec<TagIf>,
    /// `dhcp-option` lines of every kind.
    pub options: Vec<SentLine>,
    /// `dhcp-boot` lines.
    pub boots: Vec<SentLine>,
    /// `dhcp-ignore` lines: the tags that they request.
    pub ignores: Vec<(At, Vec<Test>)>,
    /// The tags of the ranges; `None` for a range without.
    pub ranges: Vec<Option<Tag>>,
    /// All lines that give a tag.
    pub setters: Vec<Setter>,
}

/// A `dhcp-mac` line.
#[derive(Debug)]
pub struct MacLine {
    /// Its position.
    pub at: At,
    /// The tag that it gives.
    pub tag: Tag,
    /// The addresses that it is for.
    pub pattern: MacPattern,
}

/// What a client must have in its packet.
#[derive(Debug)]
pub enum Content {
    /// `dhcp-match` of an option.
    Option {
        /// The option's number.
        code: u8,
        /// What must be in it.
        value: Value,
    },
    /// A block of option 124 (RFC 3925).
    Enterprise {
        /// The enterprise's number (IANA).
        number: u32,
        /// What must be in its data.
        value: Value,
    },
    /// `dhcp-vendorclass`, `dhcp-userclass`: anywhere in it.
    Class {
        /// Option 60 or 77.
        code: u8,
        /// The text that must be in it.
        text: Vec<u8>,
    },
    /// `dhcp-name-match`.
    Name {
        /// The host name, or its beginning.
        text: String,
        /// The text is the beginning only.
        begins: bool,
    },
}

/// A `dhcp-host` line, or one of a hosts file.
#[derive(Debug)]
pub struct Host {
    /// The hardware addresses that it is for.
    pub macs: Vec<MacPattern>,
    /// The tags that it gives.
    pub sets: Vec<Tag>,
}

/// A `tag-if` line.
#[derive(Debug)]
pub struct TagIf {
    /// The tags that it gives.
    pub sets: Vec<Tag>,
    /// The tags that it requests.
    pub tests: Vec<Test>,
}

/// A `dhcp-option` line of any kind, or a `dhcp-boot`.
#[derive(Debug)]
pub struct SentLine {
    /// Its position.
    pub at: At,
    /// The tags that it requests.
    pub tests: Vec<Test>,
    /// The option that it is about.
    pub kind: Kind,
    /// It is sent to clients that do not request the option too.
    pub force: bool,
    /// As it is written, but for quotes.
    pub value: String,
}

/// A line that gives a tag to clients.
#[derive(Debug)]
pub struct Setter {
    /// Its position.
    pub at: At,
    /// The tag.
    pub tag: Tag,
    /// By what the tag is given.
    pub by: SetBy,
}

/// By what a line gives its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// A range, a hardware address, the packet's content: known for each example of a phone.
    Shown,
    /// Relay ids, host names, names of hosts: any phone may have it.
    Anything,
    /// Other tags.
    Tags,
}

impl Config {
    /// Puts the lines about DHCP together.
    pub fn of(effective: &Effective) -> Config {
        let mut config = Config::default();
        for (at, setting) in effective.settings.iter().enumerate() {
            config.take(at, setting);
        }
        for setting in &effective.hosts {
            config.host(usize::MAX, setting);
        }
        config
    }

    fn take(&mut self, at: At, setting: &Setting) {
        let value = setting.value.as_str();
        match setting.key.as_str() {
            "dhcp-option" => self.option(at, value, false),
            "dhcp-option-force" => self.option(at, value, true),
            "dhcp-boot" => self.boot(at, value),
            "dhcp-range" => self.range(at, value),
            "dhcp-mac" => self.mac(at, value),
            "dhcp-match" => self.matches(at, value),
            "dhcp-vendorclass" => self.class(at, value, 60),
            "dhcp-userclass" => self.class(at, value, 77),
            "dhcp-circuitid" | "dhcp-remoteid" | "dhcp-subscrid" => {
                if let Some(word) = words(value).first() {
                    self.set(at, bare_tag(&word.text), SetBy::Anything);
                }
            }
            "dhcp-name-match" => self.name(at, value),
            "dhcp-host" => self.host(at, setting),
            "tag-if" => self.tag_if(at, value),
            "dhcp-ignore" => {
                let tests = words(value);
                let tests = tests.iter().map(|w| Test::of(bare_tag(&w.text), &mut self.names));
                let tests = tests.collect();
                self.ignores.push((at, tests));
            }
            _ => {}
        }
    }

    fn set(&mut self, at: At, name: &str, by: SetBy) -> Tag {
        let tag = self.names.tag(name);
        self.setters.push(Setter { at, tag, by });
        tag
    }

    fn tests(&mut self, tags: &[String]) -> Vec<Test> {
        tags.iter().map(|tag| Test::of(tag, &mut self.names)).collect()
    }

    fn option(&mut self, at: At, value: &str, force: bool) {
        let OptionLine { tags, kind, value } = option_line(value);
        if kind == Kind::Other {
            return;
        }
        let tests = self.tests(&tags);
        let texts: Vec<&str> = value.iter().map(|word| word.text.as_str()).collect();
        self.options.push(SentLine { at, tests, kind, force, value: texts.join(",") });
    }

    /// `dhcp-boot=[tag:TAG,]FILE[,NAME[,ADDRESS]]`: here a tag needs its prefix.
    fn boot(&mut self, at: At, value: &str) {
        let words = words(value);
        let is_tag = |text: &str| text.starts_with("tag:") || text.starts_with("net:");
        let count = words.iter().take_while(|word| is_tag(&word.text)).count();
        let (tags, rest) = words.split_at(count);
        let tags: Vec<String> = tags.iter().map(|word| bare_tag(&word.text).to_owned()).collect();
        let texts: Vec<&str> = rest.iter().map(|word| word.text.as_str()).collect();
        let (tests, value) = (self.tests(&tags), texts.join(","));
        self.boots.push(SentLine { at, tests, kind: Kind::Other, force: true, value });
    }

    /// `dhcp-range=[tag:TAG,...][set:TAG,]START,...`: an old spelling has no `set:`.
    fn range(&mut self, at: At, value: &str) {
        let mut tag = None;
        for word in words(value) {
            let text = word.text.as_str();
            // The range's first address.
            let address = |c: char| c.is_ascii_hexdigit() || matches!(c, ' ' | '.' | ':');
            if text.chars().all(address) || text.starts_with("::") {
                if text.contains(':') {
                    return;
                }
                break;
            }
            if text.starts_with("tag:") || text.starts_with("net:") {
                continue;
            }
            if text.starts_with("constructor:") {
                return;
            }
            tag = Some(self.set(at, bare_tag(text), SetBy::Shown));
        }
        if !self.ranges.contains(&tag) {
            self.ranges.push(tag);
        }
    }

    fn mac(&mut self, at: At, value: &str) {
        let words = words(value);
        let [tag, pattern, ..] = words.as_slice() else { return };
        let tag = self.set(at, bare_tag(&tag.text), SetBy::Shown);
        let pattern = MacPattern::read(&pattern.text);
        self.macs.extend(pattern.map(|pattern| MacLine { at, tag, pattern }));
    }

    fn matches(&mut self, at: At, value: &str) {
        let words = words(value);
        let (mut name, mut enterprise): (Option<String>, Option<u32>) = (None, None);
        for (position, word) in words.iter().enumerate() {
            let text = word.text.as_str();
            let code = match (text.strip_prefix("option:"), text.strip_prefix("vi-encap:")) {
                (Some(option), _) => match named(option) {
                    Some((code, _)) => Some(code),
                    None => return,
                },
                (_, Some(number)) => {
                    enterprise = number.parse().ok();
                    Some(124)
                }
                _ => text.parse().ok(),
            };
            match (code, &name) {
                (Some(code), Some(name)) => {
                    let value = Value::read(code, words.get(position + 1..).unwrap_or_default());
                    let content = match enterprise {
                        Some(number) => Content::Enterprise { number, value },
                        None => Content::Option { code, value },
                    };
                    let tag = self.set(at, &name.clone(), SetBy::Shown);
                    self.contents.push((tag, content));
                    return;
                }
                (None, None) => name = Some(bare_tag(text).to_owned()),
                _ => return,
            }
        }
    }

    fn class(&mut self, at: At, value: &str, code: u8) {
        let words = words(value);
        let [tag, text] = words.as_slice() else { return };
        let tag = self.set(at, bare_tag(&tag.text), SetBy::Shown);
        let text = text.text.as_bytes().to_vec();
        self.contents.push((tag, Content::Class { code, text }));
    }

    fn name(&mut self, at: At, value: &str) {
        let words = words(value);
        let [tag, text] = words.as_slice() else { return };
        let tag = self.set(at, bare_tag(&tag.text), SetBy::Anything);
        let begins = text.text.ends_with('*');
        let text = text.text.trim_end_matches('*').to_owned();
        self.contents.push((tag, Content::Name { text, begins }));
    }

    fn host(&mut self, at: At, setting: &Setting) {
        let words = words(&setting.value);
        let macs: Vec<MacPattern> =
            words.iter().filter_map(|word| MacPattern::read(&word.text)).collect();
        let by = if macs.is_empty() { SetBy::Anything } else { SetBy::Shown };
        let tag = |text: &str| text.starts_with("set:") || text.starts_with("net:");
        let named = words.iter().filter(|word| tag(&word.text));
        let sets = named.map(|word| self.set(at, bare_tag(&word.text), by)).collect();
        self.hosts.push(Host { macs, sets });
    }

    fn tag_if(&mut self, at: At, value: &str) {
        let (mut sets, mut tests) = (Vec::new(), Vec::new());
        for word in words(value) {
            if let Some(name) = word.text.strip_prefix("set:") {
                sets.push(self.set(at, name, SetBy::Tags));
            } else if let Some(name) = word.text.strip_prefix("tag:") {
                tests.push(Test::wild(name, &mut self.names));
            }
        }
        self.ifs.push(TagIf { sets, tests });
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn sets(line: &str) -> Vec<String> {
        let (key, value) = line.split_once('=').unwrap();
        let mut config = Config::default();
        let (key, value) = (key.to_owned(), value.to_owned());
        config.take(0, &Setting { file: Path::new("x").into(), line: 1, key, value });
        config.setters.iter().map(|s| config.names.name(s.tag).to_owned()).collect()
    }

    #[test]
    fn a_tag_is_set_with_and_without_its_prefix() {
        for line in [
            "dhcp-mac=set:red,00:15:65:*:*:*",
            "dhcp-mac=red,00:15:65:*:*:*",
            "dhcp-vendorclass=red,yealink",
            "dhcp-vendorclass=set:red,yealink",
            "dhcp-userclass=red,vpn",
            "dhcp-match=set:red,60,79:65",
            "dhcp-match=red,option:client-arch,7",
            "dhcp-match=set:red,vi-encap:3561",
            "dhcp-circuitid=red,ge-0/0/7",
            "dhcp-remoteid=set:red,x",
            "dhcp-subscrid=red,x",
            "dhcp-name-match=red,sip*",
            "dhcp-host=00:15:65:00:00:01,set:red,10.0.0.9",
            "dhcp-host=phone,net:red",
            "dhcp-range=red,10.0.0.10,10.0.0.99,1h",
            "dhcp-range=set:red,10.0.0.10,static",
            "dhcp-range=tag:blue,set:red,10.0.0.10,10.0.0.99",
            "tag-if=set:red,tag:blue,tag:!green",
        ] {
            assert_eq!(sets(line), ["red"], "{line}");
        }
        for line in [
            "dhcp-range=10.0.0.10,10.0.0.99",
            "dhcp-range=tag:blue,10.0.0.10,10.0.0.99",
            "dhcp-host=00:15:65:00:00:01,red,10.0.0.9",
            "dhcp-option=tag:red,66,x",
            "dhcp-range=::,constructor:lan,ra-stateless",
        ] {
            assert_eq!(sets(line), [""; 0], "{line}");
        }
    }
}
