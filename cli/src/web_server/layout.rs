//! What a server's configuration says, out of the policy: hosts and ports, the paths that stand for the
//! tree's root, the folders below them, and the names of the files in each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use offhook_core::Engine;
use offhook_core::catalogue::FileFormat;
use offhook_core::catalogue::url::UrlParts;
use offhook_core::file_map::{Folder, Name, Protection};

use super::Arguments;
use super::locations::{Location, Rows, products};
use crate::input::{Failure, wrong};

/// Everything that a server's configuration says.
pub struct Layout {
    pub hosts: Vec<HostLayout>,
    /// The tree's root, absolute, without `/` at its end.
    pub root: String,
    /// Empty: from anywhere.
    pub networks: Vec<IpNet>,
    /// Why these.
    pub networks_from: &'static str,
    pub certificate: Option<(String, String)>,
    pub log: Option<String>,
    pub secrets: Option<PathBuf>,
    /// The makers' authorities, if phones show their certificates.
    pub authorities: Option<String>,
    /// `.xml` and the like, with their types.
    pub types: Vec<(&'static str, Vec<String>)>,
    /// Sets of names of files; each location has one of them.
    pub names: Vec<BTreeSet<Name>>,
    /// URLs that no web server answers.
    pub unserved: Vec<String>,
    /// What in a URL must not appear in a log.
    pub has_secret_urls: bool,
    /// Requests a second that one address may make where files are open to guesses; 0: any number.
    pub rate: u32,
    pub old_tls: bool,
    pub ipv6: bool,
}

/// A host and port, with what is requested there.
#[derive(Debug, PartialEq)]
pub struct HostLayout {
    /// A name, or an address, in brackets if it is an IPv6 one.
    pub name: String,
    pub port: u16,
    pub tls: bool,
    pub plain_too: bool,
    pub locations: Vec<Location>,
}

/// By base and protection.
type Places = BTreeMap<(String, Protection), Rows>;

impl Layout {
    pub fn new(engine: &Engine, arguments: &Arguments) -> Result<Layout, Failure> {
        let map = engine.file_map();
        let (mut names, mut unserved) = (Vec::new(), BTreeSet::new());
        let mut hosts: BTreeMap<(String, u16, bool), Places> = BTreeMap::new();
        for folder in &map.folders {
            let Ok(url) = folder.place.base_url() else { continue };
            let (true, Some(port)) =
                (url.has_scheme("https") || url.has_scheme("http"), url.port_or_default())
            else {
                unserved.insert(folder.place.to_string());
                continue;
            };
            let name = UrlParts { port: None, ..url }.host_and_port();
            let rows = hosts.entry((name, port, url.has_scheme("https"))).or_default();
            let names = names_of(folder, engine, &mut names);
            let rows = rows.entry((url.path.to_owned(), folder.protection)).or_default();
            rows.insert(folder.place.folder.clone(), names);
        }
        if hosts.is_empty() {
            return Err(nothing_to_serve(&unserved));
        }
        let hosts = hosts.into_iter().map(|((name, port, tls), places)| HostLayout {
            name,
            port,
            tls,
            plain_too: arguments.plain_http && tls,
            locations: locations(places),
        });
        let access = &engine.policy().file_access;
        let authorities = access.client_certificates.as_ref().map(|c| c.authorities.clone());
        if authorities.is_some() && arguments.plain_http {
            return Err(wrong(
                "phones can only show a certificate over https: take \"client-certificates\" out of \
                 the policy, or leave --plain-http out",
            ));
        }
        let root = std::path::absolute(&arguments.root).unwrap_or_else(|_| arguments.root.clone());
        let (networks, networks_from) = networks(engine, arguments);
        let text = |whose: &str, path: &Option<PathBuf>| {
            path.as_deref().map(|path| quiet(whose, path)).transpose()
        };
        let certificate = text("--certificate", &arguments.certificate)?;
        let secret = |folder: &Folder| !folder.protection.is_open();
        Ok(Layout {
            hosts: hosts.collect(),
            root: quiet("--root", &root)?.trim_end_matches('/').to_owned(),
            networks,
            networks_from,
            certificate: certificate.zip(text("--certificate-key", &arguments.certificate_key)?),
            log: text("--log", &arguments.log)?,
            secrets: text("--secrets", &arguments.secrets)?.map(PathBuf::from),
            authorities,
            types: types(engine),
            names,
            unserved: unserved.into_iter().collect(),
            has_secret_urls: map.folders.iter().any(secret),
            rate: arguments.rate,
            old_tls: arguments.old_tls,
            ipv6: !arguments.no_ipv6,
        })
    }

    pub fn has_token(&self) -> bool {
        self.hosts.iter().any(|host| host.locations.iter().any(Location::has_token))
    }

    /// Whether some files are open to a client that guesses their names.
    pub fn is_open(&self) -> bool {
        self.authorities.is_none()
            && self.hosts.iter().any(|host| host.locations.iter().any(|place| place.is_open))
    }
}

fn nothing_to_serve(unserved: &BTreeSet<String>) -> Failure {
    match unserved.first() {
        None => wrong("the policy sends no phone to generated files: it needs a system \"files\""),
        Some(url) => wrong(format!("{url}: a web server serves http and https only")),
    }
}

/// The position of a folder's names, equal sets once.
fn names_of(folder: &Folder, engine: &Engine, sets: &mut Vec<BTreeSet<Name>>) -> usize {
    let names = folder.names(engine.tables());
    sets.iter().position(|set| *set == names).unwrap_or_else(|| {
        sets.push(names);
        sets.len() - 1
    })
}

fn locations(places: Places) -> Vec<Location> {
    let mut locations: Vec<Location> = Vec::new();
    for ((base, protection), rows) in places {
        locations.extend(products(rows).into_iter().map(|(levels, names)| Location {
            base: base.clone(),
            levels,
            names,
            is_open: protection.is_open(),
        }));
    }
    locations.sort_by_key(Location::order);
    locations
}

/// A path that needs no quoting in any server's configuration.
fn quiet(whose: &str, path: &Path) -> Result<String, Failure> {
    let text = path.display().to_string();
    let plain =
        |c: &char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | '@' | ':');
    match text.chars().find(|c| !plain(c)) {
        None => Ok(text),
        Some(c) => Err(wrong(format!(
            "{whose}: {c:?} in {text:?}: expected letters, digits, '/', '.', '-', '_', '+', '@' and ':', for nginx \
             and Caddy read other characters in their configuration as something else: make a symbolic link \
             whose path has none of them (ln -s), and give that"
        ))),
    }
}

/// From where phones ask.
fn networks(engine: &Engine, arguments: &Arguments) -> (Vec<IpNet>, &'static str) {
    if arguments.from_anywhere {
        return (Vec::new(), "from anywhere, as --from-anywhere says");
    }
    let sites = engine.policy().sites.iter().flat_map(|site| &site.matching.networks);
    let mut networks: BTreeSet<IpNet> = sites.map(|network| IpNet::V4(*network)).collect();
    let from = if networks.is_empty() { "--allow" } else { "the policy's sites, and --allow" };
    networks.extend(&arguments.allow);
    if !networks.is_empty() {
        return (IpNet::aggregate(&networks.into_iter().collect()), from);
    }
    let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
    let private = private.into_iter().filter_map(|text| text.parse().ok()).collect();
    (
        private,
        "private addresses: the policy's sites name no networks; --allow NETWORK names others",
    )
}

/// Types by the ending of a name, as the catalogue has the files. An ending that means XML to one
/// maker and plain text to another is plain text.
fn types(engine: &Engine) -> Vec<(&'static str, Vec<String>)> {
    let mut xml = BTreeSet::new();
    let mut text = BTreeSet::from(["log".to_owned(), "cfg".to_owned(), "boot".to_owned()]);
    let files = engine.tables().vendors.iter().flat_map(|vendor| &vendor.files);
    for file in files {
        let Some((_, ending)) = file.name.rsplit_once('.') else { continue };
        if !ending.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) {
            continue;
        }
        match file.format {
            FileFormat::Xml => xml.insert(ending.to_owned()),
            FileFormat::Text => text.insert(ending.to_owned()),
            FileFormat::Json | FileFormat::Binary => false,
        };
    }
    xml.retain(|ending| !text.contains(ending));
    vec![("application/xml", xml.into_iter().collect()), ("text/plain", text.into_iter().collect())]
}
