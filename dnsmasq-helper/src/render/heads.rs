//! The heads of the catalogue's texts (options 60, 77 and 12) as dnsmasq's matchers.
//!
//! The catalogue says: the longest head wins, trailing NULs never count, a `?` is any byte, a head
//! may be the whole value. dnsmasq compares bytes from the left, with `*` for any byte; what it
//! cannot say in one line becomes several lines and a `tag-if` that excludes the longer heads.

use std::collections::BTreeSet;

use offhook_core::Mistakes;
use offhook_core::catalogue::{Field, Rule, Tables, VariantIx, VendorIx};
use offhook_core::text::printable;

use super::bytes::spell;
use super::lines::{Lines, not};
use super::whole::{Wholes, whole};

/// What a sign says. Signs that say the same share a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Says {
    /// This is not a phone.
    NoPhone,
    Phone {
        vendor: VendorIx,
        variant: VariantIx,
        weak: bool,
    },
}

/// What a client shows, and what that says of it.
#[derive(Debug, Clone)]
pub struct Sign {
    /// The client has all of them.
    pub tags: Vec<String>,
    pub says: Says,
}

/// More exclusions than this become a tag of their own, so that no line grows too long.
const EXCLUSIONS: usize = 12;

pub fn says(rule: &Rule, vendor: VendorIx) -> Says {
    match rule.phone {
        false => Says::NoPhone,
        true => Says::Phone { vendor, variant: rule.variant, weak: rule.weak },
    }
}

/// The tag of a sign in this field.
pub fn sign_tag(tables: &Tables, field: &str, says: Says) -> String {
    match says {
        Says::NoPhone => format!("oh{field}.no"),
        Says::Phone { vendor, variant, weak } => {
            let mark = if weak { "w" } else { "" };
            let vendor = tables.at(vendor);
            let variant = vendor.variant_name(variant).map(|name| format!(".{name}"));
            format!("oh{field}{mark}.{}{}", vendor.id, variant.unwrap_or_default())
        }
    }
}

/// Writes a matcher for a plain text: option 60 or 77 begins with it.
pub fn text(head: &[u8], code: u8, tag: &str, lines: &mut Lines) -> Result<(), String> {
    let bytes: Vec<Option<u8>> = head.iter().copied().map(Some).collect();
    if code == 77 {
        let piece: Vec<Option<u8>> = std::iter::once(None).chain(bytes.clone()).collect();
        lines.matches(tag, code, &spell(&piece)?);
    }
    lines.matches(tag, code, &spell(&bytes)?);
    Ok(())
}

struct Head<'t> {
    rule: &'t Rule,
    vendor: VendorIx,
    says: Says,
    /// Longer heads that say something else, by position.
    outdone_by: Vec<usize>,
}

impl Head<'_> {
    /// It has a tag of its own.
    fn is_outdone(&self) -> bool {
        !self.outdone_by.is_empty()
    }
}

/// Writes the matchers of a field; hands back its signs, each once.
pub fn render(tables: &Tables, field: Field, lines: &mut Lines, wrong: &mut Mistakes) -> Vec<Sign> {
    let (name, code) = match field {
        Field::VendorClass => ("60", 60),
        Field::UserClass => ("77", 77),
        Field::HostName => ("12", 12),
        Field::Enterprise => return Vec::new(),
    };
    let heads = collect(tables, field);
    let own = |at: usize| format!("oh{name}.{}", at + 1);
    let tag = |at: usize, head: &Head<'_>| match head.is_outdone() {
        true => own(at),
        false => sign_tag(tables, name, head.says),
    };
    let mut signs: Vec<Sign> = Vec::new();
    let mut wholes = Wholes::default();
    for (at, head) in heads.iter().enumerate() {
        let sign = Sign { tags: vec![sign_tag(tables, name, head.says)], says: head.says };
        let (tag, parts) = (tag(at, head), own(at));
        let written = match field {
            Field::HostName => host_name(head.rule, &parts, lines).map(|both| {
                let alone = heads.iter().filter(|other| other.says == head.says).count() == 1;
                if alone && !head.is_outdone() {
                    signs.push(Sign { tags: both.to_vec(), says: head.says });
                } else {
                    lines.tag_if(&[tag], &both);
                }
            }),
            Field::UserClass => user_class(head.rule, &tag, &parts, lines),
            _ if head.rule.exact => wholes.push(bytes(head.rule).collect(), &tag),
            _ => from_left(&[], head.rule, code, (&tag, &parts), lines),
        };
        if let Err(text) = written {
            wrong.push(format!("vendors/{}", tables.at(head.vendor).id), text);
        }
        if !signs.iter().any(|sign| sign.says == head.says) {
            signs.push(sign);
        }
    }
    if let Err(text) = wholes.write(&format!("oh{name}"), code, lines) {
        wrong.push("vendors", text);
    }
    for (at, head) in heads.iter().enumerate().filter(|(_, head)| head.is_outdone()) {
        let longer = head.outdone_by.iter().filter_map(|at| Some(tag(*at, heads.get(*at)?)));
        let longer: BTreeSet<String> = longer.collect();
        let mut tags: Vec<String> = Vec::new();
        if longer.len() > EXCLUSIONS {
            let some = format!("{}+", own(at));
            for tag in longer {
                lines.tag_if(&[&some], &[&tag]);
            }
            tags.push(not(&some));
        } else {
            tags.extend(longer.iter().map(|tag| not(tag)));
        }
        tags.push(own(at));
        lines.tag_if(&[sign_tag(tables, name, head.says)], &tags);
    }
    signs
}

fn collect(tables: &Tables, field: Field) -> Vec<Head<'_>> {
    let mut heads = Vec::new();
    for (vendor, index) in tables.vendors.iter().zip(0u16..) {
        for rule in vendor.rules.iter().filter(|rule| rule.field == field) {
            let vendor = VendorIx(index);
            // A host name hides no phone: one that says "no phone" only keeps shorter ones out.
            let says = says(rule, vendor);
            heads.push(Head { rule, vendor, says, outdone_by: Vec::new() });
        }
    }
    exclude(&mut heads);
    heads
}

/// Finds which heads exclude which. One that is excluded has a tag of its own, and its sign's only where no longer head
/// fits; the sign of a longer one can keep it out, since a shorter head with that sign is excluded by it in turn.
fn exclude(heads: &mut [Head<'_>]) {
    let mut all = Vec::with_capacity(heads.len());
    for head in heads.iter() {
        let longer = heads.iter().enumerate();
        let longer = longer.filter(|(_, o)| o.says != head.says && outdoes(o.rule, head.rule));
        all.push(longer.map(|(at, _)| at).collect::<Vec<usize>>());
    }
    for (head, longer) in heads.iter_mut().zip(all) {
        head.outdone_by = longer;
    }
}

/// Whether `longer` wins over `shorter` in a value that both fit.
fn outdoes(longer: &Rule, shorter: &Rule) -> bool {
    let weight = |rule: &Rule| rule.head.len() * 2 + usize::from(rule.exact);
    if weight(longer) <= weight(shorter)
        || (shorter.exact && longer.head.len() > shorter.head.len())
    {
        return false;
    }
    bytes(longer).zip(bytes(shorter)).all(|(a, b)| a.is_none() || b.is_none() || a == b)
}

/// The head's bytes; `None` is any byte.
fn bytes(rule: &Rule) -> impl DoubleEndedIterator<Item = Option<u8>> + '_ {
    rule.head.iter().enumerate().map(|(at, byte)| match rule.any.get(at) {
        Some(1) => None,
        _ => Some(*byte),
    })
}

/// A head by its bytes from the left. `parts` begins the names of the tags that this head alone has.
fn from_left(
    before: &[Option<u8>],
    rule: &Rule,
    code: u8,
    (tag, parts): (&str, &str),
    lines: &mut Lines,
) -> Result<(), String> {
    let head: Vec<Option<u8>> = before.iter().copied().chain(bytes(rule)).collect();
    if rule.exact {
        return whole(&head, 0, code, (tag, parts), lines);
    }
    match head.split_last() {
        // Where the last byte may be a NUL that does not count, the value may be too short.
        Some((None | Some(0), shorter)) => {
            let (fits, cut) = (format!("{parts}<"), format!("{parts}>"));
            lines.matches(&fits, code, &spell(&head)?);
            whole(shorter, 1, code, (&cut, &format!("{parts}-")), lines)?;
            lines.tag_if(&[tag], &[not(&cut), fits]);
        }
        _ => lines.matches(tag, code, &spell(&head)?),
    }
    Ok(())
}

/// Option 77: the whole value, or the first of its texts, each behind its length (RFC 3004).
fn user_class(rule: &Rule, tag: &str, parts: &str, lines: &mut Lines) -> Result<(), String> {
    from_left(&[], rule, 77, (tag, parts), lines)?;
    if rule.exact {
        let mut value = vec![u8::try_from(rule.head.len()).ok()];
        value.extend(bytes(rule));
        lines.matches(tag, 77, &spell(&value)?);
    } else {
        from_left(&[None], rule, 77, (tag, &format!("{parts}/")), lines)?;
    }
    Ok(())
}

/// Option 12 has no byte matcher in dnsmasq: a text is searched anywhere in it, a name's beginning
/// without regard to case. Both together say nearly what the head says; their tags.
fn host_name(rule: &Rule, parts: &str, lines: &mut Lines) -> Result<[String; 2], String> {
    let literal: Vec<u8> = bytes(rule).map_while(|byte| byte).collect();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if literal.is_empty() || !literal.iter().all(plain) {
        return Err(format!(
            "the host name {:?}: dnsmasq can only search letters, digits, \"-\" and \"_\" in host \
             names; take the rule out",
            printable(&rule.head)
        ));
    }
    let text = String::from_utf8_lossy(&literal);
    let (within, begins) = (format!("{parts}~"), format!("{parts}^"));
    lines.matches(&within, 12, &format!("\"{text}\""));
    let more = if rule.exact { "" } else { "*" };
    lines.matcher(&format!("dhcp-name-match=set:{begins},{text}{more}"));
    Ok([within, begins])
}
