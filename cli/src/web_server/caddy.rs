//! The configuration in Caddy's words. Stock Caddy checks neither tokens nor whose certificate a phone
//! shows, so a policy that wants that is refused here: nginx can.

use std::fmt::Write;

use super::layout::{Folder, HostLayout, Layout, Part};
use crate::input::{Failure, wrong};

pub fn configuration(layout: &Layout) -> Result<String, Failure> {
    if layout.has_token() {
        return Err(wrong(
            "stock Caddy cannot check a token: use nginx, or take {{token}} out of the URL",
        ));
    }
    if layout.authorities.is_some() {
        return Err(wrong(
            "stock Caddy cannot hand each phone its own folder by its certificate: use nginx, or take \
             \"client-certificates\" out of the policy",
        ));
    }
    let mut out = String::from(
        "# The phones' files. Made by offhook web-server caddy; make it again when the policy changes.\n",
    );
    for host in &layout.hosts {
        write_host(layout, host, &mut out).map_err(wrong)?;
    }
    Ok(out)
}

fn write_host(layout: &Layout, host: &HostLayout, out: &mut String) -> std::fmt::Result {
    let scheme = if host.tls { "https" } else { "http" };
    write!(out, "\n{scheme}://{}:{}", host.name, host.port)?;
    if host.plain_too {
        write!(out, ", http://{}", host.name)?;
    }
    writeln!(out, " {{")?;
    if let (true, Some((certificate, key))) = (host.tls, &layout.certificate) {
        writeln!(out, "\ttls {certificate} {key}")?;
    }
    let log = layout.log.as_deref().unwrap_or("/var/log/caddy/offhook.log");
    writeln!(out, "\tlog {{\n\t\toutput file {log}\n\t}}")?;
    // In the order that stands here; Caddy would sort them otherwise.
    writeln!(out, "\troute {{")?;
    if !layout.networks.is_empty() {
        let networks: Vec<String> = layout.networks.iter().map(ToString::to_string).collect();
        writeln!(out, "\t\t# From {}.", layout.networks_from)?;
        writeln!(out, "\t\t@elsewhere not remote_ip {}", networks.join(" "))?;
        writeln!(out, "\t\trespond @elsewhere 403")?;
    }
    writeln!(out, "\t\t@upload not method GET HEAD\n\t\trespond @upload 405")?;
    for (number, folder) in host.folders.iter().enumerate() {
        let base = folder.base.trim_end_matches('/');
        writeln!(out, "\t\t@files{number} path_regexp files{number} {}", pattern(folder))?;
        writeln!(out, "\t\thandle @files{number} {{")?;
        if !base.is_empty() {
            writeln!(out, "\t\t\turi strip_prefix {base}")?;
        }
        for (name, endings) in layout.types.iter().filter(|(_, endings)| !endings.is_empty()) {
            let matcher = name.rsplit('/').next().unwrap_or(name);
            let endings: Vec<String> = endings.iter().map(|ending| format!("*.{ending}")).collect();
            writeln!(out, "\t\t\t@{matcher}{number} path {}", endings.join(" "))?;
            writeln!(
                out,
                "\t\t\theader @{matcher}{number} Content-Type \"{name}; charset=utf-8\""
            )?;
        }
        writeln!(out, "\t\t\troot * {}\n\t\t\tfile_server\n\t\t}}", layout.root)?;
    }
    writeln!(out, "\t\trespond 404\n\t}}\n}}")
}

fn pattern(folder: &Folder) -> String {
    let mut pattern = format!("^{}", folder.base.replace('.', "\\.").replace('+', "\\+"));
    for part in &folder.parts {
        match part {
            Part::Text(text) => pattern.push_str(&text.replace('.', "\\.").replace('+', "\\+")),
            Part::Mac => pattern.push_str("[0-9a-f]{12}"),
            Part::Token | Part::Any => pattern.push_str("[A-Za-z0-9_+-][A-Za-z0-9._+-]*"),
        }
        pattern.push('/');
    }
    pattern + "[A-Za-z0-9_+-][A-Za-z0-9._+-]*$"
}
