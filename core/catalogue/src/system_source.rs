//! Reads a system's file (`core/catalogue/systems/<id>.toml`) into the catalogue's types.

use crate::error::Mistakes;
use crate::facts::{Condition, Parameter, ParameterKind, Serve, ServedVendors, System, Test};
use crate::reader::{Cursor, Table};
use crate::record::{List, Text};
use crate::source::{Known, check_id, each, own, owned, read_proof, read_sources};
use crate::tree::Tree;
use crate::value::{OptionSpec, template};

const KINDS: [(&str, ParameterKind); 4] = [
    ("text", ParameterKind::Text),
    ("host", ParameterKind::Host),
    ("url", ParameterKind::Url),
    ("version", ParameterKind::Version),
];

/// Keys of a policy's `systems` entry that are not parameters.
pub const ENTRY_KEYS: [&str; 2] = ["system", "for"];

/// Names that stand for something made of the URL, so that a parameter would hide it.
const TAKEN: [&str; 4] = ["host", "path", "url-port", "file"];

/// Reads a system's file.
///
/// # Errors
/// Every mistake in it, each with its place.
pub(crate) fn system_of(id: &str, tree: &Tree) -> Result<System, Mistakes> {
    let root = Cursor::root(tree);
    let mut mistakes = Mistakes::default();
    let system = read_system(id, &root, &mut mistakes);
    mistakes.or(system)
}

fn read_system(id: &str, root: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<System> {
    check_id(id, root, mistakes);
    let keys = ["name", "sources", "parameters", "serve", "example", "note"];
    let table = root.table(&keys, mistakes)?;
    let name = table.need("name", "a name", mistakes)?.text("a name", mistakes)?;
    let known = Known { sources: read_sources(&table, mistakes), variants: List::default() };
    let parameters = read_parameters(&table, mistakes);
    let serves = each(&table, "serve", mistakes, |at, m| read_serve(at, &known, &parameters, m));
    if serves.is_empty() {
        root.mistake("expected at least one [[serve]]", mistakes);
    }
    Some(System {
        id: own(id),
        name: own(name),
        sources: known.sources,
        parameters: parameters.into(),
        serves: serves.into(),
    })
}

fn read_parameters(table: &Table<'_>, mistakes: &mut Mistakes) -> Vec<Parameter> {
    let Some(at) = table.get("parameters") else { return Vec::new() };
    let Some(entries) = at.any_table(mistakes) else { return Vec::new() };
    let mut parameters = Vec::new();
    for (name, at) in entries.iter() {
        if ENTRY_KEYS.contains(&name) || TAKEN.contains(&name) {
            at.mistake("this name has a meaning of its own in a policy; choose another", mistakes);
        }
        let keys = ["required", "kind", "default", "one-of", "note"];
        let Some(table) = at.table(&keys, mistakes) else { continue };
        let kind = table.get("kind").and_then(|at| at.one_of(&KINDS, mistakes));
        parameters.push(Parameter {
            name: own(name),
            kind: kind.unwrap_or(ParameterKind::Text),
            required: table.bool("required", mistakes).unwrap_or(false),
            default: table.text("default", "a text", mistakes).map(own),
            one_of: owned(table.texts("one-of", "texts", mistakes)),
            note: table.text("note", "a text", mistakes).map(own),
        });
    }
    parameters
}

fn read_serve(
    at: &Cursor<'_>,
    known: &Known,
    parameters: &[Parameter],
    mistakes: &mut Mistakes,
) -> Option<Serve> {
    let keys = [
        "vendors", "every", "variants", "when", "url", "file", "options", "source", "status",
        "note",
    ];
    let table = at.table(&keys, mistakes)?;
    let (sources, recalled) = read_proof(at, &table, known, mistakes);
    let mut text = |key: &str| -> Option<Text> {
        table.get(key).and_then(|at| template(&at, "a text", mistakes))
    };
    let (url, file) = (text("url"), text("file"));
    let options = each(&table, "options", mistakes, OptionSpec::read);
    let conditions = read_conditions(&table, parameters, mistakes);
    let vendors = owned(table.texts("vendors", "vendor ids", mistakes));
    let every = table.bool("every", mistakes).unwrap_or(false);
    if vendors.is_empty() != every {
        at.mistake("expected \"vendors\", or \"every\" = true, and not both", mistakes);
    }
    if url.is_none() && options.is_empty() {
        at.mistake("expected \"url\" or \"options\"", mistakes);
    }
    Some(Serve {
        vendors: if every { ServedVendors::Every } else { ServedVendors::These(vendors) },
        variants: owned(table.texts("variants", "variants", mistakes)),
        conditions: conditions.into(),
        url,
        file,
        options: options.into(),
        recalled,
        sources,
    })
}

fn read_conditions(
    table: &Table<'_>,
    parameters: &[Parameter],
    mistakes: &mut Mistakes,
) -> Vec<Condition> {
    let Some(at) = table.get("when") else { return Vec::new() };
    let Some(entries) = at.any_table(mistakes) else { return Vec::new() };
    let mut conditions = Vec::new();
    for (key, at) in entries.iter() {
        let Some(value) = at.text("a text", mistakes) else { continue };
        let (name, test) = match (key.strip_suffix("-below"), key.strip_suffix("-from")) {
            (Some(name), _) => (name, Test::Below),
            (_, Some(name)) => (name, Test::From),
            _ => (key, Test::Equals),
        };
        let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
            at.mistake(format!("{name:?} is not in [parameters]"), mistakes);
            continue;
        };
        if test != Test::Equals && version(value).is_none() {
            at.expected("a version: numbers with dots", mistakes);
        }
        let choices = &parameter.one_of;
        if test == Test::Equals && !choices.is_empty() && !choices.iter().any(|c| c == value) {
            at.expected("a value of the parameter's one-of", mistakes);
        }
        conditions.push(Condition { parameter: own(name), test, value: own(value) });
    }
    conditions
}

/// `16.2` and `16.2.0` are the same version; `16.10` comes after it.
pub fn version(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let mut numbers = text.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>().ok()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}
