//! Rules: an answer, a tag for it, and the lines that send it. Equal answers are one rule.

use std::collections::HashMap;

use offhook_core::catalogue::{Tables, VariantIx, VendorIx};

use super::answer::{Answer, Line};
use super::lines::{Lines, not};
use super::{tags, values};

/// All answers so far; their numbers are in the rule tags.
#[derive(Debug, Default)]
pub struct Rules {
    numbers: HashMap<Answer, u32>,
    answers: Vec<Answer>,
}

impl Rules {
    pub fn number(&mut self, answer: Answer) -> u32 {
        let next = u32::try_from(self.answers.len()).unwrap_or(u32::MAX);
        let answers = &mut self.answers;
        *self.numbers.entry(answer).or_insert_with_key(|answer| {
            answers.push(answer.clone());
            next
        })
    }

    pub fn len(&self) -> usize {
        self.answers.len()
    }

    pub fn get(&self, number: u32) -> Option<&Answer> {
        self.answers.get(number as usize)
    }

    /// Whether some rule's general word is (not) "requested".
    pub fn any(&self, requested: bool) -> bool {
        self.answers.iter().any(|answer| answer.requested == requested)
    }

    /// The option lines of every rule.
    pub fn write(&self, lines: &mut Lines, asked: &mut Asked) {
        for (number, answer) in (0u32..).zip(&self.answers) {
            let tag = tags::rule(number);
            options(&[&tag], &tag, answer.options.iter(), lines, asked);
            if let Some(address) = answer.next_server {
                let option = "option:server-ip-address";
                lines.option(&[&tag], false, option, &address.to_string());
            }
        }
    }
}

/// Codes for which a matcher on option 55 is needed.
#[derive(Debug, Default)]
pub struct Asked(std::collections::BTreeSet<u8>);

impl Asked {
    pub fn write(&self, lines: &mut Lines) {
        if !self.0.is_empty() {
            lines.matcher("dhcp-match=set:oh_asks,55");
        }
        for code in &self.0 {
            lines.matcher(&format!("dhcp-match=set:oh_asks{code},55,{code}b"));
        }
    }
}

/// dnsmasq puts the options of later lines into the packet first; where room runs out, these stay.
const VITAL: [u8; 7] = [150, 114, 159, 160, 67, 43, 66];

/// Lines that send these options to clients with all of `tags`; other tags need another `name`.
pub fn options<'l>(
    tags: &[&str],
    name: &str,
    options: impl Iterator<Item = &'l Line>,
    lines: &mut Lines,
    asked: &mut Asked,
) {
    let mut options: Vec<&Line> = options.collect();
    options.sort_by_key(|line| {
        let vital = VITAL.iter().position(|code| *code == line.code);
        (vital.map_or(0, |at| at + 1), line.code)
    });
    let claims_nothing = not(tags::CLAIMS);
    for line in options {
        let code = line.code.to_string();
        let guarded = line.token.then_some(claims_nothing.as_str());
        if line.requested && values::NUL_ENDED.contains(&line.code) {
            // Unasked for, dnsmasq would put these two into the header's fields instead.
            asked.0.insert(line.code);
            let sent = format!("{name}q{code}");
            let with = |more: String| {
                let own = tags.iter().map(|tag| (*tag).to_owned());
                own.chain([more]).collect::<Vec<_>>()
            };
            lines.tag_if(&[&sent], &with(format!("oh_asks{code}")));
            lines.tag_if(&[&sent], &with(not("oh_asks")));
            let tags: Vec<&str> = [sent.as_str()].into_iter().chain(guarded).collect();
            lines.option(&tags, true, &code, &line.value);
        } else {
            let force = !line.requested && !line.value.is_empty();
            let tags: Vec<&str> = tags.iter().copied().chain(guarded).collect();
            lines.option(&tags, force, &code, &line.value);
        }
    }
}

/// Which rule answers: for each site (none first), for each identity.
#[derive(Debug, Default)]
pub struct Table {
    /// Position of a vendor's first identity in a row.
    offsets: Vec<usize>,
    width: usize,
    cells: Vec<Option<u32>>,
}

impl Table {
    pub fn new(tables: &Tables, sites: usize) -> Table {
        let (mut offsets, mut width) = (Vec::new(), 0);
        for vendor in &tables.vendors {
            offsets.push(width);
            width += 1 + vendor.variants.len();
        }
        Table { offsets, width, cells: vec![None; width * (sites + 1)] }
    }

    fn at(&self, row: usize, vendor: VendorIx, variant: VariantIx) -> usize {
        let offset = self.offsets.get(usize::from(vendor.0)).copied().unwrap_or(0);
        row * self.width + offset + usize::from(variant.column())
    }

    pub fn set(&mut self, row: usize, vendor: VendorIx, variant: VariantIx, rule: Option<u32>) {
        let at = self.at(row, vendor, variant);
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = rule;
        }
    }

    pub fn rows(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// The rules of one identity, site by site.
    pub fn column(&self, vendor: VendorIx, variant: VariantIx) -> Vec<Option<u32>> {
        let rows = 0..self.rows();
        rows.map(|row| self.cells.get(self.at(row, vendor, variant)).copied().flatten()).collect()
    }

    pub fn cells(&self) -> &[Option<u32>] {
        &self.cells
    }

    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    pub fn width(&self) -> usize {
        self.width
    }
}

/// Every identity: vendor and variant.
pub fn identities(tables: &Tables) -> impl Iterator<Item = (VendorIx, VariantIx)> + '_ {
    tables
        .vendors
        .iter()
        .zip(0u16..)
        .flat_map(|(vendor, index)| vendor.columns().map(move |variant| (VendorIx(index), variant)))
}

/// The condition for a row of a [`Table`]; none where there are no sites.
pub fn site_condition(row: usize, rows: usize) -> Option<String> {
    match row.checked_sub(1) {
        Some(site) => Some(tags::site(site)),
        None if rows > 1 => Some(not(tags::AT_A_SITE)),
        None => None,
    }
}

/// `tag-if` lines for a column: one where every site has the same rule.
pub fn write_column(
    column: &[Option<u32>],
    conditions: &[String],
    set: &dyn Fn(u32) -> Vec<String>,
    lines: &mut Lines,
) {
    if let Some(rule) = column.first().copied().flatten()
        && column.iter().all(|other| *other == Some(rule))
    {
        lines.tag_if(&set(rule), conditions);
        return;
    }
    for (row, rule) in column.iter().enumerate() {
        let Some(rule) = rule else { continue };
        let conditions = conditions.iter().cloned().chain(site_condition(row, column.len()));
        lines.tag_if(&set(*rule), &conditions.collect::<Vec<_>>());
    }
}
