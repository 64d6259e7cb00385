//! What comes before nginx's servers: whose file a name is, what the log shows, who a certificate
//! belongs to, and how often one address may ask.

use std::collections::BTreeSet;
use std::fmt::{Result, Write};

use offhook_core::file_map::Name;
use offhook_core::token::Minter;

use super::expressions::{Capture, name};
use super::layout::Layout;
use super::locations::Location;

pub fn write(layout: &Layout, minters: &[Minter], out: &mut String) -> Result {
    writeln!(
        out,
        "# Whose file it is, by its name: an address, \"-\" for a file that many phones share, nothing\n\
         # for a name that the catalogue does not have. First of all files, then of those that each\n\
         # folder may have."
    )?;
    write_owners("", &layout.names.iter().flatten().cloned().collect(), out)?;
    for (number, names) in layout.names.iter().enumerate() {
        write_owners(&format!("_{number}"), names, out)?;
    }
    write_log(minters, out)?;
    if layout.authorities.is_some() {
        write_certified(out)?;
    }
    if layout.rate > 0 && layout.is_open() {
        write_limit(layout, out)?;
    }
    Ok(())
}

/// Fixed names come first, then those with an address, then those with a model only, which could look
/// like any other. All are expressions: nginx compares plain keys without regard to case.
fn write_owners(suffix: &str, names: &BTreeSet<Name>, out: &mut String) -> Result {
    writeln!(out, "map $file $offhook_owner{suffix} {{\n    default \"\";")?;
    let rank = |file: &Name| match (file.pattern.fixed(), file.pattern.has_mac()) {
        (Some(_), _) => 0,
        (None, true) => 1,
        (None, false) => 2,
    };
    let mut names: Vec<&Name> = names.iter().collect();
    names.sort_by_key(|file| rank(file));
    for file in names {
        match file.pattern.has_mac() {
            true => {
                let name = name(&file.pattern, Capture::Group("owner"));
                writeln!(out, "    \"~^{name}$\" $owner;")?;
            }
            false => writeln!(out, "    \"~^{}$\" -;", name(&file.pattern, Capture::Nothing))?,
        }
    }
    writeln!(out, "}}")
}

/// Nothing of a request that is not one of our names is shown, for it may hold a token.
fn write_log(minters: &[Minter], out: &mut String) -> Result {
    writeln!(
        out,
        "# What the log shows: no path, no name that is not one of these, nothing as long as a token.\n\
         map $offhook_name $offhook_shown {{\n    default $offhook_name;\n    \
         \"~[A-Za-z0-9_-]{{24}}\" (long);\n}}\n\
         map $request_method $offhook_method {{\n    default -;\n    \
         \"~^(?:GET|HEAD|PUT|POST|DELETE|OPTIONS|PROPFIND)$\" $request_method;\n}}"
    )?;
    let mut agent = "$http_user_agent";
    if !minters.is_empty() {
        agent = "$offhook_agent";
        let marks: Vec<&str> = minters.iter().map(Minter::mark).collect();
        writeln!(
            out,
            "map $http_user_agent $offhook_agent {{\n    default $http_user_agent;\n    \
             \"~(?:{})[A-Za-z0-9_-]{{22}}\" -;\n}}",
            marks.join("|")
        )?;
    }
    writeln!(
        out,
        "log_format offhook '$time_iso8601 $remote_addr $offhook_mac $status $body_bytes_sent '\n    \
         '\"$offhook_method $offhook_shown\" \"{agent}\"';\n"
    )
}

/// The address in a phone's certificate. Where a maker puts it docs/files.md says: into the CN, alone
/// or behind other things, or (Cisco's MPP) into the element that OpenSSL calls ST. `\x5c` is a
/// backslash, which distinguishes a comma in a value from one that ends it.
fn write_certified(out: &mut String) -> Result {
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

/// An IPv6 address is as good as any other of its /64 for who has one of them.
fn write_limit(layout: &Layout, out: &mut String) -> Result {
    writeln!(
        out,
        "# An address that guesses other phones' names is slow at it: {} requests a second, {} at once.\n\
         map $remote_addr $offhook_asker {{\n    default $remote_addr;\n    \
         \"~^(?<asker_net>(?:[0-9a-f]+:){{3}}[0-9a-f]+):\" $asker_net;\n    \
         \"~^(?<asker_head>[0-9a-f:]*)::\" $asker_head::;\n}}\n\
         limit_req_zone $offhook_asker zone=offhook:10m rate={}r/s;\n",
        layout.rate,
        burst(layout),
        layout.rate
    )
}

/// Whether the files of a location are open to guesses.
pub fn is_limited(layout: &Layout, location: &Location) -> bool {
    layout.rate > 0 && layout.authorities.is_none() && location.is_open
}

/// A whole site behind one address may boot at once.
pub fn burst(layout: &Layout) -> u32 {
    layout.rate.saturating_mul(20)
}
