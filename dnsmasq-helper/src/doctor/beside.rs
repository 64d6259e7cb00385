//! The lines that stand beside the rendering: each function looks for one kind of trouble. What dnsmasq
//! does in each case was measured with 2.90 (in namespaces, with real clients); the texts say what was
//! seen.

use std::collections::BTreeSet;

use super::effective::Effective;
use super::findings::Found;
use super::options::{Kind, host_line, is_ours, may_be_a_phone, option_line, words};
use super::ours::Ours;
use crate::render::competing::Competing;
use crate::render::tags;

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

pub fn foreign_tags(effective: &Effective, ours: &Ours, found: &mut Found) {
    for (_, setting) in ours.others(effective, &["tag-if", "dhcp-match", "dhcp-mac", "dhcp-host"]) {
        for word in words(&setting.value) {
            let Some(tag) = word.strip_prefix("set:").filter(|tag| is_ours(tag)) else { continue };
            if !tag.starts_with(tags::RANGE) {
                found.problem(
                    setting.place(),
                    format!("sets {tag}, which is a tag of the rendering's own"),
                    "give it another name; to use our tags, ask for them with tag:",
                );
            }
        }
    }
}

pub fn ranges(effective: &Effective, ours: &Ours, found: &mut Found) {
    let set: BTreeSet<&str> = effective
        .all("dhcp-range")
        .flat_map(|setting| words(&setting.value))
        .filter_map(|word| word.strip_prefix("set:"))
        .collect();
    for tag in ours.wanted.iter().filter(|tag| !set.contains(tag.as_str())) {
        found.problem(
            "dhcp-range",
            format!("no dhcp-range sets {tag}, so the site that it stands for is never met"),
            format!("put set:{tag} on the dhcp-range lines of that site's networks"),
        );
    }
}

/// With an untagged `dhcp-boot` the answer has options 66 and 67 twice, that one's first.
pub fn boot(effective: &Effective, ours: &Ours, found: &mut Found) {
    if !ours.codes.contains(&66) && !ours.codes.contains(&67) {
        return;
    }
    for (_, setting) in ours.others(effective, &["dhcp-boot"]) {
        let needed: Vec<String> = tags_of(&setting.value);
        if !may_be_a_phone(&needed) {
            continue;
        }
        let advice =
            format!("keep phones out of it: dhcp-boot=tag:!{},{}", tags::PHONE, setting.value);
        match needed.is_empty() {
            true => found.problem(
                setting.place(),
                "dhcp-boot without a tag: phones get options 66 and 67 twice, this line's first",
                advice,
            ),
            false => found.doubt(
                setting.place(),
                format!(
                    "dhcp-boot for {}: a phone with these tags gets options 66 and 67 twice",
                    needed.join(" and ")
                ),
                advice,
            ),
        }
    }
}

fn tags_of(value: &str) -> Vec<String> {
    words(value)
        .map_while(|word| word.strip_prefix("tag:").or_else(|| word.strip_prefix("net:")))
        .map(str::to_owned)
        .collect()
}

/// Of several lines with tags that match, the last one in the configuration wins.
pub fn later_options(effective: &Effective, ours: &Ours, found: &mut Found) {
    for (at, setting) in ours.others(effective, &["dhcp-option", "dhcp-option-force"]) {
        let line = option_line(&setting.value);
        let Kind::Code(code) = line.kind else { continue };
        let ours_too = ours.codes.contains(&code) && may_be_a_phone(&line.tags);
        if at < ours.last || !ours_too || line.tags.is_empty() {
            continue;
        }
        found.problem(
            setting.place(),
            format!(
                "option {code} for {}, after the rendered lines: for a phone with {} the last line \
                 wins, and that is this one",
                line.tags.join(" and "),
                if line.tags.len() == 1 { "this tag" } else { "these tags" }
            ),
            format!("add tag:!{} to it, or let the policy say what it says", tags::PHONE),
        );
    }
}

/// `encap:` and `vendor:` lines are all sent, beside a whole option of ours.
pub fn parts(effective: &Effective, ours: &Ours, found: &mut Found) {
    for (_, setting) in ours.others(effective, &["dhcp-option", "dhcp-option-force"]) {
        let line = option_line(&setting.value);
        let Kind::Part(code) = line.kind else { continue };
        if ours.codes.contains(&code) && may_be_a_phone(&line.tags) {
            found.problem(
                setting.place(),
                format!(
                    "a part of option {code}, which the rendering sets whole: a phone that matches \
                     both gets two options {code}, which it reads as one"
                ),
                format!("add tag:!{} to it, or move it into the policy", tags::PHONE),
            );
        }
    }
}

/// Nothing of ours is in the way of these lines, but phones may follow them instead.
pub fn competing(effective: &Effective, ours: &Ours, found: &mut Found) {
    for (_, setting) in ours.others(effective, &["dhcp-option", "dhcp-option-force"]) {
        let line = option_line(&setting.value);
        let (Kind::Code(code) | Kind::Part(code)) = line.kind else { continue };
        // Where the rendering sets this option for some, the others still get it from a line without
        // tags; a line with tags, or for a part of it, has been found above.
        let elsewhere = ours.codes.contains(&code) && (line.sub.is_some() || !line.tags.is_empty());
        if elsewhere || !may_be_a_phone(&line.tags) {
            continue;
        }
        let same = |other: &&Competing| other.code == code && other.sub == line.sub;
        let kept_out = |vendor: &&String| line.tags.contains(&format!("!oh-{vendor}"));
        let vendors: Vec<&String> =
            ours.competing.iter().filter(same).flat_map(|c| &c.vendors).collect();
        let vendors: Vec<&str> =
            vendors.into_iter().filter(|vendor| !kept_out(vendor)).map(String::as_str).collect();
        let [first, ..] = vendors[..] else { continue };
        let what = line.sub.map(|sub| format!(", sub-option {sub}")).unwrap_or_default();
        let tags: Vec<String> = vendors.iter().map(|vendor| format!("tag:!oh-{vendor}")).collect();
        found.doubt(
            setting.place(),
            format!(
                "option {code}{what}: phones of {} read it before what they are told, or together \
                 with it (offhook vendors {first} says how)",
                vendors.join(", "),
            ),
            format!("keep them out of it: {}={},{}", setting.key, tags.join(","), setting.value),
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
                    "let the policy say what this device is told, and keep only the address here",
                ),
                (false, false) => {}
            }
        }
    }
}

pub fn ignored(effective: &Effective, found: &mut Found) {
    for setting in effective.all("dhcp-ignore") {
        let needed = tags_of(&setting.value);
        let ours = needed.iter().any(|tag| is_ours(tag));
        if !ours && needed.iter().any(|tag| tag.starts_with('!')) {
            found.doubt(
                setting.place(),
                format!("nobody with {} gets an answer, phones included", needed.join(" and ")),
                format!("add tag:!{} if phones are to get one", tags::PHONE),
            );
        }
    }
}
