//! docs/files.md says for every vendor which files are written and which fields have no place in them, and
//! docs/phone-files.md which parameter holds each field, by which source. Both come out of `files.toml`;
//! `BLESS=1` writes the second one anew.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use offhook_catalogue::{PhoneFile, Vendor};
use offhook_core::builtin;
use offhook_core::fields::FIELDS;
use offhook_phone_files::Makers;
use offhook_phone_files::makers::{Characters, Fact, Family, Maker, Of};

/// Held by who reads docs/files.md to write it anew: two tests do.
static PAGE: Mutex<()> = Mutex::new(());

fn docs(name: &str) -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/").to_owned() + name
}

fn page(name: &str) -> String {
    std::fs::read_to_string(docs(name)).unwrap_or_default()
}

fn written(vendor: &Vendor) -> Vec<&PhoneFile> {
    vendor.files.iter().filter(|file| file.template.is_some()).collect()
}

fn vendors() -> impl Iterator<Item = &'static Vendor> {
    builtin::built_in().vendors.iter().filter(|vendor| !written(vendor).is_empty())
}

/// Every field that a fact can be about, in the order of the page.
fn fields() -> Vec<&'static str> {
    let list = FIELDS.iter().map(|field| field.name);
    list.chain(["keys", "key-modules", "voice-vlan", "voice-vlan-priority", "time-servers"])
        .collect()
}

fn files(vendor: &Vendor) -> String {
    let names = written(vendor).into_iter().map(|file| {
        let models: Vec<String> = file.models.iter().map(|head| format!("{head}...")).collect();
        match models.is_empty() {
            true => format!("`{}`", file.name),
            false => format!("`{}` ({})", file.name, models.join(", ")),
        }
    });
    names.collect::<Vec<_>>().join(", ")
}

fn row(vendor: &Vendor, maker: &Maker) -> String {
    let missing = fields()
        .into_iter()
        .filter(|field| maker.fact(None, field).is_none_or(|fact| fact.absent.is_some()));
    let missing: Vec<String> = missing.map(|field| format!("`{field}`")).collect();
    format!("| `{}` | {} | {} |", vendor.id, files(vendor), missing.join(", "))
}

/// Holds the rows below a heading of docs/files.md to these.
#[track_caller]
fn hold_table(page: &str, heading: &str, expected: &[String]) {
    let (before, rest) = page.split_at(page.find(heading).expect("the table"));
    let mut lines = rest.lines();
    let heading: Vec<&str> = lines.by_ref().take(2).collect();
    let (rows, behind): (Vec<&str>, Vec<&str>) = {
        let mut in_table = true;
        lines.partition(|line| {
            in_table &= line.starts_with('|');
            in_table
        })
    };
    if std::env::var_os("BLESS").is_some() {
        let text = [heading.join("\n"), expected.join("\n"), behind.join("\n")].join("\n");
        std::fs::write(docs("files.md"), format!("{before}{text}\n")).expect("docs/files.md");
        return;
    }
    assert_eq!(rows, expected, "BLESS=1 writes it anew");
}

#[test]
fn the_page_says_what_is_written_for_whom() {
    let _held = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let page = page("files.md");
    let makers = Makers::new(&[]).expect("files.toml");
    let expected: Vec<String> =
        vendors().map(|vendor| row(vendor, &makers.of(&vendor.id).expect("a maker"))).collect();
    hold_table(&page, "| vendor | files (models) | not in them |", &expected);
}

/// What a usual site has of each phone: one of these words of a field, if the maker has words for it.
const USUAL: [(&str, &[&str]); 6] = [
    ("keys", &["blf"]),
    ("transport", &["tls"]),
    ("srtp", &["required", "optional"]),
    ("time-zone", &["Europe/Berlin", "60"]),
    ("language", &["de"]),
    ("phonebook-url", &[]),
];

/// What a family's phones lack of it, each with its reason and the sources that were read for it.
fn lacks(maker: &Maker, family: Option<&Family>, model: &str) -> Vec<String> {
    let mut lacks = Vec::new();
    let counts = [
        (Of::Models, "more models than the one", None),
        (Of::Lines, "a second line", maker.lines_of(model).filter(|lines| *lines < 2)),
        (Of::Keys, "eight keys", maker.keys_of(model, 0).filter(|keys| (1..8).contains(keys))),
    ];
    for (of, what, count) in counts {
        let Some(few) = maker.few_of(of, model) else { continue };
        assert!(of == Of::Models || count == Some(few.count), "{model}: {few:?}, not {count:?}");
        lacks.push(format!("{what}: {} ({})", few.why, few.sources().join(", ")));
    }
    for (field, usual) in USUAL {
        let fact = maker.fact(family, field).unwrap_or_else(|| panic!("{model}: {field}"));
        let sources = maker.sources_of(fact).join(", ");
        let words = maker.words(family, fact);
        match &fact.absent {
            Some(why) => lacks.push(format!("`{field}`: {why} ({sources})")),
            None if words.is_empty() || usual.iter().any(|word| words.contains_key(*word)) => {}
            None => {
                let known: Vec<String> = words.keys().map(|word| format!("`{word}`")).collect();
                let usual: Vec<String> = usual.iter().map(|word| format!("`{word}`")).collect();
                let (known, usual) = (known.join(", "), usual.join(" or "));
                lacks.push(format!("`{field}` {usual}: sources have {known} ({sources})"));
            }
        }
    }
    lacks
}

#[test]
fn the_page_says_what_a_site_cannot_have_and_by_which_source() {
    let _held = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let page = page("files.md");
    let makers = Makers::new(&[]).expect("files.toml");
    let mut expected = Vec::new();
    for vendor in vendors() {
        let maker = makers.of(&vendor.id).expect("a maker");
        let base = maker.example.as_deref().map(|model| ("", None, model));
        let families = maker
            .family
            .iter()
            .map(|(name, family)| (name.as_str(), Some(family), family.example.as_str()));
        for (name, family, model) in base.into_iter().chain(families) {
            let lacks = lacks(&maker, family, model);
            let differs = family.is_none_or(|family| !family.field.is_empty());
            if !lacks.is_empty() && differs {
                let of = if name.is_empty() { String::new() } else { format!(" ({name})") };
                expected.push(format!("| `{}`{of} | {} |", vendor.id, lacks.join("; ")));
            }
        }
    }
    hold_table(&page, "| vendor | a site of its phones cannot have |", &expected);
}

/// Of ten parameters that sources name, nine are written at least.
#[test]
fn what_sources_name_is_written() {
    let makers = Makers::new(&[]).expect("files.toml");
    let Pairs { all, named, written } = pairs(&makers);
    assert!(10 * written >= 9 * named, "{written} of {named} (of {all})");
}

/// Pairs of maker and field: all, those for which a source names a parameter, and those that are written.
struct Pairs {
    all: usize,
    named: usize,
    written: usize,
}

fn pairs(makers: &Makers) -> Pairs {
    let mut pairs = Pairs { all: 0, named: 0, written: 0 };
    for vendor in vendors() {
        let maker = makers.of(&vendor.id).expect("a maker");
        for field in fields() {
            let fact = maker.fact(None, field).unwrap_or_else(|| panic!("{}: {field}", vendor.id));
            let written = fact.absent.is_none();
            assert!(!(written && fact.named), "{}: {field} is written, and \"named\"", vendor.id);
            pairs.all += 1;
            pairs.written += usize::from(written);
            pairs.named += usize::from(written || fact.named);
        }
    }
    pairs
}

/// What a fact holds a value to, in words.
fn takes(maker: &Maker, family: Option<&Family>, fact: &Fact) -> String {
    let mut parts = Vec::new();
    let words: Vec<String> =
        maker.words(family, fact).keys().map(|word| format!("`{word}`")).collect();
    if !words.is_empty() {
        parts.push(words.join(" "));
    }
    match (fact.from, fact.to) {
        (Some(from), Some(to)) => parts.push(format!("{from} to {to}")),
        (Some(from), None) => parts.push(format!("at least {from}")),
        (None, Some(to)) => parts.push(format!("at most {to}")),
        (None, None) => {}
    }
    let characters = fact.characters.map(|characters| match characters {
        Characters::Digits => "digits",
        Characters::Alphanumeric => "letters and digits",
    });
    parts.extend(characters.map(str::to_owned));
    match (fact.min_length, fact.max_length) {
        (Some(least), Some(most)) => parts.push(format!("{least} to {most} characters")),
        (None, Some(most)) => parts.push(format!("at most {most} characters")),
        _ => {}
    }
    parts.extend(fact.count.map(|count| format!("{count} of them")));
    if !fact.one_of.is_empty() {
        parts.push(format!("{} of the database's names", fact.one_of.len()));
    }
    let schemes: Vec<String> = fact.schemes.keys().map(|scheme| format!("`{scheme}`")).collect();
    if !schemes.is_empty() {
        parts.push(schemes.join(" "));
    }
    if fact.same {
        parts.push("one for all lines".to_owned());
    }
    parts.join("; ")
}

fn source(vendor: &Vendor, maker: &Maker, name: &str) -> String {
    let of_vendor = vendor.sources.iter().find(|source| &*source.key == name);
    let text =
        maker.sources.get(name).cloned().or(of_vendor.map(|source| source.citation.to_string()));
    text.unwrap_or_else(|| panic!("{}: no source {name}", vendor.id))
}

fn table(out: &mut String, vendor: &Vendor, maker: &Maker, family: Option<(&str, &Family)>) {
    out.push_str("\n| field | parameter | takes | source |\n|---|---|---|---|\n");
    for field in fields() {
        // A family's table has what differs.
        if family.is_some_and(|(_, family)| !family.field.contains_key(field)) {
            continue;
        }
        let of = family.map(|(_, family)| family);
        let fact = maker.fact(of, field).unwrap_or_else(|| panic!("{}: {field}", vendor.id));
        let line = match &fact.absent {
            Some(why) if fact.named => {
                format!("| `{field}` | not written, though named: {why} | | |")
            }
            Some(why) => format!("| `{field}` | not written: {why} | | |"),
            None => {
                let sources = maker.sources_of(fact).join(", ");
                let takes = takes(maker, of, fact);
                format!("| `{field}` | {} | {takes} | {sources} |", fact.parameter)
            }
        };
        let _ = writeln!(out, "{}", line.replace("|  |", "| |"));
    }
}

fn parameters() -> String {
    let makers = Makers::new(&[]).expect("files.toml");
    let mut out = String::from(
        "# Which parameter holds which field\n\n\
         Made of `core/catalogue/vendors/*/files.toml` (`BLESS=1 cargo test -p offhook-phone-files --test integration \
         files_page`); do not edit. A test holds the templates to it: a field with a parameter changes the \
         files, one without changes nothing and is reported. N stands for the line, K for the key, M for \
         the module. What the fields mean: [files.md](files.md).\n",
    );
    let Pairs { all, named, written } = pairs(&makers);
    let percent = 100 * written / named;
    let _ = writeln!(
        out,
        "\nOf {all} pairs of maker and field, sources (the makers' documents, and the templates of other \
         provisioning servers) name a parameter for {named}; {written} of these are written, {percent} %. Where \
         a source names one and it is not written, the table says so."
    );
    for vendor in vendors() {
        let maker = makers.of(&vendor.id).expect("a maker");
        let _ = write!(out, "\n## {} (`{}`)\n\n{}\n", vendor.name, vendor.id, files(vendor));
        table(&mut out, vendor, &maker, None);
        for (name, family) in &maker.family {
            let models: Vec<String> =
                family.models.iter().map(|head| format!("{head}...")).collect();
            let _ = write!(out, "\nModels {} (`{name}`)", models.join(", "));
            match family.field.is_empty() {
                true => out.push_str(" have their keys under another name.\n"),
                false => {
                    out.push_str(" differ in:\n");
                    table(&mut out, vendor, &maker, Some((name, family)));
                }
            }
        }
        let mut names: Vec<String> = Vec::new();
        let families = maker.family.values().flat_map(|family| family.field.values());
        let base = fields();
        let facts = base.iter().filter_map(|field| maker.fact(None, field)).chain(families);
        let few = maker.few.iter().flat_map(|few| few.sources());
        for name in facts.flat_map(|fact| maker.sources_of(fact)).chain(few) {
            if !names.iter().any(|other| other == name) {
                names.push(name.to_owned());
            }
        }
        names.sort();
        out.push('\n');
        for name in names {
            let _ = writeln!(out, "- {name}: {}", source(vendor, &maker, &name));
        }
    }
    out
}

#[test]
fn the_parameters_page_is_made_of_the_facts() {
    let expected = parameters();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(docs("phone-files.md"), &expected).expect("docs/phone-files.md");
    }
    assert!(page("phone-files.md") == expected, "docs/phone-files.md: BLESS=1 writes it anew");
}

#[test]
fn the_page_names_every_field_and_every_cipher() {
    let page = page("files.md");
    for field in &FIELDS {
        assert!(page.contains(&format!("`{}`", field.name)), "{}", field.name);
    }
    let encrypted = |vendor: &&Vendor| vendor.files.iter().any(|file| file.cipher.is_some());
    let section = page.split("## Files that only their phone can read").nth(1).expect("a section");
    for vendor in builtin::built_in().vendors.iter().filter(encrypted) {
        assert!(section.contains(&format!("`{}`", vendor.id)), "{}", vendor.id);
    }
}

/// docs/peer-templates.md: the fields that it names are there, and each is written for a third of the makers at least.
#[test]
fn what_peers_print_most_has_a_field() {
    let page = page("peer-templates.md");
    let makers = Makers::new(&[]).expect("files.toml");
    let all = makers.iter().count();
    let mut named = 0;
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, templates, _, peers, field] = cells[..] else { panic!("{row}") };
        assert!(templates.parse::<u32>().is_ok() && peers.parse::<u32>().is_ok(), "{row}");
        let Some(field) = field.strip_prefix('`').and_then(|rest| rest.split('`').next()) else {
            assert_eq!(field, "the files' own URL", "{row}");
            continue;
        };
        if field == "mac" {
            continue;
        }
        assert!(fields().contains(&field), "{row}: no such field");
        let writes = |maker: &Maker| {
            let families = maker.family.values().map(Some).chain([None]);
            let mut facts = families.filter_map(|family| maker.fact(family, field));
            facts.any(|fact| fact.absent.is_none())
        };
        let count = makers.iter().filter(|(_, maker)| writes(maker)).count();
        assert!(count * 3 > all, "{field}: written for {count} of {all} makers");
        named += 1;
    }
    assert!(named > 40, "{named}");
}
