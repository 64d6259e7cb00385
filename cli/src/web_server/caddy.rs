//! The configuration in Caddy's words. Stock Caddy checks neither tokens nor whose certificate a phone
//! shows, so a policy that wants that is refused here: nginx can. It does not limit requests either.

use std::collections::BTreeSet;
use std::fmt::{Result, Write};

use offhook_core::file_map::Name;

use super::expressions::{Capture, any, escaped, name};
use super::layout::{HostLayout, Layout};
use super::locations::{Level, Location};
use crate::input::{Failure, wrong};

/// What only Caddy's global options can say.
const OWN_LOG: &str = "# A request for a host that no site of Caddy's has is in Caddy's own log, with its path and so with the random\n\
    # folder. To keep it out of there, put this into the global options, before all sites:\n\
    # {\n#\tlog {\n#\t\texclude http.log.access\n#\t}\n# }\n";

pub fn configuration(layout: &Layout) -> std::result::Result<String, Failure> {
    let refused = if layout.has_token() {
        "stock Caddy cannot check a token: use nginx, or take {{token}} out of the URL"
    } else if layout.authorities.is_some() {
        "stock Caddy cannot hand each phone its own folder by its certificate: use nginx, or take \
         \"client-certificates\" out of the policy"
    } else if layout.old_tls {
        "Caddy does not speak TLS 1.0 and 1.1: use nginx, or leave --old-tls out"
    } else {
        let mut out = String::from(
            "# The phones' files. Made by offhook web-server caddy; make it again when the policy changes.\n",
        );
        for url in &layout.unserved {
            writeln!(out, "# Not served here: {url}").map_err(wrong)?;
        }
        if layout.has_secret_urls {
            out.push_str(OWN_LOG);
        }
        if layout.is_open() {
            out.push_str(
                "# Stock Caddy cannot limit how often one address may ask: a client that guesses names of files\n\
                 # here is not slowed down. nginx does that.\n",
            );
        }
        for host in &layout.hosts {
            write_host(layout, host, &mut out).map_err(wrong)?;
        }
        return Ok(out);
    };
    Err(wrong(refused))
}

fn write_host(layout: &Layout, host: &HostLayout, out: &mut String) -> Result {
    let scheme = if host.tls { "https" } else { "http" };
    write!(out, "\n{scheme}://{}:{}", host.name, host.port)?;
    if host.plain_too {
        write!(out, ", http://{}", host.name)?;
    }
    writeln!(out, " {{")?;
    if let (true, Some((certificate, key))) = (host.tls, &layout.certificate) {
        writeln!(out, "\ttls {certificate} {key}")?;
    }
    write_log(layout, host, out)?;
    // In the order written here; Caddy would sort them otherwise.
    writeln!(out, "\troute {{")?;
    if !layout.networks.is_empty() {
        let networks: Vec<String> = layout.networks.iter().map(ToString::to_string).collect();
        writeln!(out, "\t\t# From {}.", layout.networks_from)?;
        writeln!(out, "\t\t@elsewhere not remote_ip {}", networks.join(" "))?;
        writeln!(out, "\t\trespond @elsewhere 403")?;
    }
    writeln!(
        out,
        "\t\t# Only exact paths: no \"..\", no \"//\", no escapes.\n\
         \t\t@odd expression `{{http.request.uri}}.matches(\"^[^?]*([.][.]|//|%|[\\\\\\\\])\")`\n\
         \t\trespond @odd 404"
    )?;
    writeln!(out, "\t\t@upload not method GET HEAD\n\t\trespond @upload 405")?;
    for (number, location) in host.locations.iter().enumerate() {
        let Some(names) = layout.names.get(location.names) else { continue };
        write_location(layout, location, names, number, out)?;
    }
    let mut bases: Vec<&str> = host.locations.iter().map(|place| place.base.as_str()).collect();
    bases.dedup();
    writeln!(out, "\t\t# Everything else in these folders is refused.")?;
    for (number, base) in bases.iter().enumerate() {
        writeln!(out, "\t\t@below{number} path {base}*\n\t\trespond @below{number} 403")?;
    }
    writeln!(out, "\t\trespond 404\n\t}}\n}}")
}

/// No path and no header is shown, for it may hold the random folder, or a token of another server's;
/// only the names that are ours.
fn write_log(layout: &Layout, host: &HostLayout, out: &mut String) -> Result {
    let log = layout.log.as_deref().unwrap_or("/var/log/caddy/offhook.log");
    let sets: BTreeSet<usize> = host.locations.iter().map(|location| location.names).collect();
    let names: BTreeSet<&Name> =
        sets.iter().filter_map(|set| layout.names.get(*set)).flatten().collect();
    let short = |file: &&Name| {
        name(&file.pattern, Capture::Nothing).replace("[A-Za-z0-9._+-]*", "[A-Za-z0-9._+-]{0,20}")
    };
    let ours = any(names.iter().map(short).collect());
    writeln!(
        out,
        "\tlog {{\n\t\toutput file {log}\n\t\tformat filter {{\n\t\t\twrap json\n\t\t\tfields {{\n\
         \t\t\t\trequest>uri regexp `^(?:[^?]*/({ours})(?:[?].*)?|(?s:.*))$` $1\n\
         \t\t\t\trequest>method regexp `^(?:(GET|HEAD|PUT|POST|DELETE|OPTIONS|PROPFIND)|.*)$` $1\n\
         \t\t\t\trequest>headers delete\n\t\t\t\tresp_headers delete\n\t\t\t}}\n\t\t}}\n\t}}"
    )
}

fn write_location(
    layout: &Layout,
    location: &Location,
    names: &BTreeSet<Name>,
    number: usize,
    out: &mut String,
) -> Result {
    let base = location.base.trim_end_matches('/');
    let pattern = pattern(location, names);
    writeln!(out, "\t\t@files{number} path_regexp files{number} `{pattern}`")?;
    writeln!(out, "\t\thandle @files{number} {{")?;
    if !base.is_empty() {
        writeln!(out, "\t\t\turi strip_prefix {base}")?;
    }
    for (name, endings) in layout.types.iter().filter(|(_, endings)| !endings.is_empty()) {
        let matcher = name.rsplit('/').next().unwrap_or(name);
        let endings: Vec<String> = endings.iter().map(|ending| format!("*.{ending}")).collect();
        writeln!(out, "\t\t\t@{matcher}{number} path {}", endings.join(" "))?;
        writeln!(out, "\t\t\theader @{matcher}{number} Content-Type \"{name}; charset=utf-8\"")?;
    }
    writeln!(out, "\t\t\troot * {}/\n\t\t\tfile_server\n\t\t}}", layout.root)
}

fn pattern(location: &Location, names: &BTreeSet<Name>) -> String {
    let mut pattern = format!("^{}", escaped(&location.base));
    for level in &location.levels {
        match level {
            Level::Token => {}
            Level::Names(names) => {
                let one = |pattern| name(pattern, Capture::Nothing);
                pattern.push_str(&any(names.iter().map(one).collect()));
                pattern.push('/');
            }
        }
    }
    let one = |file: &Name| name(&file.pattern, Capture::Nothing);
    pattern + &any(names.iter().map(one).collect()) + "$"
}
