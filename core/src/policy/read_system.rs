//! The `systems` of a layer.

use super::SystemUse;
use crate::catalogue::record::Text;
use crate::catalogue::system_source::{ENTRY_KEYS, version};
use crate::catalogue::{Parameter, ParameterKind, System, Tables, VendorIx, idn};
use crate::error::Mistakes;
use crate::reader::{Cursor, Table, advice};
use crate::tree::Kind;
use crate::url::{looks_like_url, split_scheme};
use crate::value::template;

pub(super) fn read_vendor_id(
    id: &str,
    at: &Cursor<'_>,
    tables: &Tables,
    mistakes: &mut Mistakes,
) -> Option<VendorIx> {
    let vendor = tables.vendor(id);
    if vendor.is_none() {
        let known: Vec<&str> = tables.vendors.iter().map(|vendor| &*vendor.id).collect();
        at.mistake(format!("there is no vendor {id:?}; {}", advice(id, &known)), mistakes);
    }
    vendor
}

pub(super) fn read_systems(
    at: &Cursor<'_>,
    tables: &Tables,
    mistakes: &mut Mistakes,
) -> Vec<SystemUse> {
    let items: Vec<_> = at.list("systems", mistakes).collect();
    items.iter().filter_map(|item| read_system(item, tables, mistakes)).collect()
}

fn read_system(at: &Cursor<'_>, tables: &Tables, mistakes: &mut Mistakes) -> Option<SystemUse> {
    let mut aside = Mistakes::default();
    let Some(table) = at.any_table(&mut aside) else {
        // What else is wrong with an object is said below.
        mistakes.0.append(&mut aside.0);
        return None;
    };
    let id = table.need("system", "a system's id", mistakes)?;
    let name = id.text("a system's id", mistakes)?;
    let Some(system) = tables.system(name) else {
        let known: Vec<&str> = tables.systems.iter().map(|system| &*system.id).collect();
        id.mistake(format!("there is no system {name:?}; {}", advice(name, &known)), mistakes);
        return None;
    };
    let known: Vec<&str> =
        system.parameters.iter().map(|parameter| &*parameter.name).chain(ENTRY_KEYS).collect();
    let table = at.table(&known, mistakes)?;
    let parameters = read_parameters(&table, system, at, mistakes);
    let mut only = Vec::new();
    if let Some(at) = table.get("for") {
        let before = mistakes.0.len();
        let items: Vec<_> = at.list("vendor ids", mistakes).collect();
        for item in &items {
            let Some(id) = item.text("a vendor's id", mistakes) else { continue };
            if id == "*" {
                let text =
                    "expected a vendor's id, found \"*\": without \"for\" the entry is for all";
                item.mistake(text, mistakes);
                continue;
            }
            only.extend(read_vendor_id(id, item, tables, mistakes));
        }
        if items.is_empty() && mistakes.0.len() == before {
            at.mistake(
                "expected vendor ids, found an empty list: this entry serves no phone",
                mistakes,
            );
        }
    }
    Some(SystemUse { place: at.place(), system: name.to_owned(), parameters, only })
}

fn read_parameters(
    table: &Table<'_>,
    system: &System,
    at: &Cursor<'_>,
    mistakes: &mut Mistakes,
) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    for parameter in &system.parameters {
        let name = &*parameter.name;
        match table.get(name) {
            Some(value) => {
                let text = match value.tree.kind {
                    // A port or a tenant's number.
                    Kind::Integer(number) => Text::Owned(number.to_string()),
                    _ => match template(&value, "a text", mistakes) {
                        Some(text) => text,
                        None => continue,
                    },
                };
                let text = match parameter.kind {
                    ParameterKind::Url => Text::Owned(idn::url(&text).into_owned()),
                    ParameterKind::Host => Text::Owned(idn::host(&text).into_owned()),
                    _ => text,
                };
                check_parameter(parameter, &text, &value, mistakes);
                let text = match parameter.kind {
                    ParameterKind::Url => with_slash(text.into_owned()),
                    _ => text.into_owned(),
                };
                parameters.push((name.to_owned(), text));
            }
            None if parameter.required => at.mistake(
                format!("\"{name}\" is missing: the system {:?} needs it", &*system.id),
                mistakes,
            ),
            None => {
                let default = parameter.default.as_ref();
                parameters.extend(default.map(|value| (name.to_owned(), value.to_string())));
            }
        }
    }
    parameters
}

/// A base ends with `/`, so that a file's name can be put behind it: where there is no path, or where its
/// last part looks like a folder.
fn with_slash(mut url: String) -> String {
    let Some((scheme, rest)) = split_scheme(&url) else { return url };
    let is_file_server =
        ["http", "https", "ftp", "ftps", "tftp"].iter().any(|s| s.eq_ignore_ascii_case(scheme));
    let last = rest.rsplit_once('/').map_or("", |(_, last)| last);
    let is_folder = !last.contains(['.', '{', '$', '<', '(', '%', '=']);
    if is_file_server
        && !rest.is_empty()
        && !rest.contains(['?', '#'])
        && !rest.ends_with('/')
        && is_folder
    {
        url.push('/');
    }
    url
}

fn check_parameter(parameter: &Parameter, text: &str, at: &Cursor<'_>, mistakes: &mut Mistakes) {
    let expected = match parameter.kind {
        _ if !parameter.one_of.is_empty() => {
            let fits = parameter.one_of.iter().any(|choice| choice == text);
            let choices: Vec<_> = parameter.one_of.iter().map(|c| format!("\"{c}\"")).collect();
            (!fits).then(|| choices.join(" or "))
        }
        ParameterKind::Version => {
            version(text).is_none().then(|| "a version: numbers with dots".to_owned())
        }
        ParameterKind::Host => {
            let plain = |c: char| {
                c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_')
            };
            let fits = !text.is_empty() && (text.contains("{{") || text.chars().all(plain));
            (!fits).then(|| "a host: a name or an address, no scheme and no path".to_owned())
        }
        ParameterKind::Url => {
            let fits = looks_like_url(text);
            (!fits).then(|| "a URL with its scheme, such as https://host/folder/".to_owned())
        }
        ParameterKind::Text => text.is_empty().then(|| "a text".to_owned()),
    };
    if let Some(expected) = expected {
        at.expected(&expected, mistakes);
    }
}
