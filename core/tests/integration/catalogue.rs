//! Proves the data: every example of every vendor and system, through the core alone. Adding a vendor
//! adds nothing here.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use offhook_core::catalogue::{Field, Tables};
use offhook_core::examples::{self, Example};
use offhook_core::recognise::{Finding, Sign, read};
use offhook_core::text::printable;
use offhook_core::{Context, Edits, Engine, Host, Query, builtin};

struct Engines(HashMap<String, Engine>);

impl Engines {
    fn of(&mut self, example: &Example) -> &Engine {
        self.0.entry(example.policy.clone()).or_insert_with(|| {
            let engine = Engine::new(builtin::shared(), &example.policy, Host::ANY);
            engine.unwrap_or_else(|wrong| panic!("{} ({}):\n{wrong}", example.name, example.vendor))
        })
    }
}

fn all() -> Vec<Example> {
    examples::all().unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// What is wrong with one example, if anything.
fn complaints(example: &Example, engine: &Engine) -> Vec<String> {
    let mut wrong = Vec::new();
    let wire = example.packet.wire(1);
    let query = Query::from_wire(&wire, Context::default()).expect("a whole packet");
    let tables = engine.tables();
    let decision = engine.decide(&query);
    let winner = decision.identity.map(|identity| &*tables.at(identity.vendor).id);
    let wanted = (!example.vendor.is_empty()).then_some(&*example.vendor);
    if winner != wanted {
        wrong.push(format!(
            "recognised as {winner:?} ({:?}), expected {wanted:?}",
            decision.finding
        ));
        return wrong;
    }
    if let Some(identity) = decision.identity
        && example.told.is_some()
        && example.reads
    {
        let reading = read(tables, &query, &identity);
        let text = |found: &Option<std::borrow::Cow<'_, [u8]>>| found.as_deref().map(printable);
        for (what, found, wanted) in [
            ("model", text(&reading.model), &example.model),
            ("firmware", text(&reading.firmware), &example.firmware),
            (
                "variant",
                tables.at(identity.vendor).variant_name(identity.variant).map(str::to_owned),
                &example.variant,
            ),
        ] {
            if found != *wanted {
                wrong.push(format!("{what} {found:?}, expected {wanted:?}"));
            }
        }
    }
    let Some(told) = &example.told else { return wrong };
    let mut edits = Edits::default();
    decision.edits(engine, &query, &mut edits);
    let show =
        |code: u8, bytes: &[u8]| format!("{code}: {} {:?}", hex::encode(bytes), printable(bytes));
    let found: BTreeSet<String> = edits
        .iter()
        .map(|edit| show(edit.code, edit.value.map_or(b"(removed)", |v| edits.bytes(engine, v))))
        .collect();
    let wanted: BTreeSet<String> = told.iter().map(|(code, bytes)| show(*code, bytes)).collect();
    wrong.extend(found.difference(&wanted).map(|line| format!("told  {line}")));
    wrong.extend(wanted.difference(&found).map(|line| format!("lacks {line}")));
    let header = &edits.header;
    let text = |field: &Option<Vec<u8>>| field.as_deref().map(printable);
    for (what, found, wanted) in [
        ("next-server", header.next_server.map(|a| a.to_string()), &example.next_server),
        ("server-hostname", text(&header.server_hostname), &example.server_hostname),
        ("boot-file-name", text(&header.boot_file_name), &example.boot_file_name),
    ] {
        if found != *wanted {
            wrong.push(format!("{what} {found:?}, expected {wanted:?}"));
        }
    }
    wrong
}

#[test]
fn every_example_is_won_by_its_owner_and_told_what_it_must() {
    let mut engines = Engines(HashMap::new());
    let mut wrong = Vec::new();
    let examples = all();
    for example in &examples {
        for complaint in complaints(example, engines.of(example)) {
            wrong.push(format!("{} / {}: {complaint}", example.vendor, example.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} examples:\n{}",
        wrong.len(),
        examples.len(),
        wrong.join("\n")
    );
}

/// Which rules an example touches, by vendor: texts of rules, and whether an address counted.
fn rules_touched(examples: &[Example], tables: &Tables) -> BTreeMap<String, (BTreeSet<u16>, bool)> {
    let mut touched: BTreeMap<String, (BTreeSet<u16>, bool)> = BTreeMap::new();
    for example in examples {
        let wire = example.packet.wire(1);
        let query = Query::from_wire(&wire, Context::default()).expect("a whole packet");
        let mut touch = |sign: Sign| {
            let entry = touched.entry(tables.at(sign.vendor()).id.to_string()).or_default();
            match sign {
                Sign::Rule(at) => drop(entry.0.insert(at.rule)),
                Sign::Address { .. } => entry.1 = true,
                Sign::Device(_) => {}
            }
        };
        match offhook_core::recognise::recognise(tables, &query) {
            Finding::Phone(identity) => identity.signs().for_each(&mut touch),
            Finding::NoPhone(at) => touch(Sign::Rule(at)),
            Finding::OtherDevice(_) | Finding::Unlisted(_) | Finding::Unknown => {}
        }
    }
    touched
}

#[test]
fn every_rule_has_an_example() {
    let tables = builtin::built_in();
    let touched = rules_touched(&all(), tables);
    let mut wrong = Vec::new();
    for vendor in &tables.vendors {
        let (rules, address) = touched.get(&*vendor.id).cloned().unwrap_or_default();
        for (index, rule) in vendor.rules.iter().enumerate() {
            let reachable = rule.phone || rule.field != Field::HostName;
            if reachable && !rules.contains(&u16::try_from(index).expect("few rules")) {
                wrong.push(format!(
                    "{}: no example for {:?} {:?} {:?}",
                    vendor.id,
                    rule.field,
                    printable(&rule.head),
                    rule.number
                ));
            }
        }
        if vendor.macs.iter().any(|mac| mac.shared.is_none()) && !address {
            wrong.push(format!("{}: no example by address", vendor.id));
        }
    }
    assert!(wrong.is_empty(), "{} rules without example:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_vendor_has_an_example_and_a_near_miss_and_every_system_an_example() {
    let tables = builtin::built_in();
    let mut wrong = Vec::new();
    for (id, text) in offhook_core::catalogue::texts::vendor_examples() {
        let examples =
            examples::of_vendor(id, text).unwrap_or_else(|wrong| panic!("{id}:\n{wrong}"));
        let names: BTreeSet<_> = examples.iter().map(|example| &example.name).collect();
        if names.len() != examples.len() {
            wrong.push(format!("{id}: two examples have one name"));
        }
        if !examples.iter().any(|example| example.vendor == id) {
            wrong.push(format!("{id}: no example of its own"));
        }
        if !examples.iter().any(|example| example.vendor != id) {
            wrong.push(format!("{id}: no near miss"));
        }
    }
    let with_examples: BTreeSet<&str> =
        offhook_core::catalogue::texts::vendor_examples().map(|(id, _)| id).collect();
    for vendor in &tables.vendors {
        if !with_examples.contains(&*vendor.id) {
            wrong.push(format!("{}: no examples.toml", vendor.id));
        }
    }
    for (id, text) in offhook_core::catalogue::texts::systems() {
        let examples =
            examples::of_system(id, text).unwrap_or_else(|wrong| panic!("{id}:\n{wrong}"));
        if examples.is_empty() {
            wrong.push(format!("system {id}: no example"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_written_statics_are_what_the_folders_say() {
    // Emitting and reading are two ways to the same catalogue; a file that only one of them sees
    // would be a vendor that only some users have.
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue/vendors");
    let built = builtin::built_in();
    let mut folders = 0;
    for entry in std::fs::read_dir(root).expect("core/catalogue/vendors").flatten() {
        let file = entry.path().join("vendor.toml");
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let id = entry.file_name().to_string_lossy().into_owned();
        let read = offhook_core::catalogue::source::vendor(&id, &text).expect("a whole vendor");
        let built = built.vendor(&id).map(|at| built.at(at));
        assert_eq!(built, Some(&read), "{id}");
        folders += 1;
    }
    assert_eq!(folders, built.vendors.len());
}
