//! The heads of the catalogue's texts (options 60, 77 and 12) as dnsmasq's matchers.
//!
//! The catalogue says: the longest head wins, trailing NULs never count, a `?` is any byte, a head
//! may be the whole value. dnsmasq compares bytes from the left, with `*` for any byte; what it
//! cannot say in one line becomes several lines and a `tag-if` that excludes the longer heads.

use offhook_core::Mistakes;
use offhook_core::catalogue::{Field, Rule, Tables, VariantIx, VendorIx};
use offhook_core::text::printable;

use super::lines::{Lines, not};

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

/// A tag, and what it says of the client.
#[derive(Debug, Clone)]
pub struct Sign {
    pub tag: String,
    pub says: Says,
}

/// How many NULs may follow a text that must be the whole value.
const NULS: usize = 4;
/// dnsmasq keeps the places of its wildcards in 32 bits, counted from the pattern's end.
const WILDCARDS_REACH: usize = 32;
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

/// Writes a matcher for a plain text: option 60 or 77 begins with it, or is it.
pub fn text(
    head: &[u8],
    exact: bool,
    code: u8,
    tag: &str,
    lines: &mut Lines,
) -> Result<(), String> {
    let bytes: Vec<Option<u8>> = head.iter().copied().map(Some).collect();
    match (code, exact) {
        (77, true) => return Err("a whole option 77 is not supported here".to_owned()),
        (77, false) => {
            let piece: Vec<Option<u8>> = std::iter::once(None).chain(bytes.clone()).collect();
            lines.matches(tag, code, &spell(&piece)?);
            lines.matches(tag, code, &spell(&bytes)?);
        }
        (_, true) => whole(&bytes, 0, code, tag, tag, lines)?,
        (_, false) => lines.matches(tag, code, &spell(&bytes)?),
    }
    Ok(())
}

struct Head<'t> {
    rule: &'t Rule,
    vendor: VendorIx,
    says: Says,
    /// 0 for a head that needs no tag of its own.
    number: usize,
    /// Longer heads that say something else, by position.
    outdone_by: Vec<usize>,
}

/// Writes the matchers of a field; hands back its signs, each once.
pub fn render(tables: &Tables, field: Field, lines: &mut Lines, wrong: &mut Mistakes) -> Vec<Sign> {
    let (name, code) = match field {
        Field::VendorClass => ("60", 60),
        Field::UserClass => ("77", 77),
        Field::HostName => ("12", 12),
        Field::Enterprise => return Vec::new(),
    };
    let mut heads = collect(tables, field);
    number(field, &mut heads);
    let mut signs: Vec<Sign> = Vec::new();
    for head in &heads {
        let sign = sign_tag(tables, name, head.says);
        let own = match head.number {
            0 => sign.clone(),
            number => format!("oh{name}.{number}"),
        };
        let place = || format!("vendors/{}", tables.at(head.vendor).id);
        let written = match field {
            Field::HostName => host_name(head.rule, &own, lines),
            Field::UserClass => user_class(head.rule, &own, lines),
            _ => pattern(head.rule, code, &own, lines),
        };
        if let Err(text) = written {
            wrong.push(place(), text);
        }
    }
    for head in heads.iter().filter(|head| head.number > 0) {
        let sign = sign_tag(tables, name, head.says);
        let mut tags = vec![format!("oh{name}.{}", head.number)];
        let longer = head.outdone_by.iter().filter_map(|at| heads.get(*at));
        let longer: Vec<String> = longer.map(|h| format!("oh{name}.{}", h.number)).collect();
        if longer.len() > EXCLUSIONS {
            let some = format!("oh{name}.{}+", head.number);
            for tag in longer {
                lines.tag_if(&[&some], &[&tag]);
            }
            tags.push(not(&some));
        } else {
            tags.extend(longer.iter().map(|tag| not(tag)));
        }
        lines.tag_if(&[&sign], &tags);
    }
    for head in &heads {
        if !signs.iter().any(|sign| sign.says == head.says) {
            signs.push(Sign { tag: sign_tag(tables, name, head.says), says: head.says });
        }
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
            heads.push(Head { rule, vendor, says, number: 0, outdone_by: Vec::new() });
        }
    }
    heads
}

/// Finds which heads exclude which, and numbers those that take part.
fn number(field: Field, heads: &mut [Head<'_>]) {
    let mut taking_part = vec![false; heads.len()];
    let mut all = Vec::with_capacity(heads.len());
    for (at, head) in heads.iter().enumerate() {
        let longer: Vec<usize> = heads
            .iter()
            .enumerate()
            .filter(|(_, other)| other.says != head.says && outdoes(other.rule, head.rule))
            .map(|(position, _)| position)
            .collect();
        let of_parts = field != Field::VendorClass || in_parts(head.rule);
        for position in longer.iter().chain((of_parts || !longer.is_empty()).then_some(&at)) {
            if let Some(slot) = taking_part.get_mut(*position) {
                *slot = true;
            }
        }
        all.push(longer);
    }
    let mut next = 0;
    for ((head, longer), taking_part) in heads.iter_mut().zip(all).zip(taking_part) {
        head.outdone_by = longer;
        if taking_part {
            next += 1;
            head.number = next;
        }
    }
}

/// Whether it takes several matchers to say a head, which must not mix with another head's.
fn in_parts(rule: &Rule) -> bool {
    rule.exact || matches!(bytes(rule).next_back(), Some(None | Some(0)))
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

fn spell(bytes: &[Option<u8>]) -> Result<String, String> {
    if let [_] | [] = bytes {
        return Err(format!(
            "a head of {} byte: dnsmasq compares two or more from the left; make it longer",
            bytes.len()
        ));
    }
    let far = bytes.len().saturating_sub(WILDCARDS_REACH);
    if bytes.iter().take(far).any(Option::is_none) {
        return Err(format!(
            "a head with \"?\" more than {WILDCARDS_REACH} bytes before its end: dnsmasq cannot compare \
             it; shorten it behind the \"?\""
        ));
    }
    let byte =
        |byte: &Option<u8>| byte.map_or_else(|| "*".to_owned(), |byte| format!("{byte:02x}"));
    Ok(bytes.iter().map(byte).collect::<Vec<_>>().join(":"))
}

/// A head by its bytes from the left.
fn pattern(rule: &Rule, code: u8, tag: &str, lines: &mut Lines) -> Result<(), String> {
    from_left(&[], rule, code, tag, lines)
}

fn from_left(
    before: &[Option<u8>],
    rule: &Rule,
    code: u8,
    tag: &str,
    lines: &mut Lines,
) -> Result<(), String> {
    let head: Vec<Option<u8>> = before.iter().copied().chain(bytes(rule)).collect();
    if rule.exact {
        return whole(&head, 0, code, tag, tag, lines);
    }
    match head.split_last() {
        // Where the last byte may be a NUL that does not count, the value may be too short.
        Some((None | Some(0), shorter)) => {
            lines.matches(&format!("{tag}<"), code, &spell(&head)?);
            let cut = format!("{tag}>");
            whole(shorter, 1, code, &cut, &format!("{tag}-"), lines)?;
            lines.tag_if(&[tag], &[format!("{tag}<"), not(&cut)]);
        }
        _ => lines.matches(tag, code, &spell(&head)?),
    }
    Ok(())
}

/// Sets `tag` where the value is these bytes and `least` or more NULs, up to [`NULS`].
fn whole(
    bytes: &[Option<u8>],
    least: usize,
    code: u8,
    tag: &str,
    prefix: &str,
    lines: &mut Lines,
) -> Result<(), String> {
    let mut value = bytes.to_vec();
    value.extend(std::iter::repeat_n(Some(0), least));
    for nuls in least..=NULS {
        // No "=" in a tag: dnsmasq would cut DNSMASQ_TAGS there.
        let (this, longer) = (format!("{prefix}_{nuls}"), format!("{prefix}_{nuls}+"));
        lines.matches(&this, code, &spell(&value)?);
        value.push(None);
        lines.matches(&longer, code, &spell(&value)?);
        value.pop();
        value.push(Some(0));
        lines.tag_if(&[tag], &[this, not(&longer)]);
    }
    Ok(())
}

/// Option 77: the whole value, or the first of its texts, each behind its length (RFC 3004).
fn user_class(rule: &Rule, tag: &str, lines: &mut Lines) -> Result<(), String> {
    from_left(&[], rule, 77, tag, lines)?;
    let piece = format!("{tag}/");
    if rule.exact {
        let mut value = vec![u8::try_from(rule.head.len()).ok()];
        value.extend(bytes(rule));
        lines.matches(&piece, 77, &spell(&value)?);
    } else {
        from_left(&[None], rule, 77, &piece, lines)?;
    }
    lines.tag_if(&[tag], &[&piece]);
    Ok(())
}

/// Option 12 has no byte matcher in dnsmasq: a text is searched anywhere in it, a name's beginning
/// without regard to case. Both together say nearly what the head says.
fn host_name(rule: &Rule, tag: &str, lines: &mut Lines) -> Result<(), String> {
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
    let (within, begins) = (format!("{tag}~"), format!("{tag}^"));
    lines.matches(&within, 12, &format!("\"{text}\""));
    let more = if rule.exact { "" } else { "*" };
    lines.matcher(&format!("dhcp-name-match=set:{begins},{text}{more}"));
    lines.tag_if(&[tag], &[within, begins]);
    Ok(())
}
