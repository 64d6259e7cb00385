//! Phones of makers that the catalogue does not have, in dnsmasq's words: the core's weak signs, of which two
//! of different kinds must agree. Written only where the policy says `"unlisted-phones": "send"`; who is
//! named only is a matter of the dhcp-script.
//!
//! dnsmasq cannot compare a host name with the hardware address, so that sign is not one here.

use offhook_core::catalogue::unlisted::{UnlistedSigns, Word};
use offhook_core::catalogue::{Tables, VariantIx, VendorIx};
use offhook_core::encode::Form;
use offhook_core::plan::Plan;
use offhook_core::value::Existing;
use offhook_core::{Engine, Mistakes};

use super::answer::{Answer, Traps};
use super::known::Whom;
use super::lines::{Lines, not};
use super::other_devices::PERHAPS;
use super::rules::{Rules, write_column};
use super::{addresses, heads, tags};

const WORD: &str = "oh_u60";
const LIST: &str = "oh_u55";
const ADDRESS: &str = "oh_umac";
/// One of the options besides the boot server is requested, and so on.
const COUNTED: &str = "oh_u55n";
const ASKS: &str = "oh_u55c";
const VETO: &str = "oh_uno";
/// There is an option 55.
const ANY: &str = "oh_u55any";

/// The rules for such phones: at no site, then at each site.
pub fn rules(engine: &Engine, rules: &mut Rules, traps: &mut Traps) -> Vec<Option<u32>> {
    let sites = engine.policy().sites.len();
    let rows = std::iter::once(None).chain((0..sites).map(Some));
    let rule = |site: Option<usize>| {
        let plan = engine.plan(site, VendorIx::UNLISTED, VariantIx::NONE);
        if plan.ignored {
            return None;
        }
        let plan = as_sent(plan, traps);
        let whom = Whom { name: tags::UNLISTED_NAME, device: None, minter: engine.minter() };
        let answer = Answer::of(&plan, whom, traps);
        (!answer.options.is_empty()).then(|| rules.number(answer))
    };
    rows.map(rule).collect()
}

/// The plan, without what only the packet determines, and without "keep", which dnsmasq cannot.
fn as_sent(plan: &Plan, traps: &mut Traps) -> Plan {
    let mut plan = plan.clone();
    let before = plan.options.len();
    plan.options.retain(|option| !matches!(option.form, Some(Form::Live(_))));
    if plan.options.len() < before {
        traps.doubt(
            "a URL that depends on the phone's packet is not sent to phones of unlisted makers: dnsmasq's answer \
             must be written before the phone comes; use the same URL for all of them",
            tags::UNLISTED_NAME,
        );
    }
    for option in &mut plan.options {
        option.existing = Existing::Replace;
    }
    if !plan.options.is_empty() {
        traps.doubt(
            "a line of your own that sends option 66, 159, 160 or 42 to every client loses to the policy's: from Kea \
             such a phone would keep yours. Give your line a tag, or say \"unlisted-phones\": \"name\"",
            tags::UNLISTED_NAME,
        );
    }
    plan
}

/// The matchers, and who gets which rule. `listed`: the policy lists devices, which are never unlisted.
pub fn render(
    tables: &Tables,
    column: &[Option<u32>],
    listed: bool,
    lines: &mut Lines,
    wrong: &mut Mistakes,
) {
    if column.iter().all(Option::is_none) {
        return;
    }
    let phones = &tables.unlisted;
    words(&phones.words.words, WORD, lines, wrong);
    words(&phones.vetoes.words, VETO, lines, wrong);
    for block in phones.macs.iter() {
        for pattern in addresses::patterns(block.first, block.last) {
            lines.matcher(&format!("dhcp-mac=set:{ADDRESS},{pattern}"));
        }
    }
    lists(phones, lines);
    lines.matcher(&format!("dhcp-match=set:{ANY},55"));
    let undecided = [not(tags::DONE), not(PERHAPS), not(VETO), ANY.to_owned()];
    for pair in [[WORD, LIST], [WORD, ADDRESS], [LIST, ADDRESS]] {
        let pair = pair.into_iter().map(str::to_owned);
        let conditions: Vec<String> = pair.chain(undecided.iter().cloned()).collect();
        lines.tag_if(&[tags::UNLISTED], &conditions);
    }
    let mut conditions = vec![tags::UNLISTED.to_owned()];
    if listed {
        conditions.push(not(tags::LISTED));
    }
    write_column(column, &conditions, &|rule| vec![tags::rule(rule)], lines);
}

fn words(words: &[Word], tag: &str, lines: &mut Lines, wrong: &mut Mistakes) {
    for word in words {
        if !word.anywhere {
            if let Err(error) = heads::text(&word.text, 60, tag, lines) {
                wrong.push("unlisted", error);
            }
            continue;
        }
        // dnsmasq looks for the text at any place; quoted, it keeps a blank at the beginning.
        match std::str::from_utf8(&word.text) {
            Ok(text)
                if text.chars().all(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')) =>
            {
                lines.matcher(&format!("dhcp-vendorclass=set:{tag},\"{text}\""));
            }
            _ => wrong.push("unlisted", "a word that dnsmasq cannot look for"),
        }
    }
}

/// Option 55: the one that must be there, and at least so many of the others, counted one after the other.
fn lists(phones: &UnlistedSigns, lines: &mut Lines) {
    let list = &phones.request_list;
    let mut asks = Vec::new();
    let mut asked = |code: u8, lines: &mut Lines| {
        if !asks.contains(&code) {
            asks.push(code);
            lines.matcher(&format!("dhcp-match=set:{ASKS}{code},55,{code}b"));
        }
        format!("{ASKS}{code}")
    };
    let count = |number: u8| format!("{COUNTED}{number}");
    for code in list.of.iter() {
        let asks = asked(*code, lines);
        for number in (1..=list.at_least).rev() {
            match number {
                1 => lines.tag_if(&[count(1)], &[&asks]),
                more => lines.tag_if(&[count(more)], &[&asks, &count(more - 1)]),
            }
        }
    }
    let asks = asked(list.asks, lines);
    lines.tag_if(&[LIST], &[asks, count(list.at_least)]);
    for veto in phones.list_vetoes.iter() {
        let all: Vec<String> = veto.iter().map(|code| asked(*code, lines)).collect();
        lines.tag_if(&[VETO], &all);
    }
}
