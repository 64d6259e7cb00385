//! dnsmasq's configuration, read by the reader of `offhook-dnsmasq doctor`.
//!
//! Which line wins (dhcp-common.c, `option_filter`, 2.90): a line with tags before one without; of several the
//! last. A tag becomes the condition under which some line sets it.

mod tags;
mod values;

use std::net::Ipv4Addr;
use std::path::Path;
use std::rc::Rc;

use ipnet::{Ipv4Net, Ipv4Subnets};
use offhook_dnsmasq_config::config::{Config, SentLine};
use offhook_dnsmasq_config::effective::{Effective, Setting};
use offhook_dnsmasq_config::matching::MacPattern;
use offhook_dnsmasq_config::options::{Kind, Word, bare_tag, option_line, words};

use tags::Tags;

use crate::model::{Cond, Expr, Host, Location, Mode, Old, Order, Place, Refused, Rule, Target};

/// The order in which lines apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Untagged,
    /// Lines that want a range's tag.
    Range,
    Tagged,
}

const BY_HAND: &str =
    "write it by hand: an option of the policy with its code and value (docs/policy.md)";

/// Keys that are read here, or say which files are read.
const READ: [&str; 14] = [
    "dhcp-boot",
    "dhcp-hostsdir",
    "dhcp-name-match",
    "dhcp-optsdir",
    "dhcp-mac",
    "dhcp-match",
    "dhcp-vendorclass",
    "dhcp-userclass",
    "tag-if",
    "conf-file",
    "conf-dir",
    "dhcp-hostsfile",
    "dhcp-optsfile",
    "dhcp-range",
];

struct Reader<'e> {
    effective: &'e Effective,
    config: &'e Config,
    tags: Tags,
    old: Old,
    rules: Vec<(Level, Rule)>,
}

/// Reads the file and the files that it names.
pub fn read(path: &Path) -> Result<Old, Refused> {
    let effective = Effective::read(path, &[]);
    if effective.settings.is_empty() {
        let unread = effective.unread.first().map_or("there is no setting in it", |(_, text)| text);
        return Err(Refused(format!("{}: {unread}", path.display())));
    }
    let config = Config::of(&effective);
    let mut old = Old { sub_options: Order::LastFirst, ..Old::default() };
    for (from, text) in &effective.unread {
        let at = unread_place(path, from);
        old.note(
            &at,
            format!("not read: {text}"),
            "copy it here under that name, and import again",
        );
    }
    let ranges = locations(&effective, &mut old);
    let tags = Tags::of(&config, &ranges);
    let mut reader =
        Reader { effective: &effective, config: &config, tags, old, rules: Vec::new() };
    reader.lines();
    for line in &config.options {
        reader.option(line);
    }
    for line in &config.boots {
        reader.boot(line);
    }
    reader.rules.sort_by_key(|(level, _)| *level);
    reader.old.rules = reader.rules.into_iter().map(|(_, rule)| rule).collect();
    Ok(reader.old)
}

/// `FILE:LINE` as the reader writes it.
fn unread_place(path: &Path, from: &str) -> Place {
    let whole = || Place { file: path.display().to_string().into(), line: 0 };
    let Some((file, line)) = from.rsplit_once(':') else { return whole() };
    line.parse().map_or_else(|_| whole(), |line| Place { file: file.into(), line })
}

fn place(setting: &Setting) -> Place {
    let file: Rc<str> = setting.file.display().to_string().into();
    Place { file, line: setting.line }
}

/// The ranges with a tag, as parts of the network.
fn locations(effective: &Effective, old: &mut Old) -> Vec<(String, usize)> {
    let mut tagged = Vec::new();
    for setting in effective.all("dhcp-range") {
        let at = place(setting);
        let (mut tag, mut addresses, mut is_static) = (None, Vec::<Ipv4Addr>::new(), false);
        for word in words(&setting.value) {
            let text = word.text.as_str();
            match text.parse() {
                Ok(address) => addresses.push(address),
                Err(_) if text == "static" => is_static = true,
                Err(_) if text.starts_with("tag:") => {}
                Err(_) if addresses.is_empty() && tag.is_none() => {
                    tag = Some(bare_tag(text).to_owned())
                }
                Err(_) => {}
            }
        }
        old.stays(&at, "which addresses a range has");
        let Some(tag) = tag else { continue };
        let networks = match addresses.as_slice() {
            // The last one is the netmask if it can be one.
            [first, .., mask] if Ipv4Net::with_netmask(*first, *mask).is_ok() && *mask > *first => {
                Ipv4Net::with_netmask(*first, *mask)
                    .map(|network| vec![network.trunc()])
                    .unwrap_or_default()
            }
            [first, last, ..] if !is_static && first <= last => {
                Ipv4Subnets::new(*first, *last, 0).collect()
            }
            _ => {
                old.note(
                    &at,
                    format!("the range of the tag {tag:?} has no netmask and no last address: its network is not known"),
                    "write the netmask into the line, and import again",
                );
                continue;
            }
        };
        let here = old.locations.len();
        old.locations.push(Location { name: tag.clone(), networks, at, inside: None });
        tagged.push((tag, here));
    }
    tagged
}

impl Reader<'_> {
    /// Lines that are not about what clients are sent, and reservations.
    fn lines(&mut self) {
        for setting in self.effective.settings.iter().chain(&self.effective.hosts) {
            let at = place(setting);
            match setting.key.as_str() {
                "dhcp-host" => self.host(&at, setting),
                "dhcp-circuitid" | "dhcp-remoteid" | "dhcp-subscrid" => self.old.note(
                    &at,
                    format!("\"{}\": a tag by the relay's ids", setting.key),
                    "a site of the policy with \"circuit-ids\" or \"remote-ids\" (docs/policy.md)",
                ),
                "dhcp-script" | "dhcp-luascript" => {
                    self.old.stays(&at, "a program that dnsmasq starts");
                }
                "dhcp-option" | "dhcp-option-force" => self.unknown_option(&at, &setting.value),
                key if READ.contains(&key) => {}
                key => self.old.stays(&at, &format!("\"{key}\"")),
            }
        }
    }

    /// A line that is about no option whose number is known here.
    fn unknown_option(&mut self, at: &Place, written: &str) {
        if option_line(written).kind != Kind::Other {
            return;
        }
        match words(written).iter().any(|word| word.text.starts_with("option6:")) {
            true => self.old.stays(at, "an option of DHCPv6"),
            false => self.old.note(at, "an option without a number that dnsmasq knows", BY_HAND),
        }
    }

    fn host(&mut self, at: &Place, setting: &Setting) {
        let words = words(&setting.value);
        let address = words.iter().find_map(|word| word.text.parse().ok());
        let macs: Vec<MacPattern> =
            words.iter().filter_map(|word| MacPattern::read(&word.text)).collect();
        let sets =
            words.iter().any(|word| word.text.starts_with("set:") || word.text.starts_with("net:"));
        for mac in macs.iter().filter_map(MacPattern::whole) {
            self.old.hosts.push(Host { mac, address, at: at.clone() });
        }
        if sets && macs.is_empty() {
            self.old.note(
                at,
                "a tag for a host that is named by something other than a hardware address",
                "write a device of the policy with its hardware address, if it is a phone",
            );
        } else if !sets {
            self.old.stays(at, "the address that a reservation has");
        }
    }

    fn rule(
        &mut self,
        at: &Place,
        line: &SentLine,
        target: Target,
        mode: Mode,
        value: Expr,
        more: Cond,
    ) {
        let when = match self.tags.all(self.config, &line.tests) {
            Ok(when) => when.and(more),
            Err(text) => {
                self.old.note(
                    at,
                    text,
                    "say in the policy whom it means (vendors, sites or devices)",
                );
                return;
            }
        };
        let level = if line.tests.is_empty() {
            Level::Untagged
        } else if self.tags.wants_range(&line.tests) {
            Level::Range
        } else {
            Level::Tagged
        };
        self.rules.push((level, Rule { at: at.clone(), when, target, mode, value }));
    }

    fn option(&mut self, line: &SentLine) {
        let Some(setting) = self.effective.settings.get(line.at) else { return };
        let at = place(setting);
        let written = option_line(&setting.value).value;
        let empty = Expr::Bytes(Vec::new());
        match &line.kind {
            Kind::Whole(255) => self.address(&at, line, &written),
            Kind::Whole(code) if written.is_empty() => {
                self.rule(&at, line, Target::Option(*code), Mode::Remove, empty, Cond::EVERY);
            }
            Kind::Whole(code) => match values::bytes(*code, &written) {
                Ok(bytes) => {
                    let value = Expr::Bytes(bytes);
                    self.rule(&at, line, Target::Option(*code), Mode::Set, value, Cond::EVERY);
                }
                Err(text) => self.old.note(&at, format!("option {code}: {text}"), BY_HAND),
            },
            Kind::Part { outer, sub: Some(sub) } => {
                self.part(&at, line, *outer, *sub, &written, Cond::EVERY);
            }
            Kind::Vendor { text, sub: Some(sub) } => {
                let class = Cond::Contains(Expr::Option(60), text.as_bytes().to_vec());
                self.part(&at, line, 43, *sub, &written, class);
            }
            Kind::Enterprise(number) => self.old.note(
                &at,
                format!("a sub-option of option 125 for the enterprise {number}"),
                "an option of the policy with code 125 and \"enterprise\" (docs/policy.md)",
            ),
            Kind::Part { .. } | Kind::Vendor { .. } | Kind::Other => {
                self.old.note(&at, "an option without a number that dnsmasq knows", BY_HAND);
            }
        }
    }

    fn part(
        &mut self,
        at: &Place,
        line: &SentLine,
        outer: u8,
        sub: u8,
        written: &[Word],
        more: Cond,
    ) {
        match values::guessed(written) {
            Ok(bytes) => {
                let space = format!("encap {outer}");
                let around = Target::Encapsulate { outer, space: space.clone() };
                self.rule(at, line, around, Mode::Set, Expr::Bytes(Vec::new()), more.clone());
                let target = Target::Space(space, sub.into());
                self.rule(at, line, target, Mode::Set, Expr::Bytes(bytes), more);
            }
            Err(text) => self.old.note(at, format!("option {outer}.{sub}: {text}"), BY_HAND),
        }
    }

    fn address(&mut self, at: &Place, line: &SentLine, written: &[Word]) {
        match written.first().and_then(|word| word.text.parse::<Ipv4Addr>().ok()) {
            Some(address) => {
                let value = Expr::Bytes(address.octets().to_vec());
                self.rule(at, line, Target::NextServer, Mode::Set, value, Cond::EVERY);
            }
            None => self.old.note(at, "server-ip-address without an address", BY_HAND),
        }
    }

    /// `dhcp-boot=[tag:TAG,]FILE[,NAME[,ADDRESS]]`
    fn boot(&mut self, line: &SentLine) {
        let Some(setting) = self.effective.settings.get(line.at) else { return };
        let at = place(setting);
        let mut parts = line.value.split(',');
        // To a client that requests 67 and 66 dnsmasq sends the names so, and a line of its own for them wins.
        let (file, name, mode) = match line.tests.is_empty() {
            true => (Target::BootFile, Target::ServerName, Mode::Set),
            false => (Target::Option(67), Target::Option(66), Mode::Default),
        };
        for (target, text) in [(file, parts.next()), (name, parts.next())] {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                self.rule(&at, line, target, mode, Expr::text(text), Cond::EVERY);
            }
        }
        match parts.next().map(str::parse::<Ipv4Addr>) {
            None => {}
            Some(Ok(address)) => {
                let value = Expr::Bytes(address.octets().to_vec());
                self.rule(&at, line, Target::NextServer, Mode::Set, value, Cond::EVERY);
            }
            Some(Err(_)) => self.old.note(
                &at,
                "the boot server is a name, which dnsmasq looks up",
                "write its address, and import again",
            ),
        }
    }
}
