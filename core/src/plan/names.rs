//! What the names in texts (`{{url}}`, `{{site}}`, a parameter, a variable) stand for, for one phone.

use std::net::Ipv4Addr;

use super::{Maker, Observer};
use crate::catalogue::VendorIx;
use crate::encode::{self, Fault, Filled, Op};
use crate::policy::{Layer, Placed};
use crate::text::Live;
use crate::url::UrlParts;

impl<'p, O: Observer> Maker<'p, '_, O> {
    /// The value of a name, for this phone. `depth` ends a name that leads back to itself.
    pub(super) fn name(&self, name: &str, depth: u8) -> Result<Filled, Fault> {
        let fixed = |text: &str| Filled::Text(vec![Op::Bytes(text.as_bytes().to_vec())]);
        let absent = |why: &str| Err(Fault::Absent(format!("{{{{{name}}}}}: {why}")));
        if let Some(live) = Live::named(name) {
            if live == Live::Token && self.at.vendor == VendorIx::UNLISTED {
                return absent("only a phone of a maker in the catalogue gets a token");
            }
            if live == Live::Token && self.at.policy.file_access.token.is_none() {
                return Err(Fault::Wrong(
                    "{{token}} needs \"file-access\": { \"token\": ... } in the policy".to_owned(),
                ));
            }
            return Ok(Filled::Text(vec![Op::Live(live)]));
        }
        if depth > 4 {
            return Err(Fault::Wrong(format!("{{{{{name}}}}} leads back to itself")));
        }
        match name {
            "vendor" => Ok(fixed(&self.at.tables.at(self.at.vendor).id)),
            "site" => match self.at.site {
                Some(site) => Ok(fixed(&site.name)),
                None => absent("no site"),
            },
            // An entry's own "url" is a parameter like any other until the system has said its own.
            "url" if self.url().is_some() => match self.url() {
                Some(url) => Ok(Filled::Text(url.to_vec())),
                None => absent("no system serves this phone"),
            },
            "random-folder" => match &self.at.policy.file_access.random_folder {
                Some(folder) => Ok(fixed(folder.reveal())),
                None => Err(Fault::Wrong(
                    "{{random-folder}} needs \"file-access\": { \"random-folder\": ... } in the policy"
                        .to_owned(),
                )),
            },
            "file" => match self.file() {
                Some(file) => Ok(Filled::Text(file.to_vec())),
                None => absent("the system names no file"),
            },
            "host" | "url-port" | "path" => self.part_of_url(name),
            "vlan-id" | "vlan-priority" => {
                let Some((_, vlan)) = self.vlan else { return absent("no voice VLAN") };
                match (name, vlan.priority) {
                    ("vlan-id", _) => Ok(fixed(&vlan.id.to_string())),
                    (_, Some(priority)) => Ok(fixed(&priority.to_string())),
                    _ => absent("the voice VLAN has no priority"),
                }
            }
            "time-servers" => self.servers(|layer| layer.time_servers.as_ref(), name, depth),
            "sip-servers" => self.servers(|layer| layer.sip_servers.as_ref(), name, depth),
            "sip-addresses" => match self.servers(|layer| layer.sip_servers.as_ref(), name, depth)? {
                Filled::List(servers) if servers.iter().any(|s| s.parse::<Ipv4Addr>().is_err()) => {
                    absent("a server of \"sip-servers\" is a name, and these phones take addresses only")
                }
                filled => Ok(filled),
            },
            _ => self.parameter(name, depth),
        }
    }

    fn servers(
        &self,
        get: impl Fn(&'p Layer) -> Option<&'p Placed<Vec<String>>>,
        name: &str,
        depth: u8,
    ) -> Result<Filled, Fault> {
        let Some((_, servers)) = self.first(get) else {
            return Err(Fault::Absent(format!("{{{{{name}}}}}: none in the policy")));
        };
        let mut list = Vec::with_capacity(servers.value.len());
        for server in &servers.value {
            let ops = encode::fill(server, &|name| self.name(name, depth + 1))?;
            let text = encode::fixed_text(&ops);
            list.push(text.ok_or_else(|| format!("{server:?} depends on the packet"))?);
        }
        Ok(Filled::List(list))
    }

    /// A system's parameter, or a variable of the most particular layer that has it.
    fn parameter(&self, name: &str, depth: u8) -> Result<Filled, Fault> {
        if let Some(serving) = &self.serving {
            let parameters = &serving.entry.parameters;
            if let Some((_, value)) = parameters.iter().find(|(key, _)| key == name) {
                return encode::fill(value, &|name| self.name(name, depth + 1)).map(Filled::Text);
            }
        }
        let var = |layer: &'p Layer| layer.vars.iter().find(|(key, _)| key == name);
        if let Some((_, (_, value))) = self.first(var) {
            return Ok(Filled::Text(vec![Op::Bytes(value.as_bytes().to_vec())]));
        }
        if self.known_anywhere(name) {
            return Err(Fault::Absent(format!("{{{{{name}}}}} has no value here")));
        }
        Err(Fault::Wrong(format!(
            "{{{{{name}}}}} is not known: expected mac, MAC, mac:colon, model, firmware, ip, vendor, \
             site, url, a parameter of the system, or one of \"vars\""
        )))
    }

    fn known_anywhere(&self, name: &str) -> bool {
        let systems = &self.at.tables.systems;
        let mut vars = self.at.policy.all_layers().flat_map(|(_, layer)| &layer.vars);
        name == "url"
            || systems.iter().any(|system| system.parameters.iter().any(|p| p.name == name))
            || vars.any(|(key, _)| key == name)
    }

    fn part_of_url(&self, name: &str) -> Result<Filled, Fault> {
        let Some(url) = self.url() else {
            return Err(Fault::Absent(format!("{{{{{name}}}}}: no system serves this phone")));
        };
        let text = encode::fixed_text(url)
            .ok_or_else(|| format!("{{{{{name}}}}} of a URL that depends on the packet"))?;
        let url = UrlParts::parse(&text).map_err(|error| Fault::Wrong(error.to_string()))?;
        let part = match name {
            "path" => {
                let path = url.path_and_query();
                path.strip_prefix('/').unwrap_or(&path).to_owned()
            }
            "url-port" => match url.port {
                Some(port) => port.to_string(),
                None => return Err(Fault::Absent("{{url-port}}: the URL names none".to_owned())),
            },
            _ => url.host.to_owned(),
        };
        Ok(Filled::Text(vec![Op::Bytes(part.into_bytes())]))
    }
}
