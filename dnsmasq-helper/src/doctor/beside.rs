//! The user's own lines beside the rendering: each function looks for one kind of trouble. What dnsmasq
//! does in each case was measured with 2.90 (in namespaces, with real clients); the texts say what was
//! seen.

use std::collections::BTreeSet;

use super::findings::Found;
use super::ours::{Ours, is_ours};
use crate::render::tags;
use offhook_dnsmasq_config::config::Config;
use offhook_dnsmasq_config::effective::Effective;
use offhook_dnsmasq_config::hosts::host_line;

pub fn unread(effective: &Effective, found: &mut Found) {
    for (place, text) in &effective.unread {
        let advice = "look at it yourself: whatever it says was not examined";
        found.doubt(place, format!("not read: {text}"), advice);
    }
}

pub fn twice(ours: &Ours, found: &mut Found) {
    if ours.files.len() > 1 || ours.files.values().any(|marks| marks.len() > 1) {
        let files: Vec<String> = ours.files.keys().map(|file| file.display().to_string()).collect();
        found.problem(
            files.join(", "),
            "two renderings are read: their rules have the same tags, so phones get a mixture",
            "keep one file, and restart dnsmasq",
        );
    }
}

pub fn foreign_tags(effective: &Effective, config: &Config, ours: &Ours, found: &mut Found) {
    for setter in &config.setters {
        let name = config.names.name(setter.tag);
        let Some(setting) = effective.settings.get(setter.at).filter(|s| !ours.holds(&s.file))
        else {
            continue;
        };
        if is_ours(name) && !name.starts_with(tags::RANGE) {
            found.problem(
                setting.place(),
                format!("sets {name}, which is a tag of the rendering's own"),
                "give it another name; to use our tags, request them with tag:",
            );
        }
    }
}

pub fn ranges(config: &Config, ours: &Ours, found: &mut Found) {
    let set: BTreeSet<&str> =
        config.ranges.iter().flatten().map(|tag| config.names.name(*tag)).collect();
    for tag in ours.wanted.iter().filter(|tag| !set.contains(tag.as_str())) {
        found.problem(
            "dhcp-range",
            format!(
                "no dhcp-range sets {tag}, so no client is ever at the site that this tag marks"
            ),
            format!("put set:{tag} on the dhcp-range lines of that site's networks"),
        );
    }
}

/// A reservation of a device: its tags and `ignore` work on the phone as well.
pub fn hosts(effective: &Effective, ours: &Ours, found: &mut Found) {
    let lines = effective.all("dhcp-host").chain(&effective.hosts);
    for setting in lines.filter(|setting| !ours.holds(&setting.file)) {
        let host = host_line(setting);
        for mac in host.macs.iter().filter(|mac| ours.devices.contains(mac)) {
            match (host.ignored, host.sets) {
                (true, _) => found.problem(
                    setting.place(),
                    format!("{mac} is a device of the policy and is ignored here: it gets no lease"),
                    "take out ignore, or take the device out of the policy",
                ),
                (false, true) => found.doubt(
                    setting.place(),
                    format!(
                        "{mac} is a device of the policy and gets tags here: your options for these \
                         tags reach it too"
                    ),
                    "set this device's options in the policy, and keep only the address here",
                ),
                (false, false) => {}
            }
        }
    }
}
