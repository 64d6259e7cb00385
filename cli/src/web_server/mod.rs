//! `offhook web-server`: the configuration of a stock web server for the tree that `offhook generate`
//! writes. Nothing of offhook runs there; what is checked, the server checks by itself.
//!
//! `layout` finds out from the policy which URLs the phones request, and `locations` which paths those
//! are; `nginx` and `caddy` say it in their server's words.

mod caddy;
mod expressions;
mod layout;
mod locations;
mod nginx;
mod nginx_maps;

use std::path::PathBuf;

use ipnet::IpNet;
use offhook_core::token::Minter;
use offhook_core::{Host, check};

use crate::input::{self, Catalogue, Failure, wrong};
use crate::keys;
use layout::Layout;

/// Prints the web server's configuration for the tree of `offhook generate`
///
/// Which URLs, which networks, tokens and certificates: all of it comes out of the policy. The output
/// belongs into the server's http context (nginx: /etc/nginx/sites-available/offhook).
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook web-server nginx --policy offhook.json --root /srv/phones > /etc/nginx/sites-available/offhook
  offhook web-server nginx --policy offhook.json --root /srv/phones --secrets /etc/nginx/offhook.secrets
  offhook web-server caddy --policy offhook.json --root /srv/phones > /etc/caddy/Caddyfile")]
pub struct Arguments {
    /// nginx or caddy
    #[arg(value_parser = ["nginx", "caddy"])]
    server: String,
    /// The policy; its system "files" says by which URL the phones ask
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The tree's root, as given to offhook generate --out
    #[arg(long, value_name = "DIR")]
    root: PathBuf,
    /// The server's certificate; otherwise where certbot puts it for the URL's host
    #[arg(long, value_name = "FILE", requires = "certificate_key")]
    certificate: Option<PathBuf>,
    /// The certificate's key
    #[arg(long, value_name = "FILE", requires = "certificate")]
    certificate_key: Option<PathBuf>,
    /// Serve plain HTTP on port 80 too, for phones that know no HTTPS: their passwords can be read on
    /// the wire
    #[arg(long)]
    plain_http: bool,
    /// Speak TLS 1.0 and 1.1 too, for phones that know nothing newer: they are broken (RFC 8996)
    #[arg(long)]
    old_tls: bool,
    /// Do not listen on IPv6, for a server whose kernel has none
    #[arg(long)]
    no_ipv6: bool,
    /// Requests a second that one address may make where only the address protects a file; 20 times as
    /// many at once; 0 for any number
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    rate: u32,
    /// A network that phones ask from, beside those of the policy's sites; may be given several times
    #[arg(long, value_name = "NETWORK")]
    allow: Vec<IpNet>,
    /// Answer from anywhere
    #[arg(long, conflicts_with = "allow")]
    from_anywhere: bool,
    /// Where the server's log of phones goes
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Write the key by which nginx checks tokens into this file (mode 0600), for nginx to include
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    #[command(flatten)]
    catalogue: Catalogue,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let engine = arguments.catalogue.engine(&arguments.policy, Host::ANY)?;
    let open = engine.file_map().doubts(engine.tables(), &engine.policy().file_access);
    for doubt in open.into_iter().chain(check::own_folders(&engine)) {
        input::error_line(format!("doubt: {}: {}", doubt.place, doubt.value));
    }
    let layout = Layout::new(&engine, arguments)?;
    let text = match arguments.server.as_str() {
        "caddy" => caddy::configuration(&layout)?,
        _ => {
            let minters = match &engine.policy().file_access.token {
                Some(rule) if layout.has_token() => keys::minters(rule)?,
                _ => Vec::new(),
            };
            let text = nginx::configuration(&layout, &minters)?;
            if !minters.is_empty() {
                write_secrets(&layout, &minters)?;
            }
            text
        }
    };
    input::line(text.trim_end())
}

/// The key goes into a file of its own: every user may read the rest.
fn write_secrets(layout: &Layout, minters: &[Minter]) -> Result<(), Failure> {
    let Some(path) = &layout.secrets else {
        return Err(wrong(
            "the policy's tokens need a key that nginx knows: say --secrets FILE, a file that \
             offhook writes and nginx includes, such as /etc/nginx/offhook.secrets",
        ));
    };
    keys::write(path, &nginx::secrets(minters))
}
