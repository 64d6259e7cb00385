//! What a policy says of single models of a maker, and which of it holds for a model that a packet names.

use super::{Layer, Policy, Site};
use crate::catalogue::VendorIx;

/// A vendor's entry may tell this many models apart: each is compiled for every site.
pub(super) const MOST_MODELS: usize = 100;

/// The entry of one model, or of all that begin alike.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelLayer {
    /// As it is written: `T42S`, or `T46*`.
    pub name: String,
    /// What it says.
    pub layer: Layer,
}

impl ModelLayer {
    /// What models begin with (`true`) or are.
    fn pattern(&self) -> (&str, bool) {
        match self.name.strip_suffix('*') {
            Some(head) => (head, true),
            None => (&self.name, false),
        }
    }

    /// Whether the entry holds for a model. Case does not count, and letters with a `-` at a model's
    /// beginning may be left out: `T42S` is `SIP-T42S`.
    pub fn holds(&self, model: &[u8]) -> bool {
        let (head, open) = self.pattern();
        spellings(model).any(|model| match open {
            true => starts(model, head.as_bytes()),
            false => model.eq_ignore_ascii_case(head.as_bytes()),
        })
    }

    /// Whether some model may fall under both entries.
    fn meets(&self, other: &ModelLayer) -> bool {
        let ((a, a_open), (b, b_open)) = (self.pattern(), other.pattern());
        // The beginning of what another entry may leave out.
        let word = |text: &str, open: bool| {
            let text = text.strip_suffix('-').unwrap_or(text);
            open && text.bytes().all(|c| c.is_ascii_alphabetic())
        };
        word(a, a_open)
            || word(b, b_open)
            || spellings(a.as_bytes()).any(|a| {
                spellings(b.as_bytes()).any(|b| {
                    (a.len() == b.len() || (if a.len() < b.len() { a_open } else { b_open }))
                        && (starts(a, b) || starts(b, a))
                })
            })
    }
}

fn starts(text: &[u8], head: &[u8]) -> bool {
    text.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head))
}

/// A model as it is, and without the letters and `-` that it may begin with.
fn spellings(model: &[u8]) -> impl Iterator<Item = &[u8]> {
    let dash = model.iter().position(|byte| *byte == b'-').filter(|at| *at > 0);
    let letters = dash.filter(|at| model.iter().take(*at).all(u8::is_ascii_alphabetic));
    let rest = letters.and_then(|at| model.get(at + 1..)).filter(|rest| !rest.is_empty());
    std::iter::once(model).chain(rest)
}

/// Which entries of models hold for a phone: the vendor's, and that of its site's entry for the vendor.
#[derive(Debug, Clone, Copy, Default)]
pub struct Models<'p> {
    /// Of the vendor's entry at the top level.
    pub top: Option<&'p ModelLayer>,
    /// Of the site's entry for the vendor.
    pub site: Option<&'p ModelLayer>,
}

/// Which they are, by their positions.
pub type ModelsAt = (Option<u16>, Option<u16>);

impl Policy {
    /// The entries for a model that a packet names: of each level the one with the longest match.
    pub fn models_at(&self, site: Option<&Site>, vendor: VendorIx, model: &[u8]) -> ModelsAt {
        let best = |all: &[ModelLayer]| {
            let holding = all.iter().zip(0u16..).filter(|(entry, _)| entry.holds(model));
            let weight = |entry: &ModelLayer| {
                let (head, open) = entry.pattern();
                (head.len(), !open)
            };
            holding.max_by_key(|(entry, _)| weight(entry)).map(|(_, at)| at)
        };
        if model.is_empty() {
            return (None, None);
        }
        let of_site = site.map(|site| site.scope.models(vendor)).unwrap_or_default();
        (best(self.top.models(vendor)), best(of_site))
    }

    /// The entries at these positions.
    pub fn models<'p>(
        &'p self,
        site: Option<&'p Site>,
        vendor: VendorIx,
        (top, at_site): ModelsAt,
    ) -> Models<'p> {
        let of_site = site.map(|site| site.scope.models(vendor)).unwrap_or_default();
        Models {
            top: top.and_then(|at| self.top.models(vendor).get(usize::from(at))),
            site: at_site.and_then(|at| of_site.get(usize::from(at))),
        }
    }

    /// Whether anything is said of single models of a maker.
    pub fn tells_models(&self, vendor: VendorIx) -> bool {
        let mut scopes =
            std::iter::once(&self.top).chain(self.sites.iter().map(|site| &site.scope));
        scopes.any(|scope| !scope.models(vendor).is_empty())
    }

    /// Every pair of entries that may hold for one model, but for the pair of none.
    pub(crate) fn model_pairs(&self, site: Option<&Site>, vendor: VendorIx) -> Vec<ModelsAt> {
        let top = self.top.models(vendor);
        let of_site = site.map(|site| site.scope.models(vendor)).unwrap_or_default();
        let mut pairs = Vec::new();
        for (entry, at) in top.iter().zip(0u16..) {
            pairs.push((Some(at), None));
            let both = of_site.iter().zip(0u16..).filter(|(other, _)| entry.meets(other));
            pairs.extend(both.map(|(_, site)| (Some(at), Some(site))));
        }
        pairs.extend(of_site.iter().zip(0u16..).map(|(_, site)| (None, Some(site))));
        pairs.sort_unstable();
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> ModelLayer {
        ModelLayer { name: name.to_owned(), layer: Layer::default() }
    }

    #[test]
    fn a_model_is_found_by_its_name_or_its_beginning() {
        for (name, model, holds) in [
            ("T42S", "SIP-T42S", true),
            ("t42s", "T42S", true),
            ("SIP-T42S", "SIP-T42S", true),
            ("T42S", "SIP-T42SX", false),
            ("T46*", "SIP-T46S", true),
            ("SIP-T4*", "SIP-T46S", true),
            ("T46*", "T46", true),
            ("T46*", "T4", false),
            ("VVX*", "VVX-D230", true),
            ("D230", "VVX-D230", true),
            ("*", "8841", true),
            ("8841*", "CP-8841-3PCC", true),
            ("MPP", "ATA191-MPP", false),
            ("x", "SIP-", false),
        ] {
            assert_eq!(entry(name).holds(model.as_bytes()), holds, "{name} and {model}");
        }
    }

    #[test]
    fn entries_that_may_hold_for_one_model_meet() {
        let names =
            ["T42S", "SIP-T42S", "T4*", "SIP-T4*", "S*", "SIP-*", "*", "T46*", "8841", "T", "SIP*"];
        let models =
            ["T42S", "SIP-T42S", "SIP-T46S", "T4", "8841", "CP-8841", "T", "SIP-T", "SIPX"];
        for a in names {
            for b in names {
                let both = |model: &str| -> bool {
                    entry(a).holds(model.as_bytes()) && entry(b).holds(model.as_bytes())
                };
                if models.into_iter().any(both) {
                    assert!(entry(a).meets(&entry(b)), "{a} and {b}");
                }
            }
        }
        assert!(!entry("T42S").meets(&entry("T46*")) && !entry("T42S").meets(&entry("T42")));
    }
}
