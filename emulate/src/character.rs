//! What a maker's phone does with what it is sent, beyond the catalogue's own facts: `phone.toml` in
//! the vendor's folder. Only the emulator reads it.

use std::collections::BTreeMap;

use offhook_catalogue::{ReadFrom, texts};
use serde::Deserialize;

use crate::forms::Reader;

/// See the module. A vendor without the file has the default one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Character {
    /// Whether it asks again by DHCPINFORM once it has its address.
    #[serde(default)]
    pub informs: Informs,
    /// `{{model}}`, `{{mac}}` ... are filled in.
    pub user_agent: Option<String>,
    /// The model that is played where the catalogue's example has none.
    pub model: Option<String>,
    /// What `{{series}}` leaves out of the model's beginning.
    pub series_without: Option<String>,
    /// What the phone puts in place of its own macros: `"$MAC" = "{{mac}}"`.
    #[serde(default)]
    pub macros: BTreeMap<String, String>,
    /// How an option of `[[reads]]` is read, where its kind alone does not say.
    #[serde(default)]
    pub reads: BTreeMap<ReadFrom, Reader>,
    /// What it reads only while it says this of itself in option 60.
    #[serde(default)]
    pub as_class: BTreeMap<String, Vec<ReadFrom>>,
    /// A URL whose parts are in several sub-options.
    pub url_of: Option<UrlOf>,
    /// The first line that every text file must have, or the phone ignores the file.
    pub first_line: Option<String>,
    /// How a text file of older firmware begins, whose form is not known here.
    pub older_form: Option<String>,
    /// The parameter that names the phone that a file is for; the phone refuses another's.
    pub for_phone: Option<String>,
    /// Of several files that have a parameter the first counts, whatever their scopes.
    #[serde(default)]
    pub first_file_counts: bool,
    /// Name and password that the phone gives to a server that requests them.
    #[serde(default)]
    pub login: Login,
    /// The parameters of a configuration file that a registration needs.
    pub registration: Option<Registration>,
    /// Those of models whose files differ, by the beginning of the model.
    #[serde(default)]
    pub registration_of: BTreeMap<String, Registration>,
    /// The sources of these facts.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// When a phone asks by DHCPINFORM.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Informs {
    /// It never does.
    #[default]
    Never,
    /// If the DHCPACK does not say where its files are.
    WithoutUrl,
    /// Always.
    Always,
}

/// The codes (`43.2`) of a URL's parts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UrlOf {
    /// Of the scheme.
    pub scheme: ReadFrom,
    /// Of the host.
    pub host: ReadFrom,
    /// Of the port.
    pub port: ReadFrom,
    /// Of the path.
    pub path: ReadFrom,
}

/// Where the phone has its name and password for the provisioning server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Login {
    /// Parameters of its files.
    pub user: Vec<String>,
    /// Parameters of its files.
    pub password: Vec<String>,
    /// What it has when it leaves the factory: published by the maker, and no secret.
    pub factory: Option<(String, String)>,
}

/// The names of parameters, each with those that take its place, the first found counts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Registration {
    /// The registrar.
    pub server: Vec<String>,
    /// The registrar's port.
    pub port: Vec<String>,
    /// Host, port and transport through which the registrar is reached: `host:port;transport=udp`.
    pub outbound: Vec<String>,
    /// The outbound proxy's port.
    pub outbound_port: Vec<String>,
    /// The transport to that proxy, where it is not that of the account.
    pub outbound_transport: Vec<String>,
    /// The proxy's transport if none of these says one; without this it is the account's.
    pub outbound_transport_default: Option<String>,
    /// The parameter that switches the proxy on. Empty: a proxy that is there is used.
    pub outbound_switch: Option<Switch>,
    /// The parameter that switches the account on.
    pub switch: Option<Switch>,
    /// The port if no parameter says one, whatever the transport. Without this: 5060, and 5061 by TLS.
    pub port_default: Option<u16>,
    /// How SIP is carried.
    pub transport: Vec<String>,
    /// The user part of the address.
    pub user: Vec<String>,
    /// The name for the registrar's question.
    pub auth_user: Vec<String>,
    /// The password for it.
    pub password: Vec<String>,
    /// The maker's words for a transport, where they are not the usual ones: `"1" = "tcp"`.
    pub transports: BTreeMap<String, String>,
    /// What another line has in the place of the first line's names, or of a part of them. A name without
    /// such a part is of all lines.
    pub lines: BTreeMap<String, OfLine>,
}

/// Names of the lines behind the first.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OfLine {
    /// What a part of a name becomes: `{n}` is the line's number, `{n0}` counts from 0, `{n5}` has five digits.
    Part(String),
    /// The names of the second line and of those after it, in the place of a whole name.
    Names(Vec<String>),
}

impl Registration {
    /// The parameters of the user of a line, from the second. None: such a line is not known.
    pub fn users_of_line(&self, number: u16) -> Vec<String> {
        let own = self.user.iter().filter_map(|name| self.of_line(name, number));
        own.filter(|name| !self.user.contains(name)).collect()
    }

    /// The names of a line's parameters, from the second line.
    pub fn for_line(&self, number: u16) -> Registration {
        let all = |names: &[String]| -> Vec<String> {
            names.iter().filter_map(|name| self.of_line(name, number)).collect()
        };
        // The first line's user and password are not another line's.
        let own = |names: &[String]| -> Vec<String> {
            all(names).into_iter().filter(|name| !names.contains(name)).collect()
        };
        let switch = |switch: &Option<Switch>| {
            let switch = switch.as_ref()?;
            Some(Switch { parameter: all(&switch.parameter), ..switch.clone() })
        };
        Registration {
            server: all(&self.server),
            port: all(&self.port),
            outbound: all(&self.outbound),
            outbound_port: all(&self.outbound_port),
            outbound_transport: all(&self.outbound_transport),
            outbound_switch: switch(&self.outbound_switch),
            switch: switch(&self.switch),
            transport: all(&self.transport),
            user: self.users_of_line(number),
            auth_user: own(&self.auth_user),
            password: own(&self.password),
            ..self.clone()
        }
    }

    /// A name of the first line as another line has it; itself if it is of all lines.
    fn of_line(&self, name: &str, number: u16) -> Option<String> {
        let before = number.saturating_sub(1);
        for (first, other) in &self.lines {
            match other {
                OfLine::Names(names) if first == name => {
                    return names.get(usize::from(before).checked_sub(1)?).cloned();
                }
                OfLine::Part(part) if name.contains(first.as_str()) => {
                    let part = part.replace("{n}", &number.to_string());
                    let part = part.replace("{n0}", &before.to_string());
                    let part = part.replace("{n5}", &format!("{number:05}"));
                    return Some(name.replace(first.as_str(), &part));
                }
                _ => {}
            }
        }
        Some(name.to_owned())
    }
}

/// A parameter that switches something on.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Switch {
    /// Its names.
    pub parameter: Vec<String>,
    /// Its values that mean yes, without regard to case.
    pub on: Vec<String>,
    /// What holds if no file has it.
    pub default: bool,
}

/// A vendor's `phone.toml` is not right.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{vendor}/phone.toml: {why}")]
pub struct NoCharacter {
    vendor: String,
    why: String,
}

impl Character {
    /// The character of a vendor's phones. The error names the file.
    ///
    /// # Errors
    /// The vendor's `phone.toml` has a mistake.
    pub fn of(vendor: &str) -> Result<Character, NoCharacter> {
        let Some((id, text)) = texts::phones().find(|(id, _)| *id == vendor) else {
            return Ok(Character::default());
        };
        toml::from_str(text)
            .map_err(|error| NoCharacter { vendor: (*id).to_owned(), why: error.to_string() })
    }

    /// The parameters that a registration of this model needs.
    pub fn registration_for(&self, model: &str) -> Option<&Registration> {
        let begins = |head: &str| {
            model.get(..head.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(head))
        };
        let own = self.registration_of.iter().filter(|(head, _)| begins(head));
        let own = own.max_by_key(|(head, _)| head.len()).map(|(_, own)| own);
        own.or(self.registration.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use offhook_core::builtin::built_in;

    use super::*;

    #[test]
    fn every_file_is_right_and_says_where_it_comes_from() {
        for (id, _) in texts::phones() {
            let character = Character::of(id).unwrap();
            assert!(!character.sources.is_empty(), "{id}: no sources");
            let vendor = built_in().vendor(id).map(|at| built_in().at(at));
            let vendor = vendor.unwrap_or_else(|| panic!("{id}: no vendor of that name"));
            let as_class = character.as_class.values().flatten();
            for code in character.reads.keys().chain(as_class) {
                let known = vendor.reads.iter().any(|read| read.code == *code);
                assert!(known, "{id}: reads {code}, which [[reads]] of vendor.toml does not have");
            }
        }
    }
}
