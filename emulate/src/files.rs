//! A boot's second half: the files that this phone asks for, in its order, and what they say.

use std::collections::{BTreeMap, HashSet, VecDeque};

use offhook_catalogue::{PhoneFile, fits_firmware, fits_model};

use crate::account::{self, Account};
use crate::fetch::{Fetched, Fetcher};
use crate::phone::Phone;
use crate::reading::Place;
use crate::report::Log;
use crate::settings::{self, Scope, Settings};
use crate::steps;

/// No phone follows more.
const MOST: usize = 64;

#[derive(Clone)]
struct Request {
    url: String,
    scope: Scope,
    /// What the catalogue says of it; `binary` is not read.
    format: String,
    /// Another file names it, so it must be there.
    named: bool,
}

/// How a request ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Found,
    Missing,
    Failed,
}

/// What the requests of one boot have brought.
struct Collection<'c, 'l> {
    phone: &'c Phone,
    fetcher: &'c Fetcher,
    log: &'c mut Log<'l>,
    seen: HashSet<String>,
    settings: Settings,
    /// Files of the maker's list that are not there.
    missing: Vec<String>,
    /// Files of the maker's list that were not requested, and why.
    skipped: Vec<String>,
    failed: bool,
}

/// Gets the files and says what a registration has in them. None: what came before failed.
pub fn collect(
    phone: &Phone,
    place: &Place,
    fetcher: &Fetcher,
    log: &mut Log<'_>,
) -> Option<Account> {
    let mut collection = Collection {
        phone,
        fetcher,
        log,
        seen: HashSet::new(),
        settings: Settings::default(),
        missing: Vec::new(),
        skipped: Vec::new(),
        failed: false,
    };
    match place {
        Place::File(url) => {
            let request = Request {
                url: url.clone(),
                scope: Scope::Common,
                format: String::new(),
                named: true,
            };
            collection.follow(request);
        }
        Place::Folder(folder) => collection.list(folder),
    }
    collection.finish()
}

impl Collection<'_, '_> {
    /// The files of the maker's list, in its order, each if its conditions hold.
    fn list(&mut self, folder: &str) {
        let mut ended: BTreeMap<&str, Ended> = BTreeMap::new();
        let phone = self.phone;
        let scheme = folder.split_once("://").map_or("", |(scheme, _)| scheme);
        for file in &phone.vendor.files {
            let Some(name) = name(phone, file) else { continue };
            // What another file must name is requested then, and only then.
            if !file.named_by.is_empty() {
                self.skipped
                    .push(format!("{name} ({})", file.conditions(&phone.vendor).join(", ")));
                continue;
            }
            let present = file
                .only_if_missing
                .iter()
                .find(|other| ended.get(&***other).is_some_and(|ended| *ended != Ended::Missing));
            if let Some(other) = present {
                self.skipped.push(format!("{name} (only without {})", phone.fill(other)));
                continue;
            }
            if !file.by.is_empty() && !file.by.iter().any(|own| own == scheme) {
                self.skipped.push(format!("{name} (by {} only)", file.by.join(" or ")));
                continue;
            }
            let request = Request {
                url: format!("{folder}{name}"),
                scope: match &*file.scope {
                    "device" => Scope::Device,
                    "model" => Scope::Model,
                    _ => Scope::Common,
                },
                format: file.format.to_string(),
                named: false,
            };
            ended.insert(&file.name, self.follow(request));
        }
    }

    /// Fetches a file, and then those that it names. Says how the first one ended.
    fn follow(&mut self, first: Request) -> Ended {
        let mut waiting = VecDeque::from([first]);
        let mut of_first = None;
        while let Some(request) = waiting.pop_front() {
            if self.seen.len() >= MOST || !self.seen.insert(request.url.clone()) {
                continue;
            }
            let (ended, names) = self.fetch(&request);
            of_first.get_or_insert(ended);
            let scope = scope(self.phone, &request);
            for include in names.iter().rev() {
                let url = resolve(&request.url, &self.phone.expand(include));
                waiting.push_front(Request { url, scope, format: String::new(), named: true });
            }
        }
        // What was fetched before, under another name, is there.
        of_first.unwrap_or(Ended::Found)
    }

    /// Fetches one file; with the names of those that it names.
    fn fetch(&mut self, request: &Request) -> (Ended, Vec<String>) {
        let name = format!("{} {}", steps::GET, request.url);
        let (bytes, how) = match self.fetcher.get(&request.url) {
            Fetched::Found { bytes, how } => (bytes, how),
            Fetched::Missing(how) if !request.named => {
                self.missing.push(format!("{} ({how})", last(&request.url)));
                return (Ended::Missing, Vec::new());
            }
            Fetched::Missing(why) | Fetched::Failed(why) => {
                self.failed = true;
                self.log.failed(name, why);
                return (Ended::Failed, Vec::new());
            }
        };
        let size = bytes.len();
        if request.format == "binary" {
            self.log.passed(name, format!("{how}, {size} bytes, not read"));
            return (Ended::Found, Vec::new());
        }
        match settings::parse(&bytes) {
            Ok(document) => {
                let (form, count) = (document.form, document.values.len());
                self.log.passed(name, format!("{how}, {size} bytes, {form}, {count} parameters"));
                let names = document.includes.clone();
                self.settings.add(scope(self.phone, request), last(&request.url), document);
                (Ended::Found, names)
            }
            Err(why) => {
                self.failed = true;
                self.log.failed(name, format!("{how}, {size} bytes, not well-formed: {why}"));
                (Ended::Failed, Vec::new())
            }
        }
    }

    fn finish(self) -> Option<Account> {
        let Collection { phone, log, settings, missing, skipped, failed, .. } = self;
        let mut words = Vec::new();
        if !missing.is_empty() {
            words.push(format!("not there, and the phone goes on: {}", missing.join(", ")));
        }
        if !skipped.is_empty() {
            words.push(format!("not requested: {}", skipped.join(", ")));
        }
        if !words.is_empty() {
            log.passed(steps::FILES, words.join("; "));
        }
        if !settings.is_empty() {
            return account::judge(phone, &settings, log);
        }
        match (failed, missing.is_empty()) {
            (true, _) => log.failed(steps::CONFIGURATION, "no file could be read"),
            (false, true) => {
                log.not_reached(
                    steps::CONFIGURATION,
                    "the names of this phone's files are not known",
                );
            }
            (false, false) => {
                let why = format!("none of its files is there: {}", missing.join(", "));
                log.failed(steps::CONFIGURATION, why);
            }
        }
        None
    }
}

/// A file's name, if this phone requests it: its model, variant and firmware fit, and the name has
/// nothing in it that is not known.
fn name(phone: &Phone, file: &PhoneFile) -> Option<String> {
    let variant = file.variants.is_empty() || file.variants.contains(&phone.variant);
    let fits = fits_model(&file.models, &phone.model) && variant;
    if !fits || !fits_firmware(&file.firmware_from, &phone.firmware) {
        return None;
    }
    if file.name.contains("{{model}}") && phone.model.is_empty() {
        return None;
    }
    let mut name = file.name.to_string();
    if name.contains("{{code}}") {
        name = name.replace("{{code}}", file.code(&phone.model)?);
    }
    let model = phone.model.strip_prefix(&*file.without).unwrap_or(&phone.model);
    Some(phone.fill(&name.replace("{{model}}", model)))
}

/// A file with the phone's address in its name is its own, whoever named it.
fn scope(phone: &Phone, request: &Request) -> Scope {
    let plain: String = request
        .url
        .chars()
        .filter(char::is_ascii_hexdigit)
        .collect::<String>()
        .to_ascii_lowercase();
    match plain.contains(&phone.fill("{{mac}}")) {
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
