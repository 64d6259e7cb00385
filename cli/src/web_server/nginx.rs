//! The configuration in nginx's words. Stock nginx of Debian has everything in it that is used here.

use std::fmt::{Result, Write};

use offhook_core::token::Minter;

use super::expressions::{Capture, any, escaped, folders_in, name, pieces};
use super::layout::{HostLayout, Layout};
use super::locations::{Level, Location};
use super::nginx_maps;
use crate::input::{Failure, wrong};

/// What goes into `/etc/nginx/sites-available/offhook`.
pub fn configuration(layout: &Layout, minters: &[Minter]) -> std::result::Result<String, Failure> {
    let mut out = String::new();
    write_all(layout, minters, &mut out).map_err(wrong)?;
    Ok(out)
}

/// What goes into the file of secrets: one variable for each valid key and epoch.
pub fn secrets(minters: &[Minter]) -> String {
    let mut out = String::from(
        "# Keys of the phones' tokens, by offhook web-server. For nginx's eyes only.\n",
    );
    for minter in minters {
        let (mark, key) = (hex::encode(minter.mark()), minter.web_server_key());
        let _ = writeln!(out, "map $host $offhook_key_{mark} {{ default \"{key}\"; }}");
    }
    out
}

fn write_all(layout: &Layout, minters: &[Minter], out: &mut String) -> Result {
    writeln!(
        out,
        "# The phones' files. Made by offhook web-server nginx; make it again when the policy changes.\n"
    )?;
    for url in &layout.unserved {
        writeln!(out, "# Not served here: {url}\n")?;
    }
    nginx_maps::write(layout, minters, out)?;
    if !minters.is_empty()
        && let Some(path) = &layout.secrets
    {
        writeln!(out, "include {};\n", path.display())?;
    }
    for host in &layout.hosts {
        write_host(layout, host, minters, out)?;
    }
    Ok(())
}

fn write_host(layout: &Layout, host: &HostLayout, minters: &[Minter], out: &mut String) -> Result {
    writeln!(out, "server {{")?;
    if host.plain_too {
        writeln!(out, "    # Plain HTTP: any listener on the wire reads the phones' passwords.")?;
        write_listen(layout, host, 80, "", out)?;
    }
    write_listen(layout, host, host.port, if host.tls { " ssl" } else { "" }, out)?;
    writeln!(out, "    server_name {};", host.name)?;
    if host.tls {
        write_tls(layout, host, out)?;
    } else {
        writeln!(
            out,
            "    # Plain HTTP, as the policy's URL says: passwords can be read on the wire."
        )?;
    }
    let log = layout.log.as_deref().unwrap_or("/var/log/nginx/offhook.log");
    writeln!(out, "\n    access_log {log} offhook;")?;
    let level = match layout.has_secret_urls {
        true => {
            writeln!(out, "    # Below emerg a line may repeat the request, and with it a token.")?;
            "emerg"
        }
        false => "error",
    };
    writeln!(
        out,
        "    error_log {}.error {level};\n    log_not_found off;\n    server_tokens off;",
        log.trim_end_matches(".log")
    )?;
    writeln!(
        out,
        "    set $offhook_mac -;\n    set $offhook_name -;\n\n    \
         # Only exact paths: no \"..\", no \"//\", no escapes."
    )?;
    writeln!(out, "    merge_slashes off;")?;
    writeln!(out, "    if ($request_uri ~ \"^[^?]*(\\.\\.|//|%|\\\\\\\\)\") {{ return 404; }}")?;
    writeln!(out, "    # Phones fetch; nothing is uploaded here.")?;
    writeln!(out, "    if ($request_method !~ \"^(GET|HEAD)$\") {{ return 405; }}")?;
    writeln!(
        out,
        "    autoindex off;\n    disable_symlinks on from={};\n    index .offhook-has-no-index;",
        if layout.root.is_empty() { "/" } else { &layout.root }
    )?;
    writeln!(out, "\n    default_type application/octet-stream;\n    types {{")?;
    for (name, endings) in layout.types.iter().filter(|(_, endings)| !endings.is_empty()) {
        writeln!(out, "        {name} {};", endings.join(" "))?;
    }
    writeln!(out, "    }}\n    charset utf-8;\n    charset_types application/xml text/plain;\n")?;
    writeln!(out, "    # From {}.", layout.networks_from)?;
    for network in &layout.networks {
        writeln!(out, "    allow {network};")?;
    }
    if !layout.networks.is_empty() {
        writeln!(out, "    deny all;")?;
    }
    for location in &host.locations {
        write_location(layout, location, minters, out)?;
    }
    writeln!(out, "\n    # Everything else in these folders is refused.")?;
    let mut bases: Vec<&str> = host.locations.iter().map(|place| place.base.as_str()).collect();
    bases.dedup();
    for base in &bases {
        writeln!(out, "    location {base} {{ return 403; }}")?;
    }
    if !bases.contains(&"/") {
        writeln!(out, "    location / {{ return 404; }}")?;
    }
    writeln!(out, "}}")
}

/// Phones that are sent a name may come by either protocol.
fn write_listen(
    layout: &Layout,
    host: &HostLayout,
    port: u16,
    how: &str,
    out: &mut String,
) -> Result {
    if !host.name.starts_with('[') {
        writeln!(out, "    listen {port}{how};")?;
    }
    if layout.ipv6 && host.name.parse::<std::net::Ipv4Addr>().is_err() {
        writeln!(out, "    listen [::]:{port}{how};")?;
    }
    Ok(())
}

fn write_tls(layout: &Layout, host: &HostLayout, out: &mut String) -> Result {
    let (certificate, key) = match &layout.certificate {
        Some((certificate, key)) => (certificate.clone(), key.clone()),
        None => {
            let live = format!("/etc/letsencrypt/live/{}", host.name.trim_matches(['[', ']']));
            (format!("{live}/fullchain.pem"), format!("{live}/privkey.pem"))
        }
    };
    writeln!(out, "    ssl_certificate {certificate};\n    ssl_certificate_key {key};")?;
    if layout.old_tls {
        writeln!(
            out,
            "    # TLS 1.0 and 1.1 are broken (RFC 8996). They hold for every server on this port.\n    \
             ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;\n    ssl_ciphers DEFAULT:@SECLEVEL=0;"
        )?;
    } else {
        writeln!(out, "    ssl_protocols TLSv1.2 TLSv1.3;")?;
    }
    if let Some(authorities) = &layout.authorities {
        writeln!(
            out,
            "    # The phones show the certificates that their makers put into them.\n    \
             ssl_client_certificate {authorities};\n    ssl_verify_client on;\n    ssl_verify_depth 4;\n    \
             # No session is taken up again: it may have begun at another server of this port.\n    \
             ssl_session_tickets off;\n    ssl_session_cache off;\n    \
             error_page 495 496 = @uncertified;\n    location @uncertified {{ return 403; }}"
        )?;
    }
    Ok(())
}

fn write_location(
    layout: &Layout,
    location: &Location,
    minters: &[Minter],
    out: &mut String,
) -> Result {
    let Some(names) = layout.names.get(location.names) else { return Ok(()) };
    // Names of files that hold a folder have a location of their own.
    let mut files = vec![String::new()];
    files.extend(folders_in(names).iter().map(|folder| name(folder, Capture::Nothing)));
    for levels in pieces(location) {
        for file in &files {
            if !location.has_token() {
                writeln!(out, "\n    location ~ \"{}\" {{", pattern(location, &levels, file, ""))?;
                write_owner(layout, location, out)?;
                write_end(layout, location, out)?;
                continue;
            }
            for minter in minters {
                let address = if minter.is_for_addresses() { "$remote_addr" } else { "-" };
                let mark = minter.mark();
                writeln!(out, "\n    # Tokens that begin with {mark}: epoch {}.", minter.epoch())?;
                writeln!(out, "    location ~ \"{}\" {{", pattern(location, &levels, file, mark))?;
                write_owner(layout, location, out)?;
                writeln!(
                    out,
                    "        secure_link $token;\n        \
                     secure_link_md5 \"$phone {address} {} $offhook_key_{}\";\n        \
                     if ($secure_link = \"\") {{ return 403; }}",
                    minter.epoch(),
                    hex::encode(mark)
                )?;
                write_end(layout, location, out)?;
            }
        }
    }
    Ok(())
}

/// The phone that a file belongs to. A name that does not fit the catalogue belongs to no phone.
fn write_owner(layout: &Layout, location: &Location, out: &mut String) -> Result {
    let names = location.names;
    writeln!(out, "        if ($offhook_owner_{names} = \"\") {{ return 403; }}")?;
    writeln!(out, "        set $offhook_name $file;")?;
    match location.has_mac() {
        true => writeln!(out, "        set $offhook_mac $phone;")?,
        // By all names: one that has a model in it may look like another maker's with an address.
        false => writeln!(out, "        set $offhook_mac $offhook_owner;")?,
    }
    if layout.authorities.is_none() {
        return Ok(());
    }
    // A phone with a certificate gets what is its own, and what belongs to no phone.
    writeln!(
        out,
        "        set $offhook_pair \"$offhook_certified/$offhook_mac\";\n        \
         if ($offhook_pair !~* \"^([0-9a-f]{{12}})/(\\1|-)$\") {{ return 403; }}"
    )
}

fn write_end(layout: &Layout, location: &Location, out: &mut String) -> Result {
    if nginx_maps::is_limited(layout, location) {
        writeln!(
            out,
            "        limit_req zone=offhook burst={} nodelay;\n        limit_req_status 429;",
            nginx_maps::burst(layout)
        )?;
    }
    let before = if location.has_token() { "$before" } else { "" };
    writeln!(out, "        alias {}/{before}$below;\n    }}", layout.root)
}

/// The URL as a regular expression that knows its parts by name: `before` and `below` are the path in
/// the tree, which has no token.
fn pattern(location: &Location, levels: &[Level], file: &str, mark: &str) -> String {
    let mut pattern = format!("^{}", escaped(&location.base));
    let mut known = false;
    pattern.push_str(if location.has_token() { "(?<before>" } else { "(?<below>" });
    for level in levels {
        match level {
            Level::Token => {
                let _ = write!(pattern, "){mark}(?<token>[A-Za-z0-9_-]{{22}})/(?<below>");
            }
            Level::Names(names) => {
                let one = |pattern| {
                    let capture =
                        if known { Capture::Same("phone") } else { Capture::Group("phone") };
                    // Only the spelling that tokens and certificates are compared with.
                    name(pattern, if pattern.has_lower_mac() { capture } else { Capture::Nothing })
                };
                pattern.push_str(&any(names.iter().map(one).collect()));
                known |= names.iter().any(|name| name.has_lower_mac());
                pattern.push('/');
            }
        }
    }
    pattern + "(?<file>" + file + "[A-Za-z0-9_+-][A-Za-z0-9._+-]*))$"
}
