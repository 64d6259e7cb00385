//! Which URLs the phones ask for, out of the policy: host, port, the path that stands for the tree's
//! root, and the folders below it. Whatever a web server could not check or would have to guess is
//! told here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use offhook_core::Engine;
use offhook_core::catalogue::VendorIx;
use offhook_core::encode::Op;
use offhook_core::render::place::Place;
use offhook_core::text::Live;

use super::Arguments;
use crate::input::{Failure, wrong};

/// Everything that a server's configuration says.
pub struct Layout {
    pub hosts: Vec<HostLayout>,
    /// The tree's root, absolute, with `/` at its end.
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
}

/// A host and port, with what is asked for there.
#[derive(Debug, PartialEq)]
pub struct HostLayout {
    pub name: String,
    pub port: u16,
    pub tls: bool,
    pub plain_too: bool,
    pub folders: Vec<Folder>,
}

/// A path that phones ask below.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Folder {
    /// Stands for the tree's root, `/` at both ends.
    pub base: String,
    /// What follows it, part by part.
    pub parts: Vec<Part>,
}

/// One part of a path, between two slashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// As it stands.
    Text(String),
    Mac,
    Token,
    /// Something that differs between phones and proves nothing.
    Any,
}

impl Layout {
    pub fn has_token(&self) -> bool {
        self.hosts.iter().any(|host| host.folders.iter().any(Folder::has_token))
    }

    pub fn of(engine: &Engine, arguments: &Arguments) -> Result<Layout, Failure> {
        let mut hosts: Vec<HostLayout> = Vec::new();
        for place in places(engine) {
            add(&mut hosts, &place, arguments.plain_http)?;
        }
        if hosts.is_empty() {
            return Err(wrong(
                "no phone of this policy is told to fetch generated files: it needs a \
                              system \"files\"",
            ));
        }
        let root = std::path::absolute(&arguments.root).unwrap_or_else(|_| arguments.root.clone());
        let (networks, networks_from) = networks(engine, arguments);
        let access = &engine.policy().file_access;
        let authorities = access.client_certificates.as_ref().map(|c| c.authorities.clone());
        for host in &hosts {
            check(host, authorities.is_some())?;
        }
        let texts = |path: &Option<PathBuf>| path.as_deref().map(quiet).transpose();
        Ok(Layout {
            hosts,
            root: quiet(&root)?.trim_end_matches('/').to_owned() + "/",
            networks,
            networks_from,
            certificate: texts(&arguments.certificate)?.zip(texts(&arguments.certificate_key)?),
            log: texts(&arguments.log)?,
            secrets: arguments.secrets.clone(),
            authorities,
            types: types(engine),
        })
    }
}

impl Folder {
    /// Whether only names in it differ: those of vendors, or sites.
    fn is_like(&self, other: &Folder) -> bool {
        let named = |part: &Part| matches!(part, Part::Text(_) | Part::Any);
        self.base == other.base
            && self.parts.len() == other.parts.len()
            && self.parts.iter().zip(&other.parts).all(|(a, b)| a == b || (named(a) && named(b)))
    }

    /// One place for both: where names differ, any will do, for only what is in the tree is there.
    fn widen(&mut self, other: &Folder) {
        for (part, other) in self.parts.iter_mut().zip(&other.parts) {
            if part != other {
                *part = Part::Any;
            }
        }
    }

    pub fn has_token(&self) -> bool {
        self.parts.contains(&Part::Token)
    }

    pub fn has_mac(&self) -> bool {
        self.parts.contains(&Part::Mac)
    }
}

/// A path that needs no quoting in any server's configuration.
fn quiet(path: &Path) -> Result<String, Failure> {
    let text = path.display().to_string();
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | '@' | ':');
    match text.chars().all(plain) {
        true => Ok(text),
        false => Err(wrong(format!(
            "{text:?}: a path in a server's configuration is made of letters, digits, '/', '.', '-', \
             '_', '+', '@' and ':'"
        ))),
    }
}

/// Where phones of any vendor, at any site, find their files.
fn places(engine: &Engine) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let sites = (0..engine.policy().sites.len()).map(Some);
    for site in std::iter::once(None).chain(sites) {
        for (vendor, index) in engine.tables().vendors.iter().zip(0u16..) {
            for variant in 0..=u8::try_from(vendor.variants.len()).unwrap_or(0) {
                let plan = engine.plan(site, VendorIx(index), variant);
                if let Some(place) = &plan.place
                    && !places.contains(place)
                {
                    places.push(place.clone());
                }
            }
        }
    }
    places
}

fn add(hosts: &mut Vec<HostLayout>, place: &Place, plain_too: bool) -> Result<(), Failure> {
    let bad = |text: &str| wrong(format!("{}: {text}", place.base));
    let Some((scheme, rest)) = place.base.split_once("://") else {
        return Err(bad("expected a URL"));
    };
    let tls = match scheme {
        "https" => true,
        "http" => false,
        _ => return Err(bad("a web server serves http and https only")),
    };
    let Some((authority, path)) = rest.split_once('/') else { return Err(bad("expected a path")) };
    if authority.contains('@') {
        return Err(bad(
            "a name and password in the URL are not checked by this server; take them out",
        ));
    }
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => {
            (name, port.parse().map_err(|_| bad("expected a port"))?)
        }
        _ => (authority, if tls { 443 } else { 80 }),
    };
    let base = format!("/{path}");
    let folder = Folder { parts: parts(place)?, base };
    let plain = |part: &str| {
        part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '+'))
    };
    if !plain(&folder.base) || folder.base.contains("//") {
        return Err(bad("a path of letters, digits, '.', '-', '_' and '+' is served"));
    }
    let same = |host: &&mut HostLayout| host.name == name && host.port == port && host.tls == tls;
    match hosts.iter_mut().find(same) {
        Some(host) => match host.folders.iter_mut().find(|other| other.is_like(&folder)) {
            Some(other) => other.widen(&folder),
            None => host.folders.push(folder),
        },
        None => hosts.push(HostLayout {
            name: name.to_owned(),
            port,
            tls,
            plain_too: plain_too && tls,
            folders: vec![folder],
        }),
    }
    Ok(())
}

/// The folder below the root, part by part.
fn parts(place: &Place) -> Result<Vec<Part>, Failure> {
    let mut parts = Vec::new();
    // What is between two slashes: its pieces.
    let mut part: Vec<Part> = Vec::new();
    let mut close = |part: &mut Vec<Part>| match part.as_slice() {
        [] => {}
        [one] => parts.push(one.clone()),
        _ => parts.push(Part::Any),
    };
    for op in &place.folder {
        match op {
            Op::Bytes(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                for (index, piece) in text.split('/').enumerate() {
                    if index > 0 {
                        close(&mut part);
                        part.clear();
                    }
                    if !piece.is_empty() {
                        part.push(Part::Text(piece.to_owned()));
                    }
                }
            }
            Op::Live(Live::Mac { upper: false, separator: 0 }) => part.push(Part::Mac),
            Op::Live(Live::Token) => part.push(Part::Token),
            Op::Live(_) | Op::Open | Op::Close => part.push(Part::Any),
        }
    }
    close(&mut part);
    Ok(parts)
}

/// What this server could not check.
fn check(host: &HostLayout, certificates: bool) -> Result<(), Failure> {
    for folder in &host.folders {
        let bad = |text: &str| Err(wrong(format!("{}: {text}", folder.base)));
        if folder.has_token() && !folder.has_mac() {
            return bad(
                "a token is good for one phone, so its folder needs a part {{mac}} (lower \
                        case, without separators)",
            );
        }
        if folder.parts.iter().any(|part| matches!(part, Part::Text(text) if text.starts_with('.')))
        {
            return bad("a part that begins with '.' is never served");
        }
    }
    if certificates && (!host.tls || host.plain_too) {
        return Err(wrong(format!(
            "{}: phones can only show a certificate over https: take \"client-certificates\" out of \
             the policy, or serve https only",
            host.name
        )));
    }
    Ok(())
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
        match &*file.format {
            "xml" => xml.insert(ending.to_owned()),
            "text" => text.insert(ending.to_owned()),
            _ => false,
        };
    }
    xml.retain(|ending| !text.contains(ending));
    vec![("application/xml", xml.into_iter().collect()), ("text/plain", text.into_iter().collect())]
}
