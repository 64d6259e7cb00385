//! Hardware addresses as dnsmasq's matchers: it takes wildcards for whole bytes only, so a range
//! becomes the fewest patterns that cover it and nothing else.

use offhook_core::Mac;
use offhook_core::catalogue::{Tables, VendorIx};

use super::heads::{Says, Sign, sign_tag};
use super::lines::Lines;

/// Writes the matchers of all address ranges. The signs are in the order in which they count: the
/// strong before the weak, the narrow before the wide.
pub fn render(tables: &Tables, lines: &mut Lines) -> Vec<Sign> {
    struct Range {
        first: u64,
        last: u64,
        says: Says,
        strong: bool,
    }
    let mut ranges = Vec::new();
    for (vendor, index) in tables.vendors.iter().zip(0u16..) {
        for rule in vendor.macs.iter() {
            let strong = rule.shared.is_none();
            let (vendor, variant) = (VendorIx(index), rule.variant);
            let says = Says::Phone { vendor, variant, weak: !strong };
            ranges.push(Range { first: rule.first, last: rule.last, says, strong });
        }
    }
    // How many wider ranges of its kind hold a range: those it wins over.
    let depth = |range: &Range| {
        let holds = |other: &&Range| {
            other.strong == range.strong
                && other.first <= range.first
                && range.last <= other.last
                && (other.first, other.last) != (range.first, range.last)
        };
        ranges.iter().filter(holds).count()
    };
    let mut signs: Vec<(usize, Sign)> = Vec::new();
    for range in &ranges {
        let depth = depth(range);
        let field = if depth == 0 { "mac".to_owned() } else { format!("mac{depth}") };
        let tag = sign_tag(tables, &field, range.says);
        for pattern in patterns(range.first, range.last) {
            lines.matcher(&format!("dhcp-mac=set:{tag},{pattern}"));
        }
        let tags = vec![tag];
        if !signs.iter().any(|(_, sign)| sign.tags == tags) {
            signs.push((depth, Sign { tags, says: range.says }));
        }
    }
    signs.sort_by_key(|(depth, sign)| (weak(sign.says), usize::MAX - depth));
    signs.into_iter().map(|(_, sign)| sign).collect()
}

fn weak(says: Says) -> bool {
    matches!(says, Says::Phone { weak: true, .. })
}

/// One address, for Ethernet only (without `01-` any hardware type would do).
pub fn one(mac: Mac) -> String {
    format!("01-{mac}")
}

/// The patterns that cover the addresses from `first` to `last`.
pub fn patterns(first: u64, last: u64) -> Vec<String> {
    let mut patterns = Vec::new();
    let mut at = first;
    while at <= last {
        // The widest block of whole bytes that begins here and does not reach beyond the end.
        let fits = |free: &u32| {
            let size = 1u64 << (8 * free);
            at.is_multiple_of(size) && size - 1 <= last - at
        };
        let free = (0..6u32).rev().find(fits).unwrap_or(0);
        let Mac(bytes) = Mac::from_number(at);
        let fixed = bytes.iter().take(6 - free as usize).map(|byte| format!("{byte:02x}"));
        let any = std::iter::repeat_n("*".to_owned(), free as usize);
        patterns.push(format!("01-{}", fixed.chain(any).collect::<Vec<_>>().join(":")));
        at += 1u64 << (8 * free);
    }
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_a_range_and_nothing_else() {
        assert_eq!(patterns(0x0015_6500_0000, 0x0015_65ff_ffff), ["01-00:15:65:*:*:*"]);
        let nibble = patterns(0x0050_c229_c000, 0x0050_c229_cfff);
        assert_eq!(nibble.len(), 16);
        assert_eq!(nibble[0], "01-00:50:c2:29:c0:*");
        assert_eq!(nibble[15], "01-00:50:c2:29:cf:*");
        assert_eq!(
            patterns(0x0000_0000_00fe, 0x0000_0000_0201),
            [
                "01-00:00:00:00:00:fe",
                "01-00:00:00:00:00:ff",
                "01-00:00:00:00:01:*",
                "01-00:00:00:00:02:00",
                "01-00:00:00:00:02:01"
            ]
        );
        assert_eq!(patterns(7, 7), ["01-00:00:00:00:00:07"]);
    }
}
