//! Texts that are a whole value, with or without NULs behind them, which never count.
//!
//! dnsmasq compares from the left and knows no end, so "these bytes and a NUL, and nothing behind" is two matchers and
//! a `tag-if` line, for each number of NULs. dnsmasq walks all such lines several times for each packet: texts of which no two fit
//! the same value share them.

use super::bytes::spell;
use super::lines::{Lines, not};

/// How many NULs may follow.
const NULS: usize = 4;

/// The bytes of a text, `None` for any byte.
type Bytes = Vec<Option<u8>>;

/// All such texts of one option, and the tag that each sets.
#[derive(Debug, Default)]
pub struct Wholes {
    /// No two of a group fit the same value.
    groups: Vec<Vec<(Bytes, String)>>,
}

impl Wholes {
    /// Takes a text, if dnsmasq can compare it.
    pub fn push(&mut self, text: Bytes, tag: &str) -> Result<(), String> {
        let mut longest = text.clone();
        longest.extend([Some(0); NULS]);
        longest.push(None);
        spell(&text).and_then(|_| spell(&longest))?;
        let fit = |other: &Bytes| {
            let mut pairs = text.iter().zip(other);
            pairs.all(|(a, b)| a.is_none() || b.is_none() || a == b)
        };
        let group = self.groups.iter_mut().find(|group| !group.iter().any(|(other, _)| fit(other)));
        match group {
            Some(group) => group.push((text, tag.to_owned())),
            None => self.groups.push(vec![(text, tag.to_owned())]),
        }
        Ok(())
    }

    /// Writes them all; `prefix` begins the names of the tags that they share.
    pub fn write(&self, prefix: &str, code: u8, lines: &mut Lines) -> Result<(), String> {
        for (number, group) in self.groups.iter().enumerate() {
            if let [(text, tag)] = &**group {
                whole(text, 0, code, (tag, &format!("{prefix}.x{number}")), lines)?;
                continue;
            }
            let shared = format!("{prefix}.x{number}");
            let begins = |tag: &str| format!("{tag}^{number}");
            let mut tags: Vec<&str> = Vec::new();
            for (text, tag) in group {
                lines.matches(&begins(tag), code, &spell(text)?);
                matchers(text, 0, code, &shared, lines)?;
                if !tags.contains(&&**tag) {
                    tags.push(tag);
                }
            }
            ends(0, &shared, &shared, lines);
            for tag in tags {
                lines.tag_if(&[tag], &[&shared, &begins(tag)]);
            }
        }
        Ok(())
    }
}

/// Sets `tag` where the value is these bytes and `least` or more NULs, up to [`NULS`]. `parts` begins the names of the
/// tags for that.
pub fn whole(
    bytes: &[Option<u8>],
    least: usize,
    code: u8,
    (tag, parts): (&str, &str),
    lines: &mut Lines,
) -> Result<(), String> {
    matchers(bytes, least, code, parts, lines)?;
    ends(least, tag, parts, lines);
    Ok(())
}

// No "=" in a tag: dnsmasq would cut DNSMASQ_TAGS there.
fn parts(prefix: &str, nuls: usize) -> (String, String) {
    (format!("{prefix}_{nuls}"), format!("{prefix}_{nuls}+"))
}

fn matchers(
    bytes: &[Option<u8>],
    least: usize,
    code: u8,
    prefix: &str,
    lines: &mut Lines,
) -> Result<(), String> {
    let mut value = bytes.to_vec();
    value.extend(std::iter::repeat_n(Some(0), least));
    for nuls in least..=NULS {
        let (this, longer) = parts(prefix, nuls);
        lines.matches(&this, code, &spell(&value)?);
        value.push(None);
        lines.matches(&longer, code, &spell(&value)?);
        value.pop();
        value.push(Some(0));
    }
    Ok(())
}

fn ends(least: usize, tag: &str, prefix: &str, lines: &mut Lines) {
    for nuls in least..=NULS {
        let (this, longer) = parts(prefix, nuls);
        lines.tag_if(&[tag], &[not(&longer), this]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Bytes {
        text.bytes().map(|byte| (byte != b'?').then_some(byte)).collect()
    }

    #[test]
    fn texts_of_which_no_two_fit_the_same_value_share_the_lines_for_their_ends() {
        let mut wholes = Wholes::default();
        for (whole, tag) in
            [("MSFT 5.0", "other"), ("dhcpcd", "other"), ("IP-T46S", "a"), ("IP-?30", "b")]
        {
            wholes.push(text(whole), tag).expect("dnsmasq can compare it");
        }
        let mut lines = Lines::default();
        wholes.write("oh60", 60, &mut lines).expect("it is written");
        assert_eq!(lines.chain.lines().count(), NULS + 1 + 3, "{}", lines.chain);
        assert_eq!(lines.matchers.lines().count(), 4 * (1 + 2 * (NULS + 1)), "{}", lines.matchers);
    }

    #[test]
    fn texts_that_may_fit_the_same_value_do_not_mix() {
        let mut wholes = Wholes::default();
        for (whole, tag) in [("IP-T46", "a"), ("IP-?46S", "b"), ("IP-T46\0", "c")] {
            wholes.push(text(whole), tag).expect("dnsmasq can compare it");
        }
        let mut lines = Lines::default();
        wholes.write("oh60", 60, &mut lines).expect("it is written");
        // "IP-T46S" begins with the first, and "IP-T46" with a NUL is the first and the third.
        assert_eq!(lines.chain.lines().count(), (NULS + 1) + (NULS + 1 + 2), "{}", lines.chain);
        assert!(
            lines.chain.contains("tag-if=set:a,tag:!oh60.x0_0+,tag:oh60.x0_0\n"),
            "{}",
            lines.chain
        );
    }

    #[test]
    fn what_dnsmasq_cannot_compare_is_refused() {
        let refused = Wholes::default().push(text("a"), "tag").expect_err("one byte");
        assert!(refused.contains("two or more"), "{refused}");
    }
}
