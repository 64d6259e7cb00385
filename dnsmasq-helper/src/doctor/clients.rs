//! Clients to try a configuration with: the phones of the catalogue's examples, and phones with the
//! addresses that the user's lines name.

use std::collections::{BTreeMap, BTreeSet};

use offhook_core::{Mac, builtin, examples};

use offhook_dnsmasq_config::config::{Config, Content};
use offhook_dnsmasq_config::matching::{MacPattern, contains};
use offhook_dnsmasq_config::tags::TagSet;

/// What dnsmasq sees of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub mac: Option<Mac>,
    /// The first option of each code: dnsmasq looks at no other.
    options: BTreeMap<u8, Vec<u8>>,
}

impl Client {
    pub fn option(&self, code: u8) -> Option<&[u8]> {
        self.options.get(&code).map(Vec::as_slice)
    }

    /// Whether the client requests this option; without a list it requests all.
    pub fn asks(&self, code: u8) -> bool {
        self.option(55).is_none_or(|list| list.contains(&code))
    }

    /// The tags that it has before `tag-if` lines and ranges add theirs.
    pub fn tags(&self, config: &Config) -> TagSet {
        let mut tags = TagSet::default();
        if let Some(mac) = self.mac {
            for line in config.macs.iter().filter(|line| line.pattern.fits(mac)) {
                tags.insert(line.tag);
            }
            self.host(config, mac, &mut tags);
        }
        for (tag, content) in &config.contents {
            if self.shows(content) {
                tags.insert(*tag);
            }
        }
        tags
    }

    /// The host line for a whole address counts before one with `*`; of several the last.
    fn host(&self, config: &Config, mac: Mac, tags: &mut TagSet) {
        let fits =
            |whole: bool| {
                config.hosts.iter().rev().find(|host| {
                    host.macs.iter().any(|p| p.whole().is_some() == whole && p.fits(mac))
                })
            };
        if let Some(host) = fits(true).or_else(|| fits(false)) {
            host.sets.iter().for_each(|tag| tags.insert(*tag));
            if let Some(known) = config.names.find("known") {
                tags.insert(known);
            }
        }
    }

    fn shows(&self, content: &Content) -> bool {
        match content {
            Content::Option { code, value } => {
                self.option(*code).is_some_and(|option| value.fits(option))
            }
            Content::Enterprise { number, value } => {
                let option = self.option(124).unwrap_or_default();
                blocks(option).any(|(found, data)| {
                    found == *number && counted(data).any(|piece| value.fits(piece))
                })
            }
            Content::Class { code, text } => self.option(*code).is_some_and(|option| match code {
                77 => contains(&without_counts(option), text),
                _ => contains(option, text),
            }),
            Content::Name { text, begins } => {
                let name = self.option(12).unwrap_or_default();
                let name = name.strip_suffix(b"\0").unwrap_or(name);
                match name.split_at_checked(text.len()) {
                    Some((head, rest)) => {
                        head.eq_ignore_ascii_case(text.as_bytes()) && (*begins || rest.is_empty())
                    }
                    None => false,
                }
            }
        }
    }
}

/// The blocks of option 124: enterprise and data.
fn blocks(mut option: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (number, rest) = option.split_first_chunk()?;
        let (length, rest) = rest.split_first()?;
        let (data, rest) = rest.split_at_checked(usize::from(*length))?;
        option = rest;
        Some((u32::from_be_bytes(*number), data))
    })
}

/// Texts, each behind its length.
fn counted(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = data.split_first()?;
        let (piece, rest) = rest.split_at_checked(usize::from(*length))?;
        data = rest;
        Some(piece)
    })
}

/// Option 77 as dnsmasq compares it: where its texts are counted (RFC 3004), the counts are 0.
fn without_counts(option: &[u8]) -> Vec<u8> {
    let pieces: Vec<&[u8]> = counted(option).collect();
    let length: usize = pieces.iter().map(|piece| piece.len() + 1).sum();
    if length != option.len() {
        return option.to_vec();
    }
    pieces.into_iter().flat_map(|piece| std::iter::once(&0).chain(piece)).copied().collect()
}

/// The phones to try: every example, and the addresses that `patterns` name, as phones of their makers.
pub fn phones(patterns: &BTreeSet<Mac>, wild: &[&MacPattern]) -> Vec<Client> {
    let examples = examples::all().unwrap_or_default();
    let mut phones: Vec<Client> = Vec::new();
    // A maker's first example with a vendor class: what its phones send.
    let mut typical: BTreeMap<String, BTreeMap<u8, Vec<u8>>> = BTreeMap::new();
    for example in examples.iter().filter(|example| !example.vendor.is_empty()) {
        let mut options = BTreeMap::new();
        for (code, value) in &example.packet.options {
            options.entry(*code).or_insert_with(|| value.clone());
        }
        if options.contains_key(&60) {
            typical.entry(example.vendor.clone()).or_insert_with(|| options.clone());
        }
        phones.push(Client { mac: example.packet.mac, options });
    }
    let mut macs: BTreeSet<(Mac, Option<&str>)> = patterns.iter().map(|mac| (*mac, None)).collect();
    for vendor in &builtin::built_in().vendors {
        for range in vendor.macs.iter() {
            let exact =
                patterns.iter().filter(|m| (range.first..=range.last).contains(&m.number()));
            macs.extend(exact.map(|mac| (*mac, Some(vendor.id.as_ref()))));
            let some = wild.iter().filter_map(|p| p.some_between(range.first, range.last));
            macs.extend(some.map(|mac| (mac, Some(vendor.id.as_ref()))));
        }
    }
    for (mac, vendor) in macs {
        phones.push(Client { mac: Some(mac), options: BTreeMap::new() });
        if let Some(options) = vendor.and_then(|vendor| typical.get(vendor)) {
            phones.push(Client { mac: Some(mac), options: options.clone() });
        }
    }
    phones
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_classes_are_compared_as_dnsmasq_does() {
        assert_eq!(without_counts(b"\x03vpn\x01x"), b"\0vpn\0x");
        assert_eq!(without_counts(b"vpn"), b"vpn");
        let block = [0, 0, 1, 2, 3, 2, b'a', b'b'];
        assert_eq!(blocks(&block).next(), Some((258, &[2, b'a', b'b'][..])));
        assert_eq!(counted(&[2, b'a', b'b']).collect::<Vec<_>>(), [b"ab"]);
    }
}
