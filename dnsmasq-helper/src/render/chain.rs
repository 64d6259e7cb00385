//! Who the client is, as a chain of `tag-if` lines: the core's `recognise` in dnsmasq's words.
//!
//! The better sign comes first and sets `oh_done`; no lesser one counts then. This file holds the
//! order of the signs and nothing of what is sent to phones.
//!
//! dnsmasq walks all lines several times for each packet, and looks at a line's conditions from the last to the first,
//! each against the client's tags from the newest to the oldest. So what fails soonest for most clients is written last, and
//! `oh_done`, which once set ends most lines, is set last, by being written first.

use offhook_core::Mistakes;
use offhook_core::catalogue::{Field, Tables, VariantIx, VendorIx};

use super::heads::{self, Says, Sign, sign_tag};
use super::lines::{Lines, not};
use super::values::hex;
use super::{addresses, other_devices, tags};

/// Which class of equally treated phones an identity belongs to.
pub type ClassOf<'c> = dyn Fn(VendorIx, VariantIx) -> Option<String> + 'c;

/// Writes the matchers and the chain. `class_of` gives the tag of all phones that get
/// the same answer; `None` if it does not matter who they are.
pub fn render(tables: &Tables, class_of: &ClassOf<'_>, lines: &mut Lines, wrong: &mut Mistakes) {
    let class_signs = heads::render(tables, Field::VendorClass, lines, wrong);
    let steps = enterprises(tables, lines);
    let user_signs = heads::render(tables, Field::UserClass, lines, wrong);
    let mut name_signs = heads::render(tables, Field::HostName, lines, wrong);
    // Any device may choose any host name: it may help to recognise a phone, not hide one.
    name_signs.retain(|sign| sign.says != Says::NoPhone);
    let address_signs = addresses::render(tables, lines);

    let texts: Vec<&[Sign]> = std::iter::once(&*class_signs)
        .chain(steps.iter().map(Vec::as_slice))
        .chain([&*user_signs, &*name_signs])
        .collect();
    other_devices::render(tables, lines, wrong);
    let mut chain = Chain { tables, class_of, lines, without: Vec::new() };
    for step in &texts {
        chain.strong(step, &not(tags::DONE));
    }
    other_devices::decide(chain.lines);
    chain.strong(&address_signs, &not(tags::DOUBTFUL));
    chain.weak_pairs(&texts, &address_signs);
    chain.classes();
}

/// Enterprise numbers: in option 60's RFC 3925 form, in the first block of 124, in a later one, in
/// the first of 125. dnsmasq finds no later block of 125, nor one of 124 that has no data.
fn enterprises(tables: &Tables, lines: &mut Lines) -> Vec<Vec<Sign>> {
    let mut steps = vec![Vec::new(); 4];
    for (vendor, index) in tables.vendors.iter().zip(0u16..) {
        for rule in vendor.rules.iter() {
            let Some(number) = rule.number else { continue };
            let says = heads::says(rule, VendorIx(index));
            for (step, field) in steps.iter_mut().zip(["60e", "124", "124l", "125"]) {
                let tag = sign_tag(tables, field, says);
                if enterprise(number, field, &tag, lines) {
                    step.push(Sign { tags: vec![tag], says });
                }
            }
        }
    }
    steps
}

fn enterprise(enterprise: u32, field: &str, tag: &str, lines: &mut Lines) -> bool {
    let number = hex(&enterprise.to_be_bytes());
    match field {
        // Only a value that begins with a NUL is read in this form.
        "60e" if enterprise >> 24 == 0 => lines.matches(tag, 60, &number),
        "60e" => return false,
        "124l" => lines.matcher(&format!("dhcp-match=set:{tag},vi-encap:{enterprise}")),
        "124" => lines.matches(tag, 124, &number),
        _ => lines.matches(tag, 125, &number),
    }
    true
}

struct Chain<'c> {
    tables: &'c Tables,
    class_of: &'c ClassOf<'c>,
    lines: &'c mut Lines,
    /// Vendors of which some sign so far names no variant.
    without: Vec<VendorIx>,
}

impl Chain<'_> {
    /// What is set when a sign decides.
    fn decides(&self, vendor: VendorIx, variant: VariantIx) -> Vec<String> {
        let mut set =
            vec![tags::DONE.to_owned(), tags::PHONE.to_owned(), tags::vendor(self.tables, vendor)];
        if self.tables.at(vendor).variants.is_empty() {
            set.extend((self.class_of)(vendor, VariantIx::NONE));
        }
        if !variant.is_none() {
            set.push(tags::variant(self.tables, vendor, variant));
            set.push(tags::some_variant(self.tables, vendor));
        }
        set
    }

    /// `unless`: a condition that every sign of this step needs.
    fn strong(&mut self, step: &[Sign], unless: &str) {
        let undecided = not(tags::DONE);
        for sign in step {
            let mut conditions: Vec<&str> = sign.tags.iter().map(String::as_str).collect();
            if unless != undecided {
                conditions.insert(0, unless);
            }
            conditions.push(&undecided);
            match sign.says {
                Says::NoPhone => self.lines.tag_if(&[tags::DONE], &conditions),
                Says::Phone { vendor, variant, weak: false } => {
                    self.lines.tag_if(&self.decides(vendor, variant), &conditions);
                }
                Says::Phone { .. } => {}
            }
        }
        self.variants(step);
    }

    /// Where the sign that decided names no variant, the first strong one of the vendor behind it that has one says it.
    fn variants(&mut self, step: &[Sign]) {
        for sign in step {
            let Says::Phone { vendor, variant, weak: false } = sign.says else { continue };
            if variant.is_none() {
                self.without.push(vendor);
            } else if self.without.contains(&vendor) {
                let known = tags::some_variant(self.tables, vendor);
                let mut conditions = vec![not(&known)];
                conditions.extend(sign.tags.iter().cloned());
                conditions.push(tags::vendor(self.tables, vendor));
                let set = [tags::variant(self.tables, vendor, variant), known];
                self.lines.tag_if(&set, &conditions);
            }
        }
    }

    /// Two weak signs of one vendor decide; two address ranges are one sign, not two.
    fn weak_pairs(&mut self, texts: &[&[Sign]], addresses: &[Sign]) {
        for (at, step) in texts.iter().enumerate() {
            for first in step.iter() {
                let later = texts.iter().skip(at + 1).copied().flatten();
                later.for_each(|second| self.pair(first, second, false));
                // An address that has not decided alone is a weak sign, shared or not.
                addresses.iter().for_each(|second| self.pair(first, second, true));
            }
        }
    }

    fn pair(&mut self, first: &Sign, second: &Sign, address: bool) {
        let (
            Says::Phone { vendor, variant, weak: true },
            Says::Phone { vendor: other, variant: second_variant, weak },
        ) = (first.says, second.says)
        else {
            return;
        };
        if vendor != other || !(weak || address) {
            return;
        }
        let undecided = not(tags::DONE);
        let tags = second.tags.iter().chain(&first.tags).chain([&undecided]);
        let conditions: Vec<&String> = tags.collect();
        self.lines.tag_if(&self.decides(vendor, variant.or(second_variant)), &conditions);
    }

    /// The classes of vendors that have variants.
    fn classes(&mut self) {
        for (vendor, index) in self.tables.vendors.iter().zip(0u16..) {
            if vendor.variants.is_empty() {
                continue;
            }
            let at = VendorIx(index);
            for variant in vendor.columns() {
                let Some(class) = (self.class_of)(at, variant) else { continue };
                let which = variant_condition(self.tables, at, variant);
                self.lines.tag_if(&[class], &[which, tags::vendor(self.tables, at)]);
            }
        }
    }
}

/// The condition for a variant of a vendor, once the vendor is known.
pub fn variant_condition(tables: &Tables, vendor: VendorIx, variant: VariantIx) -> String {
    match variant {
        VariantIx::NONE => not(&tags::some_variant(tables, vendor)),
        some => tags::variant(tables, vendor, some),
    }
}
