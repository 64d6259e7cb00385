//! OPNsense: its configuration (`/conf/config.xml`) says which tag a DHCP range sets. In dnsmasq's own file the
//! tag is not the name that the interface shows, but the entry's UUID without its dashes.
//!
//! After the template OPNsense/Dnsmasq/dnsmasq.conf and the model Dnsmasq.xml of opnsense/core.

use std::net::Ipv4Addr;

use offhook_core::Mistakes;
use offhook_core::policy::{Policy, Site};

use crate::render::sites::{RangeTags, by_range};

/// The part of a configuration that a rendering needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Names of tags, and what dnsmasq calls them.
    tags: Vec<(String, String)>,
    ranges: Vec<Range>,
}

#[derive(Debug, PartialEq, Eq)]
struct Range {
    start: Ipv4Addr,
    end: Option<Ipv4Addr>,
    /// As dnsmasq calls it.
    tag: Option<String>,
}

/// As the template writes a reference to a tag.
fn without_dashes(uuid: &str) -> String {
    uuid.trim().replace('-', "")
}

impl Configuration {
    /// Reads the text of `config.xml`.
    ///
    /// # Errors
    /// It is not XML, or not OPNsense's, or has no dnsmasq in it.
    pub fn read(text: &str) -> Result<Configuration, String> {
        let tree = roxmltree::Document::parse(text).map_err(|error| format!("not XML: {error}"))?;
        let root = tree.root_element();
        if !root.has_tag_name("opnsense") {
            return Err(format!(
                "expected OPNsense's configuration (/conf/config.xml), found <{}>",
                root.tag_name().name()
            ));
        }
        let dnsmasq = root.children().find(|node| node.has_tag_name("dnsmasq"));
        let dnsmasq =
            dnsmasq.ok_or("no <dnsmasq> in it: Services > Dnsmasq DNS & DHCP is not set up")?;
        let mut configuration = Configuration::default();
        for entry in dnsmasq.children() {
            let text = |name: &str| {
                let node = entry.children().find(|node| node.has_tag_name(name))?;
                node.text().map(str::trim).filter(|text| !text.is_empty())
            };
            if entry.has_tag_name("dhcp_tags") {
                let named = text("tag").zip(entry.attribute("uuid"));
                let tag = named.map(|(name, uuid)| (name.to_owned(), without_dashes(uuid)));
                configuration.tags.extend(tag);
            } else if entry.has_tag_name("dhcp_ranges") {
                // A range of IPv6 has no IPv4 address.
                let Some(start) = text("start_addr").and_then(|start| start.parse().ok()) else {
                    continue;
                };
                let end = text("end_addr").and_then(|end| end.parse().ok());
                let tag = text("set_tag").map(without_dashes);
                configuration.ranges.push(Range { start, end, tag });
            }
        }
        Ok(configuration)
    }

    /// The tags of the ranges at each site that is matched by networks. `given`: what `--range-tag` says,
    /// with tags by their names in OPNsense or as dnsmasq has them.
    ///
    /// # Errors
    /// Every range at such a site that sets no tag, and every site without a range.
    pub fn range_tags(&self, policy: &Policy, given: &RangeTags) -> Result<RangeTags, Mistakes> {
        let mut mistakes = Mistakes::default();
        let mut all = RangeTags::new();
        for (site, tags) in given {
            let tags = tags.iter().map(|tag| self.tag(tag).unwrap_or(tag).to_owned());
            all.insert(site.clone(), tags.collect());
        }
        for (at, site) in policy.sites.iter().enumerate() {
            let networks = &site.matching.networks;
            if !by_range(site) || networks.is_empty() || given.contains_key(&site.name) {
                continue;
            }
            let place = format!("sites[{at}].match.networks");
            let here = self
                .ranges
                .iter()
                .filter(|range| networks.iter().any(|network| network.contains(&range.start)));
            let (mut tags, mut any) = (Vec::new(), false);
            for range in here {
                any = true;
                let end = range.end.map(|end| format!(" to {end}")).unwrap_or_default();
                match &range.tag {
                    Some(tag) if !tags.contains(tag) => tags.push(tag.clone()),
                    Some(_) => {}
                    None => mistakes.push(
                        &place,
                        format!(
                            "the range from {}{end} sets no tag in OPNsense: expected one in \"Tag [set]\" of the \
                             range (Services > Dnsmasq DNS & DHCP > DHCP ranges)",
                            range.start
                        ),
                    ),
                }
            }
            if !any {
                mistakes.push(
                    &place,
                    format!(
                        "OPNsense's dnsmasq has no DHCP range in the networks of {:?}",
                        site.name
                    ),
                );
            }
            self.refuse_shared(&tags, site, &place, &mut mistakes);
            all.insert(site.name.clone(), tags);
        }
        mistakes.or(Some(all))
    }

    /// A tag that a range elsewhere sets as well would bring its clients to this site.
    fn refuse_shared(&self, tags: &[String], site: &Site, place: &str, mistakes: &mut Mistakes) {
        let networks = &site.matching.networks;
        let elsewhere = self
            .ranges
            .iter()
            .filter(|range| !networks.iter().any(|network| network.contains(&range.start)));
        for range in elsewhere.filter(|range| range.tag.as_ref().is_some_and(|t| tags.contains(t)))
        {
            mistakes.push(
                place,
                format!(
                    "the range from {} is not in these networks and sets the same tag in OPNsense: give it another one",
                    range.start
                ),
            );
        }
    }

    fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(known, _)| known == name).map(|(_, tag)| &**tag)
    }
}

#[cfg(test)]
mod tests {
    use offhook_core::{Engine, builtin};

    use super::*;
    use crate::render::HOST;

    const CONFIGURATION: &str = r#"<?xml version="1.0"?>
<opnsense><system><user><password>secret</password></user></system>
<dnsmasq version="1.0.8">
  <dhcp_tags uuid="0a1b2c3d-0000-4000-8000-00000000000a"><tag>voice</tag></dhcp_tags>
  <dhcp_tags uuid="0a1b2c3d-0000-4000-8000-00000000000b"><tag>lab</tag></dhcp_tags>
  <dhcp_ranges uuid="1"><interface>opt1</interface><set_tag>0a1b2c3d-0000-4000-8000-00000000000a</set_tag>
    <start_addr>10.7.0.100</start_addr><end_addr>10.7.0.200</end_addr></dhcp_ranges>
  <dhcp_ranges uuid="2"><interface>lan</interface><set_tag/><start_addr>192.168.1.100</start_addr></dhcp_ranges>
  <dhcp_ranges uuid="3"><start_addr>::1000</start_addr></dhcp_ranges>
</dnsmasq></opnsense>"#;

    fn tags(network: &str, given: &[(&str, &str)]) -> Result<RangeTags, String> {
        let policy = format!(
            r#"{{ "sites": [{{ "name": "a", "match": {{ "networks": ["{network}"] }} }}] }}"#
        );
        let engine = Engine::new(builtin::shared(), &policy, HOST).unwrap();
        let given = given.iter().map(|(site, tag)| ((*site).to_owned(), vec![(*tag).to_owned()]));
        let configuration = Configuration::read(CONFIGURATION).unwrap();
        configuration
            .range_tags(engine.policy(), &given.collect())
            .map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn a_sites_ranges_say_which_tag_they_set() {
        let voice = "0a1b2c3d00004000800000000000000a";
        assert_eq!(tags("10.7.0.0/16", &[]).unwrap()["a"], [voice]);
        let named = tags("10.7.0.0/16", &[("a", "lab")]).unwrap();
        assert_eq!(named["a"], ["0a1b2c3d00004000800000000000000b"]);
        assert_eq!(tags("10.7.0.0/16", &[("a", "mine")]).unwrap()["a"], ["mine"]);
        for (network, expected) in [
            ("192.168.0.0/16", "the range from 192.168.1.100 sets no tag"),
            ("172.16.0.0/12", "no DHCP range in the networks"),
            ("10.7.0.0/25", "0a"),
        ] {
            match tags(network, &[]) {
                Ok(tags) => assert!(tags["a"][0].starts_with(expected), "{tags:?}"),
                Err(text) => assert!(text.contains(expected), "{text}"),
            }
        }
    }

    #[test]
    fn another_file_is_named_and_nothing_of_it_quoted() {
        for (text, expected) in [
            ("<pfsense/>", "found <pfsense>"),
            ("<opnsense/>", "no <dnsmasq> in it"),
            ("password=secret", "not XML"),
        ] {
            let error = Configuration::read(text).unwrap_err();
            assert!(error.contains(expected) && !error.contains("secret"), "{error}");
        }
    }
}
