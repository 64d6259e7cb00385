//! A boot's second half: the files that this phone requests, in its order, and what they say.

use std::collections::{BTreeMap, HashSet};

use offhook_catalogue::{FileFormat, FileScope, PhoneFile, fits_firmware, fits_model};

use crate::account::{self, Account};
use crate::digest::Credentials;
use crate::fetch::{By, Bytes, Fetched, Fetcher, resolve};
use crate::phone::Phone;
use crate::reading::Place;
use crate::report::Log;
use crate::settings::{self, Document, Part, Scope, Settings, Unread};
use crate::steps;
use crate::url::split_scheme;

/// No phone follows more files, or files that name files that name files any deeper.
const MOST: usize = 64;
const DEEPEST: usize = 8;
/// The most that all files of one boot may have together.
const LARGEST_TOGETHER: u64 = 32 << 20;

struct Request {
    url: String,
    scope: Scope,
    /// What the catalogue says of it; `binary` is not read.
    binary: bool,
    why: Why,
}

/// Who wants a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The maker's list: it may be missing.
    Listed,
    /// Another file names it, or the URL does: it must be there.
    Named,
    /// Another file names it, and goes on without it.
    Tried,
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
    fetcher: &'c mut Fetcher,
    log: &'c mut Log<'l>,
    seen: HashSet<String>,
    size: u64,
    settings: Settings,
    /// Files of the maker's list that are not there.
    missing: Vec<String>,
    /// Files of the maker's list that were not requested, and why.
    skipped: Vec<String>,
    /// Files whose form is not known here.
    unread: Vec<String>,
    failed: bool,
    /// Why nothing more is requested.
    ended: Option<&'static str>,
}

/// Gets the files and says what a registration of each line has in them. None: what came before failed.
pub fn collect(
    phone: &Phone,
    place: &Place,
    fetcher: &mut Fetcher,
    log: &mut Log<'_>,
) -> Vec<Account> {
    if let Some((user, password)) = &phone.character.login.factory {
        let credentials = Credentials { user: user.clone(), password: password.clone() };
        fetcher.know(place.url(), &credentials, By::Factory);
    }
    let settings = Settings::new(phone.character.first_file_counts);
    let mut collection = Collection {
        phone,
        fetcher,
        log,
        seen: HashSet::new(),
        size: 0,
        settings,
        missing: Vec::new(),
        skipped: Vec::new(),
        unread: Vec::new(),
        failed: false,
        ended: None,
    };
    match place {
        Place::File(url) => {
            let url = url.clone();
            let request = Request { url, scope: Scope::Common, binary: false, why: Why::Named };
            collection.follow(&request, 0);
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
        let scheme = split_scheme(folder).map_or("", |(scheme, _)| scheme);
        for file in &phone.vendor.files {
            let Some(name) = name(phone, file) else { continue };
            // What another file must name is requested then, and only then; with "only-if-missing" it is
            // requested too where those are missing.
            if !file.named_by.is_empty() && file.only_if_missing.is_empty() {
                let own = file.named_by.iter().map(|own| phone.fill(own)).collect::<Vec<_>>();
                self.skipped.push(format!("{name} (only if {} names it)", own.join(" or ")));
                continue;
            }
            let present = file
                .only_if_missing
                .iter()
                .find(|other| ended.get(&***other).is_some_and(|ended| *ended != Ended::Missing));
            if let Some(other) = present {
                self.skipped.push(format!("{name} (only if {} is missing)", phone.fill(other)));
                continue;
            }
            if !file.by.is_empty() && !file.by.iter().any(|own| own == scheme) {
                self.skipped
                    .push(format!("{name} (by {} only)", file.by.join(" or ").to_uppercase()));
                continue;
            }
            let request = Request {
                url: format!("{folder}{name}"),
                scope: match file.scope {
                    FileScope::Device => Scope::Device,
                    FileScope::Model => Scope::Model,
                    FileScope::Common => Scope::Common,
                },
                binary: file.format == FileFormat::Binary,
                why: Why::Listed,
            };
            ended.insert(&file.name, self.follow(&request, 0));
        }
    }

    /// Fetches a file, and those that it names, each where it names it.
    fn follow(&mut self, request: &Request, depth: usize) -> Ended {
        if self.ended.is_some() {
            return Ended::Failed;
        }
        if !self.seen.insert(request.url.clone()) {
            return Ended::Found;
        }
        if self.seen.len() > MOST || depth > DEEPEST {
            return self.stop("more files than any phone follows");
        }
        let (ended, document) = self.fetch(request);
        let scope = scope(self.phone, request);
        let file = last(&request.url).to_owned();
        for part in document.into_iter().flat_map(|document| document.parts) {
            let (name, why) = match part {
                Part::Value(key, value) => {
                    self.settings.add(scope, &file, &key, &value);
                    continue;
                }
                Part::Include(name) => (name, Why::Named),
                Part::Instead(name) => (name, Why::Tried),
            };
            self.own_login(&request.url);
            let url = resolve(&request.url, &self.phone.expand(&name));
            let ended = self.follow(&Request { url, scope, binary: false, why }, depth + 1);
            if why == Why::Tried && ended == Ended::Found {
                break;
            }
        }
        self.own_login(&request.url);
        ended
    }

    fn stop(&mut self, why: &'static str) -> Ended {
        self.ended = Some(why);
        self.failed = true;
        self.log.failed(steps::FILES, why);
        Ended::Failed
    }

    /// Name and password for the server that the files have said so far.
    fn own_login(&mut self, url: &str) {
        let login = &self.phone.character.login;
        let user = self.settings.get(&login.user).map(|(user, _)| user.to_owned());
        let password = self.settings.get(&login.password).map(|(password, _)| password.to_owned());
        if let (Some(user), Some(password)) = (user, password) {
            self.fetcher.know(url, &Credentials { user, password }, By::Files);
        }
    }

    /// Fetches one file.
    fn fetch(&mut self, request: &Request) -> (Ended, Option<Document>) {
        let name = format!("{} {}", steps::GET, request.url);
        let wanted = if request.binary { Bytes::Counted } else { Bytes::Kept };
        let (bytes, size, how) = match self.fetcher.get(&request.url, wanted) {
            Fetched::Found { bytes, size, how } => (bytes, size, how),
            Fetched::Missing(how) if request.why == Why::Named => {
                self.failed = true;
                self.log.failed(name, how);
                return (Ended::Missing, None);
            }
            Fetched::Missing(how) => {
                self.missing.push(format!("{} ({how})", last(&request.url)));
                return (Ended::Missing, None);
            }
            Fetched::Denied(why) => {
                self.log.failed(name, why);
                self.failed = true;
                self.ended = Some("the server requests a name and a password");
                return (Ended::Failed, None);
            }
            Fetched::Failed(why) => {
                self.failed = true;
                self.log.failed(name, why);
                return (Ended::Failed, None);
            }
            Fetched::NotSpoken(why) => {
                self.log.not_reached(name, why.clone());
                self.unread.push(last(&request.url).to_owned());
                return (Ended::Failed, None);
            }
        };
        if request.binary {
            self.log.passed(name, format!("{how}, {size} bytes, not read"));
            // Firmware is for all; a file with the address in its name may hold the account.
            if last(&request.url).to_ascii_lowercase().contains(&self.phone.fill("{{mac}}")) {
                self.unread.push(last(&request.url).to_owned());
            }
            return (Ended::Found, None);
        }
        self.size += size;
        if self.size > LARGEST_TOGETHER {
            return (self.stop("more than 32 MiB in all files together"), None);
        }
        match self.read(&bytes) {
            Ok(document) => {
                let (form, count) = (document.form, document.count());
                self.log.passed(name, format!("{how}, {size} bytes, {form}, {count} parameters"));
                (Ended::Found, Some(document))
            }
            Err(why @ Unread::Unknown(_)) => {
                self.log.passed(name, format!("{how}, {size} bytes, {why}"));
                self.unread.push(last(&request.url).to_owned());
                (Ended::Found, None)
            }
            Err(why) => {
                self.failed = true;
                self.log.failed(name, format!("{how}, {size} bytes, {why}"));
                (Ended::Failed, None)
            }
        }
    }

    /// Parses a file, and holds it to what this maker's phone wants of every file.
    fn read(&self, bytes: &[u8]) -> Result<Document, Unread> {
        let character = &self.phone.character;
        let begins = |form: &String| bytes.trim_ascii_start().starts_with(form.as_bytes());
        if character.older_form.as_ref().is_some_and(begins) {
            return Err(Unread::Unknown("the text of older firmware".to_owned()));
        }
        let document = settings::parse(bytes, self.phone)?;
        if let Some(line) = character.first_line.as_deref().filter(|_| document.form == "text") {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
            if first.trim_ascii_end() != line.as_bytes() {
                let why = format!("the first line is not {line}, and the phone ignores the file");
                return Err(Unread::Broken(why));
            }
        }
        let own = self.phone.fill("{{mac}}");
        if let Some(other) = character.for_phone.as_deref().and_then(|name| document.get(name)) {
            let digits: String = other.chars().filter(char::is_ascii_hexdigit).collect();
            if !digits.is_empty() && !digits.eq_ignore_ascii_case(&own) {
                let why = format!("it says that it is for {other}, and the phone refuses it");
                return Err(Unread::Broken(why));
            }
        }
        Ok(document)
    }

    fn finish(self) -> Vec<Account> {
        let Collection { phone, log, settings, missing, skipped, unread, failed, ended, .. } = self;
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
            return account::judge(phone, &settings, &unread, log);
        }
        let step = steps::CONFIGURATION;
        if let Some(why) = ended {
            log.not_reached(step, why);
        } else if failed {
            log.failed(step, "no file could be read");
        } else if !unread.is_empty() {
            log.not_reached(step, format!("not read: {}", unread.join(", ")));
        } else if missing.is_empty() {
            log.not_reached(step, "the names of this phone's files are not known");
        } else {
            let more = match skipped.is_empty() {
                true => String::new(),
                false => format!("; not requested: {}", skipped.join(", ")),
            };
            log.failed(step, format!("none of its files is there: {}{more}", missing.join(", ")));
        }
        Vec::new()
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
    let model = file.without.as_deref().and_then(|without| phone.model.strip_prefix(without));
    let model = model.unwrap_or(&phone.model);
    let mut name = file.name.to_string();
    if name.contains("{{code}}") {
        name = name.replace("{{code}}", file.code(model)?);
    }
    Some(phone.fill(&name.replace("{{model}}", model)))
}

/// A file with the phone's address in its name is its own, whichever file names it.
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
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.rsplit('/').next().unwrap_or(path)
}
