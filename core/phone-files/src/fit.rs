//! Whether a phone's files can say what the list and the policy say of it: values that the maker does not
//! have are mistakes, fields without a place are losses, each reported by phone, line and value.

/// Whether a value is one that the maker takes.
mod values;

use offhook_core::fields::{Field, FieldIx, Kind, Values, Where};

use crate::makers::{Fact, Family, Maker};
use crate::phone::Phone;
use crate::values::{Common, Zones, keys_of, zone_said};

/// What was found out about one phone.
#[derive(Debug, Default)]
pub(crate) struct Fit {
    /// The field, behind its line if that matters, and what is wrong with it.
    pub mistakes: Vec<(String, String)>,
    /// Fields without a place in the files.
    pub losses: Vec<Loss>,
    /// What was found to be right for each phone of the model.
    pub right: Right,
}

/// What the policy says to a model's phones of which nothing is wrong or lost: it need not be looked at for each of them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Right {
    /// Fields where the list says nothing of them, a bit each.
    fields: u64,
    /// VLAN and time servers.
    network: bool,
    /// That many lines the model has at least.
    lines: u16,
}

impl Fit {
    fn found(&self) -> usize {
        self.mistakes.len() + self.losses.len()
    }
}

impl Right {
    pub fn union(self, other: Right) -> Right {
        Right {
            fields: self.fields | other.fields,
            network: self.network || other.network,
            lines: self.lines.max(other.lines),
        }
    }
}

/// Something that the phone's files leave out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Loss {
    /// The phone's model.
    pub model: String,
    /// The field's name.
    pub field: String,
    /// The line, from 1; `None`: the phone itself.
    pub line: Option<u16>,
    /// Not for a secret.
    pub value: Option<String>,
    /// Why there is no place for it.
    pub why: String,
}

/// Fields that lose no more than a nicety if lines cannot differ in them.
const MAY_DIFFER: [&str; 5] =
    ["register-seconds", "voicemail", "srtp", "dtmf", "keep-alive-seconds"];

struct Check<'c> {
    maker: &'c Maker,
    zones: &'c Zones,
    /// What the list itself says of the phone; the rest is the policy's.
    listed: &'c Values,
    family: Option<&'c Family>,
    vendor: &'c str,
    model: &'c str,
    fit: Fit,
}

/// Compares a phone with what its maker's files can say; `listed` is what the list itself says of it, and `right` what
/// was found of its model before.
pub(crate) fn fit(
    maker: &Maker,
    vendor: &str,
    common: &Common,
    phone: &Phone,
    listed: &Values,
    right: Right,
) -> Fit {
    let family = maker.family_of(&phone.model).map(|(_, family)| family);
    let model = &*phone.model;
    let zones = &common.zones;
    let mut check = Check { maker, zones, listed, family, vendor, model, fit: Fit::default() };
    let lines = phone.lines.iter().map(|line| line.number).max().unwrap_or(0);
    if lines > right.lines {
        check.lines(phone);
        check.fit.right.lines = if check.fit.found() == 0 { lines } else { 0 };
    }
    let own = said(phone, &Values::default());
    for at in FieldIx::of_bits((own | common.values.said()) & !(right.fields & !own)) {
        let field = at.field();
        let before = check.fit.found();
        match field.place {
            Where::Phone => check.phone(at, field, common, phone),
            Where::Line | Where::Both => check.each_line(at, field, common, phone),
        }
        // A phone with a zone of its own, or without lines, says nothing about the others.
        let looked = !phone.lines.is_empty() && zone_said(&phone.values).is_none();
        if own & at.bit() == 0 && looked && before == check.fit.found() {
            check.fit.right.fields |= at.bit();
        }
    }
    check.keys(common, phone);
    if !right.network {
        let before = check.fit.found();
        check.network(common);
        check.fit.right.network = before == check.fit.found();
    }
    check.fit
}

impl<'c> Check<'c> {
    fn fact(&self, field: &str) -> Option<&'c Fact> {
        self.maker.fact(self.family, field)
    }

    /// `Snom D735`
    fn name(&self) -> String {
        format!("{} {}", self.vendor, self.model).trim_end().to_owned()
    }

    fn wrong(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.fit.mistakes.push((place.into(), text.into()));
    }

    fn lose(&mut self, field: &str, line: Option<u16>, value: Option<&str>, why: &str) {
        let model = self.model.to_owned();
        let (field, value) = (field.to_owned(), value.map(str::to_owned));
        self.fit.losses.push(Loss { model, field, line, value, why: why.to_owned() });
    }

    /// A field that the files have no place for.
    fn lose_field(&mut self, field: &Field, line: Option<u16>, value: &str) {
        let why = self.fact(field.name).and_then(|fact| fact.absent.as_deref());
        let shown = (!field.secret).then_some(value);
        self.lose(field.name, line, shown, why.unwrap_or("no source names a parameter"));
    }

    fn lines(&mut self, phone: &Phone) {
        let Some(most) = self.maker.lines_of(self.model) else { return };
        for line in phone.lines.iter().filter(|line| line.number > most) {
            let text =
                format!("{} has {most} line{}", self.name(), if most == 1 { "" } else { "s" });
            self.wrong(format!("line {}", line.number), text);
        }
    }

    fn phone(&mut self, at: FieldIx, field: &Field, common: &Common, phone: &Phone) {
        let zone = matches!(field.kind, Kind::Zone | Kind::Offset);
        let value = match (phone.values.get(at), common.values.get(at)) {
            (Some(value), _) => value,
            // One of zone and offset counts.
            (None, Some(value)) if !zone || zone_said(&phone.values).is_none() => value,
            _ => return,
        };
        let policy = self.listed.get(at).is_none();
        if zone && !self.is_the_zone(at, common, phone) {
            return;
        }
        match self.fact(field.name).filter(|fact| fact.absent.is_none()) {
            None => self.lose_field(field, None, value),
            Some(fact) => self.value(field, fact, None, value, policy),
        }
    }

    fn is_the_zone(&self, at: FieldIx, common: &Common, phone: &Phone) -> bool {
        let said = zone_said(&phone.values).or_else(|| zone_said(&common.values));
        said.is_some_and(|(said, _)| said == at)
    }

    fn each_line(&mut self, at: FieldIx, field: &Field, common: &Common, phone: &Phone) {
        let shared = phone.values.get(at).or_else(|| common.values.get(at));
        let shared = shared.map(|value| (value, self.listed.get(at).is_none()));
        let said: Vec<(u16, Option<(&str, bool)>)> = phone
            .lines
            .iter()
            .map(|line| {
                let own = line.values.get(at).map(|value| (value, false));
                (line.number, own.or(if field.place == Where::Both { shared } else { None }))
            })
            .collect();
        let Some(first) = said.first().map(|(_, value)| value.map(|(value, _)| value)) else {
            return;
        };
        if said.iter().all(|(_, value)| value.is_none()) {
            return;
        }
        let alike = said.iter().all(|(_, value)| value.map(|(value, _)| value) == first);
        let Some(fact) = self.fact(field.name).filter(|fact| fact.absent.is_none()) else {
            if alike && let Some((value, _)) = said.first().and_then(|(_, value)| *value) {
                return self.lose_field(field, None, value);
            }
            for (number, value) in &said {
                if let Some((value, _)) = value {
                    self.lose_field(field, Some(*number), value);
                }
            }
            return;
        };
        if fact.same && !alike {
            self.differing(field, &said, first);
        }
        for (index, (number, value)) in said.iter().enumerate() {
            // A value that an earlier line has was looked at there.
            let seen = |value: &str| {
                said.iter()
                    .take(index)
                    .any(|(_, other)| other.is_some_and(|(other, _)| other == value))
            };
            if let Some((value, policy)) = value
                && !seen(value)
            {
                let line = (said.len() > 1 && !alike).then_some(*number);
                self.value(field, fact, line, value, *policy);
            }
        }
    }

    /// Lines that would have to be alike.
    fn differing(
        &mut self,
        field: &Field,
        said: &[(u16, Option<(&str, bool)>)],
        first: Option<&str>,
    ) {
        for (number, value) in said {
            let value = value.map(|(value, _)| value);
            if value == first {
                continue;
            }
            if MAY_DIFFER.contains(&field.name) {
                let why = "these phones have one for all their lines, the first line's";
                self.lose(field.name, Some(*number), value, why);
            } else {
                let text = format!(
                    "{} has one {} for all its lines: say what the first line says",
                    self.name(),
                    field.name
                );
                self.wrong(format!("line {number}, {}", field.name), text);
            }
        }
    }

    fn keys(&mut self, common: &Common, phone: &Phone) {
        let keys = keys_of(common, phone);
        if keys.is_empty() {
            return;
        }
        let fact = self.fact("keys").filter(|fact| fact.absent.is_none());
        let (maker, family) = (self.maker, self.family);
        let why = |field: &str| {
            let absent = maker.fact(family, field).and_then(|fact| fact.absent.as_deref());
            absent.unwrap_or("no source names a parameter")
        };
        let modules = self.fact("key-modules").filter(|fact| fact.absent.is_none());
        let most_modules = self.maker.modules_of(self.model);
        let most_of_phone = self.maker.keys_of(self.model, 0);
        let most_of_module = self.maker.keys_of(self.model, 1);
        let lines = phone.lines.iter().map(|line| line.number).max().unwrap_or(0);
        for key in &keys {
            let shown = || match key.module {
                0 => format!("keys {}", key.number),
                module => format!("keys {}, module {module}", key.number),
            };
            let Some(fact) = fact else {
                self.lose("keys", None, Some(&format!("key {}", key.number)), why("keys"));
                continue;
            };
            if !fact.words.contains_key(key.kind) {
                let text = self.has_no(key.kind, fact.words.keys());
                self.wrong(shown(), text);
            }
            if key.module > 0 && modules.is_none() {
                self.lose("keys", None, Some(&shown()), why("key-modules"));
                continue;
            }
            if let Some(most) = most_modules.filter(|_| key.module > 0)
                && u16::from(key.module) > most
            {
                self.wrong(shown(), format!("{} takes {most} expansion modules", self.name()));
            }
            if let Some(most) = if key.module == 0 { most_of_phone } else { most_of_module }
                && key.number > most
            {
                let of = if key.module == 0 { self.name() } else { "its module".to_owned() };
                self.wrong(shown(), format!("{of} has {most} such keys"));
            }
            if lines > 0 && key.line > lines {
                let text = format!("the key is for line {}, and the phone has {lines}", key.line);
                self.wrong(shown(), text);
            }
        }
    }

    /// What the policy says to DHCP and files alike.
    fn network(&mut self, common: &Common) {
        if let Some((id, priority)) = common.vlan {
            let priority = priority.map(|priority| priority.to_string());
            for (field, value) in
                [("voice-vlan", Some(id.to_string())), ("voice-vlan-priority", priority)]
            {
                let fact = self.fact(field).filter(|fact| fact.absent.is_none());
                if let (Some(value), None) = (value, fact) {
                    let why = self.fact(field).and_then(|fact| fact.absent.as_deref());
                    let why = why.unwrap_or("no source names a parameter");
                    self.lose(field, None, Some(&value), why);
                }
            }
        }
        let room = match self.fact("time-servers").filter(|fact| fact.absent.is_none()) {
            None => 0,
            Some(fact) => fact.count.unwrap_or(1),
        };
        for server in common.time_servers.iter().skip(room) {
            let why = format!("there is room for {room}");
            self.lose("time-servers", None, Some(server), &why);
        }
    }
}

/// The fields that are filled in anywhere for a phone, a bit each.
pub(crate) fn said(phone: &Phone, common: &Values) -> u64 {
    phone
        .lines
        .iter()
        .fold(phone.values.said() | common.said(), |all, line| all | line.values.said())
}

/// Whether a field is filled in anywhere for a phone.
pub(crate) fn is_said(field: &str, common: &Values, phone: &Phone) -> bool {
    FieldIx::named(field).is_some_and(|at| said(phone, common) & at.bit() != 0)
}
