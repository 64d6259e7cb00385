//! The configuration in nginx's words. Stock nginx of Debian has everything in it that is used here.

use std::fmt::Write;

use offhook_core::token::Minter;

use super::layout::{Folder, HostLayout, Layout, Part};
use crate::input::{Failure, wrong};

/// What goes into `/etc/nginx/sites-available/offhook`.
pub fn configuration(layout: &Layout, minters: &[Minter]) -> Result<String, Failure> {
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

fn write_all(layout: &Layout, minters: &[Minter], out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "# The phones' files. Made by offhook web-server nginx; make it again when the policy changes.\n"
    )?;
    writeln!(
        out,
        "# Whose file it is, by its name or folder; for the log, and never with a token in it.\n\
         map $uri $offhook_mac {{\n    default -;\n    \
         \"~*^[^?]*?(?<![0-9a-f])(?!0{{12}})(?<mac_in_uri>[0-9a-f]{{12}})(?![0-9a-f])\" $mac_in_uri;\n}}\n\
         map $uri $offhook_name {{\n    default -;\n    \"~/(?![A-Za-z0-9_-]{{24}}$)(?<name_in_uri>[^/]*)$\" $name_in_uri;\n}}\n\
         log_format offhook '$time_iso8601 $remote_addr $offhook_mac $status $body_bytes_sent '\n    \
         '\"$request_method $offhook_name\" \"$http_user_agent\"';\n"
    )?;
    if layout.authorities.is_some() {
        write_certified(out)?;
    }
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

/// The address in a phone's certificate. Where a maker puts it docs/files.md says: into the CN, alone
/// or behind other things, or (Cisco's MPP) into the element that OpenSSL calls ST. `\x5c` is a
/// backslash, by which a comma that belongs to a value is told from one that ends it.
fn write_certified(out: &mut String) -> std::fmt::Result {
    let begins = r"(?:^|(?<!\x5c)[,+])";
    let before = r"(?:(?:[^\x5c,+]|\x5c.)*(?:[^0-9a-f\x5c,+]|\x5c.))?";
    let six: String = ('a'..='f').map(|c| format!("(?<mac_{c}>[0-9a-f]{{2}})[:-]?")).collect();
    let six = six.trim_end_matches("[:-]?");
    let all: String = ('a'..='f').map(|c| format!("${{mac_{c}}}")).collect();
    writeln!(
        out,
        "# The address in a phone's certificate: in the subject's CN, or alone in its ST.\n\
         map $ssl_client_s_dn $offhook_certified {{\n    default \"\";\n    \
         \"~*{begins}CN={before}{six}(?![0-9a-f])\" \"{all}\";\n    \
         \"~*{begins}ST=(?<mac_in_st>[0-9a-f]{{12}})(?:[,+]|$)\" $mac_in_st;\n}}\n"
    )
}

fn write_host(
    layout: &Layout,
    host: &HostLayout,
    minters: &[Minter],
    out: &mut String,
) -> std::fmt::Result {
    writeln!(out, "server {{")?;
    if host.plain_too {
        writeln!(
            out,
            "    # Plain HTTP: whoever can listen on the wire reads the phones' passwords."
        )?;
        writeln!(out, "    listen 80;")?;
    }
    writeln!(out, "    listen {}{};", host.port, if host.tls { " ssl" } else { "" })?;
    writeln!(out, "    server_name {};", host.name)?;
    if host.tls {
        let (certificate, key) = match &layout.certificate {
            Some((certificate, key)) => (certificate.clone(), key.clone()),
            None => {
                let live = format!("/etc/letsencrypt/live/{}", host.name);
                (format!("{live}/fullchain.pem"), format!("{live}/privkey.pem"))
            }
        };
        writeln!(out, "    ssl_certificate {certificate};\n    ssl_certificate_key {key};")?;
        writeln!(out, "    ssl_protocols TLSv1.2 TLSv1.3;")?;
    } else {
        writeln!(
            out,
            "    # Plain HTTP, as the policy's URL says: passwords can be read on the wire."
        )?;
    }
    if let Some(authorities) = &layout.authorities {
        writeln!(
            out,
            "    # The phones show the certificates that their makers put into them.\n    \
             ssl_client_certificate {authorities};\n    ssl_verify_client on;\n    ssl_verify_depth 4;\n    \
             error_page 495 496 = @uncertified;\n    location @uncertified {{ return 403; }}"
        )?;
    }
    let log = layout.log.as_deref().unwrap_or("/var/log/nginx/offhook.log");
    writeln!(
        out,
        "\n    access_log {log} offhook;\n    \
         # Below crit a line would repeat the request, and with it a token.\n    \
         error_log {}.error crit;\n    log_not_found off;\n    server_tokens off;",
        log.trim_end_matches(".log")
    )?;
    writeln!(
        out,
        "\n    # Only what is asked for to the letter: no \"..\", no \"//\", no escapes."
    )?;
    writeln!(out, "    merge_slashes off;")?;
    writeln!(out, "    if ($request_uri ~ \"^[^?]*(\\.\\.|//|%|\\\\\\\\)\") {{ return 404; }}")?;
    writeln!(out, "    # Phones fetch; nothing is uploaded here.")?;
    writeln!(out, "    if ($request_method !~ \"^(GET|HEAD)$\") {{ return 405; }}")?;
    writeln!(
        out,
        "    autoindex off;\n    disable_symlinks on;\n    index .offhook-has-no-index;"
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
    for folder in &host.folders {
        write_folder(layout, folder, minters, out)?;
    }
    writeln!(out, "\n    location / {{ return 404; }}\n}}")
}

fn write_folder(
    layout: &Layout,
    folder: &Folder,
    minters: &[Minter],
    out: &mut String,
) -> std::fmt::Result {
    if !folder.has_token() {
        writeln!(out, "\n    location ~ \"{}\" {{", pattern(folder, None))?;
        certified(layout, folder, out)?;
        return writeln!(out, "        alias {};\n    }}", target(layout, folder));
    }
    for minter in minters {
        let address = if minter.is_for_addresses() { "$remote_addr" } else { "-" };
        let mark = minter.mark();
        writeln!(out, "\n    # Tokens that begin with {mark}: epoch {}.", minter.epoch())?;
        writeln!(out, "    location ~ \"{}\" {{", pattern(folder, Some(mark)))?;
        writeln!(out, "        secure_link $token;")?;
        writeln!(
            out,
            "        secure_link_md5 \"$phone {address} {} $offhook_key_{}\";",
            minter.epoch(),
            hex::encode(mark)
        )?;
        writeln!(out, "        if ($secure_link = \"\") {{ return 403; }}")?;
        certified(layout, folder, out)?;
        writeln!(out, "        alias {};\n    }}", target(layout, folder))?;
    }
    Ok(())
}

/// The URL as a regular expression that knows its parts by name.
fn pattern(folder: &Folder, mark: Option<&str>) -> String {
    let mut pattern = format!("^{}", escaped(&folder.base));
    let mut any = 0;
    for part in &folder.parts {
        match part {
            Part::Text(text) => pattern.push_str(&escaped(text)),
            Part::Mac => pattern.push_str("(?<phone>[0-9a-f]{12})"),
            Part::Token => {
                let _ =
                    write!(pattern, "{}(?<token>[A-Za-z0-9_-]{{22}})", mark.unwrap_or_default());
            }
            Part::Any => {
                let _ = write!(pattern, "(?<any{any}>[A-Za-z0-9_+-][A-Za-z0-9._+-]*)");
                any += 1;
            }
        }
        pattern.push('/');
    }
    pattern + "(?<file>[A-Za-z0-9_+-][A-Za-z0-9._+-]*)$"
}

/// The same in the tree, where a token has no part.
fn target(layout: &Layout, folder: &Folder) -> String {
    let mut target = layout.root.clone();
    let mut any = 0;
    for part in &folder.parts {
        match part {
            Part::Text(text) => target.push_str(text),
            Part::Mac => target.push_str("$phone"),
            Part::Token => continue,
            Part::Any => {
                let _ = write!(target, "${{any{any}}}");
                any += 1;
            }
        }
        target.push('/');
    }
    target + "$file"
}

/// A phone with a certificate gets what is its own, and what belongs to no phone.
fn certified(layout: &Layout, folder: &Folder, out: &mut String) -> std::fmt::Result {
    if layout.authorities.is_none() {
        return Ok(());
    }
    let whose = if folder.has_mac() { "$phone" } else { "$offhook_mac" };
    writeln!(out, "        set $offhook_pair \"$offhook_certified/{whose}\";")?;
    writeln!(out, "        if ($offhook_pair !~* \"^([0-9a-f]{{12}})/(\\1|-)$\") {{ return 403; }}")
}

fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let special = matches!(
                c,
                '.' | '+' | '(' | ')' | '[' | ']' | '{' | '}' | '^' | '$' | '|' | '*' | '?' | '\\'
            );
            special.then_some('\\').into_iter().chain([c])
        })
        .collect()
}
