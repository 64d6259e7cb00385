//! A boot's second half: the files that this phone asks for, in its order, and what they say.

use std::collections::{HashSet, VecDeque};

use offhook_core::catalogue::PhoneFile;

use crate::account::{self, Account};
use crate::fetch::{Fetched, Fetcher};
use crate::phone::Phone;
use crate::reading::{Place, expand, fill};
use crate::report::Log;
use crate::settings::{self, Scope, Settings};

pub mod step {
    pub const FILES: &str = "files";
    pub const CONFIGURATION: &str = "configuration";
}

/// No phone follows more.
const MOST: usize = 64;

struct Request {
    url: String,
    scope: Scope,
    /// What the catalogue says of it; `binary` is not read.
    format: String,
    /// Another file names it, so it must be there.
    named: bool,
}

/// Gets the files and says what a registration has in them. None: what came before failed.
pub fn collect(
    phone: &Phone,
    place: &Place,
    fetcher: &Fetcher,
    log: &mut Log<'_>,
) -> Option<Account> {
    let mut waiting: VecDeque<Request> = first(phone, place).into();
    let mut seen: HashSet<String> = HashSet::new();
    let mut settings = Settings::default();
    let (mut missing, mut failed) = (Vec::new(), false);
    while let Some(request) = waiting.pop_front() {
        if seen.len() >= MOST || !seen.insert(request.url.clone()) {
            continue;
        }
        let name = format!("GET {}", request.url);
        let (bytes, how) = match fetcher.get(&request.url) {
            Fetched::Found { bytes, how } => (bytes, how),
            Fetched::Missing(how) if !request.named => {
                missing.push(format!("{} ({how})", last(&request.url)));
                continue;
            }
            Fetched::Missing(why) | Fetched::Failed(why) => {
                failed = true;
                log.failed(name, why);
                continue;
            }
        };
        let size = bytes.len();
        if request.format == "binary" {
            log.passed(name, format!("{how}, {size} bytes, not read"));
            continue;
        }
        match settings::parse(&bytes) {
            Ok(document) => {
                let (form, count) = (document.form, document.values.len());
                log.passed(name, format!("{how}, {size} bytes, {form}, {count} parameters"));
                let scope = scope(phone, &request);
                for include in document.includes.iter().rev() {
                    let url = resolve(&request.url, &expand(phone, include));
                    let request = Request { url, scope, format: String::new(), named: true };
                    waiting.push_front(request);
                }
                settings.add(scope, last(&request.url), document);
            }
            Err(why) => {
                failed = true;
                log.failed(name, format!("{how}, {size} bytes, not well-formed: {why}"));
            }
        }
    }
    if !missing.is_empty() && !settings.is_empty() {
        let text = format!("not there, and the phone goes on: {}", missing.join(", "));
        log.passed(step::FILES, text);
    }
    if settings.is_empty() {
        let why = match (failed, missing.is_empty()) {
            (true, _) => "no file could be read".to_owned(),
            (false, true) => "the names of this phone's files are not known".to_owned(),
            (false, false) => format!("none of its files is there: {}", missing.join(", ")),
        };
        match missing.is_empty() && !failed {
            true => log.not_reached(step::CONFIGURATION, why),
            false => log.failed(step::CONFIGURATION, why),
        }
        return None;
    }
    account::judge(phone, &settings, log)
}

/// What it asks for first.
fn first(phone: &Phone, place: &Place) -> Vec<Request> {
    match place {
        Place::File(url) => vec![Request {
            url: url.clone(),
            scope: Scope::Common,
            format: String::new(),
            named: true,
        }],
        Place::Folder(folder) => phone
            .vendor
            .files
            .iter()
            .filter(|file| asks(phone, file))
            .map(|file| Request {
                url: format!("{folder}{}", name(phone, file)),
                scope: match &*file.scope {
                    "device" => Scope::Device,
                    "model" => Scope::Model,
                    _ => Scope::Common,
                },
                format: file.format.to_string(),
                named: false,
            })
            .collect(),
    }
}

/// A file's name; some have the model without its beginning.
fn name(phone: &Phone, file: &PhoneFile) -> String {
    let model = phone.model.strip_prefix(&*file.without).unwrap_or(&phone.model);
    fill(phone, &file.name.replace("{{model}}", model))
}

/// Whether this phone asks for a file: not if its name wants a model that is not known, or is that of
/// another model.
fn asks(phone: &Phone, file: &PhoneFile) -> bool {
    let model = phone.model.to_ascii_lowercase();
    if file.name.contains("{{model}}") {
        return !model.is_empty();
    }
    let mut models = file.models.iter().map(|start| &**start).peekable();
    if !model.is_empty() && models.peek().is_some() {
        return models.any(|start| phone.model.starts_with(start));
    }
    let example_of_a_model = &*file.scope == "model" && !file.name.contains("{{");
    !example_of_a_model || (!model.is_empty() && file.name.to_ascii_lowercase().contains(&model))
}

/// A file with the phone's address in its name is its own, whoever named it.
fn scope(phone: &Phone, request: &Request) -> Scope {
    let plain: String = request
        .url
        .chars()
        .filter(char::is_ascii_hexdigit)
        .collect::<String>()
        .to_ascii_lowercase();
    match plain.contains(&fill(phone, "{{mac}}")) {
        true => Scope::Device,
        false => request.scope,
    }
}

fn last(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// A name beside another file, or a URL of its own.
fn resolve(base: &str, name: &str) -> String {
    if name.contains("://") {
        return name.to_owned();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("", base));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    match name.strip_prefix('/') {
        Some(absolute) => format!("{scheme}://{host}/{absolute}"),
        None => {
            let folder =
                path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            format!("{scheme}://{host}/{folder}{name}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn names_stand_beside_the_file_that_has_them() {
        for (name, expected) in [
            ("b.cfg", "http://h:1/x/b.cfg"),
            ("y/b.cfg", "http://h:1/x/y/b.cfg"),
            ("/b.cfg", "http://h:1/b.cfg"),
            ("https://o/b.cfg", "https://o/b.cfg"),
        ] {
            assert_eq!(resolve("http://h:1/x/a.cfg", name), expected);
        }
        assert_eq!(resolve("tftp://h/a.cfg", "b.cfg"), "tftp://h/b.cfg");
    }
}
