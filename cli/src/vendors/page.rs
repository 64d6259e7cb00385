//! The catalogue as a page for people: `docs/vendors.md`. All of it comes from the data.

use std::fmt::{self, Write};

use offhook_core::catalogue::record::{List, Text};
use offhook_core::catalogue::{
    Field, MacRule, PhoneFile, ReadFrom, Rule, ServedVendors, Tables, Tell, Vendor, What,
};
use offhook_core::mac::Mac;
use offhook_core::value::Value;

const HEAD: &str = "# The catalogue

<!-- Made from core/catalogue/vendors and core/catalogue/systems by `offhook vendors --markdown`. A test holds it to them. -->

What is recognised, by what, what is sent by default, and the source of each fact. A fact marked
(recalled) has been seen in no document: such a thing is never sent unless it cannot hurt.

";

/// The whole page.
pub fn page(tables: &Tables) -> Result<String, fmt::Error> {
    let mut out = String::from(HEAD);
    writeln!(out, "{} makers, {} systems.\n", tables.vendors.len(), tables.systems.len())?;
    writeln!(out, "| vendor | maker | rules | address ranges | sent by | verified |")?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for vendor in &tables.vendors {
        let codes: Vec<String> =
            vendor.tells.iter().filter(|tell| tell.default).map(place).collect();
        let told = match vendor.left_alone {
            None => dedup(codes).join(", "),
            Some(_) => "left alone".to_owned(),
        };
        let (verified, all) = confidence(vendor);
        writeln!(
            out,
            "| [{id}](#{id}) | {name} | {rules} | {macs} | {told} | {verified} of {all} |",
            id = vendor.id,
            name = vendor.name,
            rules = vendor.rules.len(),
            macs = vendor.macs.len(),
        )?;
    }
    voice_vlans(tables, &mut out)?;
    for vendor in &tables.vendors {
        one(vendor, &mut out)?;
    }
    writeln!(out, "\n# Systems\n")?;
    writeln!(out, "| system | name | parameters | serves |\n|---|---|---|---|")?;
    for system in &tables.systems {
        let parameters: Vec<String> = system
            .parameters
            .iter()
            .map(|p| format!("`{}`{}", p.name, if p.required { "" } else { " (optional)" }))
            .collect();
        let mut served: Vec<String> = Vec::new();
        for serve in &system.serves {
            match &serve.vendors {
                ServedVendors::Every => served.push("every vendor that takes a URL".to_owned()),
                ServedVendors::These(ids) => served.extend(ids.iter().map(ToString::to_string)),
            }
        }
        writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            system.id,
            system.name,
            parameters.join(", "),
            dedup(served).join(", ")
        )?;
    }
    for system in &tables.systems {
        for source in &system.sources {
            writeln!(out, "\n- {}: {}", system.id, source.citation)?;
        }
    }
    Ok(out)
}

/// Which makers' phones are sent a voice VLAN, in which form, and why the others are not.
fn voice_vlans(tables: &Tables, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Voice VLAN by DHCP\n")?;
    writeln!(
        out,
        "What the policy's `voice-vlan` becomes. `offhook check` says the same of a policy, `offhook explain` of \
         a phone.\n"
    )?;
    writeln!(out, "| maker | option | form | sent | why | otherwise | source |")?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    for vendor in &tables.vendors {
        let tells: Vec<&Tell> =
            vendor.tells.iter().filter(|tell| tell.what == What::VoiceVlan).collect();
        if tells.is_empty() {
            let why = match vendor.left_alone {
                None => "no form is known",
                Some(_) => "left alone",
            };
            let proof = proof(false, &vendor.vlan_sources);
            writeln!(
                out,
                "| [{id}](#{id}) | | | no | {why} | {} | {} |",
                vendor.vlan_otherwise.as_deref().unwrap_or_default(),
                proof.trim(),
                id = vendor.id
            )?;
        }
        for tell in tells {
            let code = ReadFrom::Option(tell.option.code);
            let mut reads = vendor.reads.iter().filter(|read| read.gives.is_of_voice_vlan());
            let switched = reads.any(|read| read.code == code && read.if_switched_on);
            let (sent, why) = match (tell.default, &vendor.left_alone) {
                (true, None) if switched => ("yes", "read only if switched on in the phone"),
                (true, None) => ("yes", ""),
                (true, Some(_)) => ("no", "left alone; `\"ignore\": false` sends it"),
                (false, _) if tell.recalled => ("no", "only recalled, not verified"),
                (false, _) => ("no", "another form is used"),
            };
            let variants: Vec<&str> =
                tell.variants.iter().filter_map(|variant| vendor.variant_name(*variant)).collect();
            let variants = variants.iter().map(|name| format!(" {name}")).collect::<String>();
            writeln!(
                out,
                "| [{id}](#{id}){variants} | {} | `{}` | {sent} | {why} | {} | {} |",
                place(tell),
                value(&tell.option.value, tell.option.nul),
                vendor.vlan_otherwise.as_deref().unwrap_or_default(),
                proof(tell.recalled, &tell.sources).trim(),
                id = vendor.id
            )?;
        }
    }
    Ok(())
}

fn one(vendor: &Vendor, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## {}\n\n{}", vendor.id, vendor.name)?;
    if let Some(why) = &vendor.left_alone {
        writeln!(out, "\n**Left alone by default**: {why}.")?;
    }
    writeln!(out, "\nRecognised by:\n")?;
    for rule in &vendor.rules {
        writeln!(out, "- {}", rule_line(vendor, rule))?;
    }
    for mac in &vendor.macs {
        writeln!(out, "- {}", mac_line(mac))?;
    }
    if !vendor.tells.is_empty() {
        writeln!(out, "\nTold by:\n")?;
    }
    for tell in &vendor.tells {
        let variants: Vec<&str> =
            tell.variants.iter().filter_map(|variant| vendor.variant_name(*variant)).collect();
        let only = match variants.is_empty() {
            true => String::new(),
            false => format!(", only {}", variants.join(", ")),
        };
        let not = if tell.default { "" } else { ", known but not sent by default" };
        writeln!(
            out,
            "- {}: {} = `{}`{only}{not}{}",
            what(tell),
            place(tell),
            value(&tell.option.value, tell.option.nul),
            proof(tell.recalled, &tell.sources)
        )?;
    }
    if !vendor.url.bare.is_empty() {
        let (bare, proof) =
            (vendor.url.bare.join(", then "), proof(false, &vendor.url.bare_sources));
        writeln!(out, "\nA host without a scheme means {bare}{proof}.")?;
    }
    if !vendor.reads.is_empty() {
        writeln!(out, "\nReads, in its order:\n")?;
    }
    for read in &vendor.reads {
        let mut words = read.conditions();
        words.extend(read.note.as_ref().map(ToString::to_string));
        let note: String = words.iter().map(|word| format!("; {word}")).collect();
        let order = read.order.map_or(String::new(), |order| format!("{order}. "));
        writeln!(
            out,
            "- {order}{}: {} ({}{note}){}",
            read.code,
            read.gives,
            read.form.as_deref().unwrap_or_default(),
            proof(read.recalled, &read.sources)
        )?;
    }
    if !vendor.files.is_empty() {
        writeln!(out, "\nFiles:\n")?;
    }
    for file in &vendor.files {
        let mut words = file.conditions(vendor);
        words.extend(codes(file));
        words.extend(file.note.as_ref().map(ToString::to_string));
        let words: String = words.iter().map(|word| format!("; {word}")).collect();
        let proof = proof(file.recalled, &file.sources);
        let ours = if file.template.is_none() { "" } else { ", written by `offhook generate`" };
        writeln!(out, "- `{}` ({}, {}{words}){ours}{proof}", file.name, file.scope, file.format)?;
    }
    if !vendor.quirks.is_empty() {
        writeln!(out, "\nTo know:\n")?;
    }
    for quirk in &vendor.quirks {
        writeln!(out, "- {quirk}")?;
    }
    writeln!(out, "\nSources:\n")?;
    for source in &vendor.sources {
        writeln!(out, "- [{}] {}", source.key, source.citation)?;
    }
    Ok(())
}

/// What `{{code}}` in a file's name is.
fn codes(file: &PhoneFile) -> Option<String> {
    let codes: Vec<String> =
        file.codes.iter().map(|code| format!("{} {}", code.code, code.model)).collect();
    (!codes.is_empty()).then(|| format!("the code is {}", codes.join(", ")))
}

fn rule_line(vendor: &Vendor, rule: &Rule) -> String {
    let variant = match vendor.variant_name(rule.variant) {
        Some(name) => format!(", {name}"),
        None => String::new(),
    };
    let kind = match (rule.phone, rule.weak) {
        (false, _) => ": **no phone**",
        (true, true) => " (a weak sign)",
        (true, false) => "",
    };
    let proof = proof(rule.recalled, &rule.sources);
    let field = match rule.field {
        Field::VendorClass => "option 60",
        Field::UserClass => "option 77",
        Field::HostName => "host name",
        Field::Enterprise => {
            let number = rule.number.unwrap_or_default();
            return format!("enterprise number {number}{variant}{kind}{proof}");
        }
    };
    let how = if rule.exact { "is" } else { "begins with" };
    format!("{field} {how} `{}`{variant}{kind}{proof}", rule.head_in_words())
}

fn mac_line(mac: &MacRule) -> String {
    let (first, last) = (Mac::from_number(mac.first), Mac::from_number(mac.last));
    let shared = match &mac.shared {
        None => String::new(),
        Some(shared) => format!(" (shared, never decides alone: {shared})"),
    };
    format!("address `{first}` to `{last}`{shared}{}", proof(mac.recalled, &mac.sources))
}

fn what(tell: &Tell) -> String {
    let name = serde_json::to_value(tell.what).ok();
    name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().to_owned()
}

fn place(tell: &Tell) -> String {
    match tell.header {
        None => tell.option.code.to_string(),
        Some(field) => field.name().to_owned(),
    }
}

/// A value as it is written in a vendor's folder.
fn value(value: &Value, nul: bool) -> String {
    let list = |texts: &List<Text>| texts.iter().map(|t| &**t).collect::<Vec<_>>().join(", ");
    match value {
        Value::Remove => "removed".to_owned(),
        Value::Text(text) if nul => format!("{text}\\0"),
        Value::Text(text) => text.to_string(),
        Value::Hex(bytes) => format!("0x{}", hex::encode(&bytes[..])),
        Value::Ipv4(texts) => format!("addresses {}", list(texts)),
        Value::U8(text)
        | Value::U16(text)
        | Value::U32(text)
        | Value::I8(text)
        | Value::I16(text)
        | Value::I32(text) => format!("number {text}"),
        Value::Domains(texts) => format!("names {}", list(texts)),
        Value::SipServers(texts) => format!("RFC 3361 {}", list(texts)),
        Value::SubOptions(subs) => {
            let subs: Vec<String> = subs
                .iter()
                .map(|sub| format!("{}: {}", sub.code, self::value(&sub.value, sub.nul)))
                .collect();
            subs.join("; ")
        }
        Value::Enterprise(blocks) => {
            let blocks: Vec<String> = blocks
                .iter()
                .map(|block| {
                    format!("enterprise {}: {}", block.number, self::value(&block.data, false))
                })
                .collect();
            blocks.join("; ")
        }
        Value::Joined(joined) => list_by(&joined.parts, &joined.by),
    }
}

fn list_by(parts: &List<Text>, by: &str) -> String {
    parts.iter().map(|part| &**part).collect::<Vec<_>>().join(by)
}

fn proof(recalled: bool, sources: &List<Text>) -> String {
    let keys: Vec<String> = sources.iter().map(|key| format!("[{key}]")).collect();
    let recalled = if recalled { " (recalled)" } else { "" };
    format!("{recalled} {}", keys.join(" ")).trim_end().to_owned()
}

/// How many of a vendor's facts are verified.
fn confidence(vendor: &Vendor) -> (usize, usize) {
    let recalled: Vec<bool> = vendor
        .rules
        .iter()
        .map(|rule| rule.recalled)
        .chain(vendor.macs.iter().map(|mac| mac.recalled))
        .chain(vendor.tells.iter().map(|tell| tell.recalled))
        .chain(vendor.reads.iter().map(|read| read.recalled))
        .chain(vendor.files.iter().map(|file| file.recalled))
        .collect();
    (recalled.iter().filter(|recalled| !**recalled).count(), recalled.len())
}

fn dedup(mut texts: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    texts.retain(|text| seen.insert(text.clone()));
    texts
}
