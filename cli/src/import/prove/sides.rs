//! The two sides of a trial: which server, and with what configuration.

use std::fs;
use std::path::{Path, PathBuf};

use offhook_dnsmasq_config::effective::Effective;
use offhook_edge::command::{Failure, wrong};
use offhook_import::trial::Ground;
use serde_json::{Map, Value, json};

use super::super::From;
use super::network::{Network, command, run};
use super::servers::{self, Server, kea_frame};

/// What a trial needs beside the servers of the distribution.
pub struct Wanted<'w> {
    pub file: &'w Path,
    pub from: From,
    pub policy: &'w Path,
    pub grounds: &'w [Ground],
    pub hook: Option<&'w Path>,
    pub companion: Option<&'w Path>,
}

/// The old configuration on its own server.
pub fn old(network: &Network, wanted: &Wanted<'_>, folder: &Path) -> Result<Server, Failure> {
    need(match wanted.from {
        From::Dhcpd => ("dhcpd", "isc-dhcp-server"),
        From::Kea => ("kea-dhcp4", "kea-dhcp4-server"),
        From::Dnsmasq => ("dnsmasq", "dnsmasq-base"),
        From::Netsh => {
            return Err(wrong(
                "--prove: Windows' server does not run here; what the report says is judged from the rules, no server started",
            ));
        }
    })?;
    match wanted.from {
        From::Dhcpd => servers::dhcpd(network, wanted.file, folder),
        From::Dnsmasq => {
            servers::dnsmasq(network, &old_dnsmasq(wanted.file, wanted.grounds), folder)
        }
        From::Kea | From::Netsh => {
            let dhcp4 = old_kea(wanted.file, folder)?;
            servers::kea(network, &Value::Object(dhcp4), folder)
        }
    }
}

/// The policy: by dnsmasq's companion where the old server was dnsmasq, else by Kea with the hook.
pub fn new(network: &Network, wanted: &Wanted<'_>, folder: &Path) -> Result<Server, Failure> {
    if wanted.from == From::Dnsmasq {
        need(("dnsmasq", "dnsmasq-base"))?;
        let lines = new_dnsmasq(wanted, folder)?;
        return servers::dnsmasq(network, &lines, folder);
    }
    need(("kea-dhcp4", "kea-dhcp4-server"))?;
    let mut dhcp4 = kea_frame(folder);
    let subnets: Vec<Value> = subnets(wanted.grounds);
    dhcp4.insert("subnet4".to_owned(), subnets.into());
    let hook = hook(wanted.hook)?;
    let library = json!({ "library": hook, "parameters": { "policy-file": wanted.policy } });
    dhcp4.insert("hooks-libraries".to_owned(), json!([library]));
    let server = servers::kea(network, &Value::Object(dhcp4), folder)?;
    // Kea starts whatever is wrong with offhook; a trial without it would prove nothing.
    let log = fs::read(folder.join("log"))?;
    let log = String::from_utf8_lossy(&log);
    let refused = |line: &&str| {
        line.contains("OFFHOOK_") && (line.contains(" ERROR ") || line.contains(" FATAL "))
    };
    match log.lines().find(refused) {
        None => Ok(server),
        Some(line) => Err(wrong(format!("--prove: Kea runs without the policy: {line}"))),
    }
}

fn need((program, package): (&str, &str)) -> Result<(), Failure> {
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{path}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin");
    match path.split(':').any(|folder| Path::new(folder).join(program).is_file()) {
        true => Ok(()),
        false => Err(wrong(format!(
            "--prove starts {program}, and it is not installed: apt-get install {package}"
        ))),
    }
}

/// A subnet for each place, and one for phones elsewhere.
fn subnets(grounds: &[Ground]) -> Vec<Value> {
    let mut subnets: Vec<(ipnet::Ipv4Net, Value)> = Vec::new();
    for (at, ground) in grounds.iter().enumerate() {
        if subnets.iter().any(|(network, _)| *network == ground.network) {
            continue;
        }
        let first = u32::from(ground.network.network()) + 1;
        let last = u32::from(ground.network.broadcast()) - 2;
        let pool =
            format!("{}-{}", std::net::Ipv4Addr::from(first), std::net::Ipv4Addr::from(last));
        let subnet = json!({ "id": at + 1, "subnet": ground.network.to_string(), "pools": [{ "pool": pool }] });
        subnets.push((ground.network, subnet));
    }
    subnets.into_iter().map(|(_, subnet)| subnet).collect()
}

/// `--hook`, or the library where Debian has it.
fn hook(named: Option<&Path>) -> Result<PathBuf, Failure> {
    const NAME: &str = "libdhcp_offhook.so";
    if let Some(path) = named {
        return match path.is_file() {
            // Not canonical: the builds are beside the link, not beside what it leads to.
            true => Ok(std::path::absolute(path)?),
            false => {
                Err(wrong(format!("--hook {}: expected {NAME}, found no file", path.display())))
            }
        };
    }
    let folders =
        fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let found =
        folders.map(|folder| folder.join("kea/hooks").join(NAME)).find(|path| path.is_file());
    found.ok_or_else(|| {
        wrong(format!(
            "--prove serves the policy by Kea, and {NAME} is not installed: install offhook-kea, or name the \
             library with --hook FILE"
        ))
    })
}

/// The old configuration of Kea, with the trial's interface and leases, and without what needs the rest of its
/// machine: sockets, databases, hooks other than flex_option.
fn old_kea(file: &Path, folder: &Path) -> Result<Map<String, Value>, Failure> {
    let text = offhook_import::kea_json(file).map_err(wrong)?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| wrong(format!("{}: {error}", file.display())))?;
    let value = value.get(0).cloned().unwrap_or(value);
    let value = value.get("arguments").cloned().unwrap_or(value);
    let Some(Value::Object(mut dhcp4)) = value.get("Dhcp4").cloned() else {
        return Err(wrong(format!("{}: expected \"Dhcp4\"", file.display())));
    };
    for key in [
        "control-socket",
        "control-sockets",
        "hosts-database",
        "hosts-databases",
        "dhcp-ddns",
        "config-control",
        "hash",
        "loggers",
        "Logging",
        "server-tag",
    ] {
        dhcp4.remove(key);
    }
    for (key, value) in kea_frame(folder) {
        if key != "valid-lifetime" || !dhcp4.contains_key(&key) {
            dhcp4.insert(key, value);
        }
    }
    let folders = fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("kea/hooks"));
    let hooks = folders.into_iter().find(|folder| folder.is_dir());
    if let Some(Value::Array(libraries)) = dhcp4.get_mut("hooks-libraries") {
        libraries.retain(|library| {
            library["library"].as_str().is_some_and(|name| name.contains("flex_option"))
        });
        for library in libraries {
            if let Some(hooks) = &hooks {
                library["library"] = json!(hooks.join("libdhcp_flex_option.so"));
            }
        }
    }
    let elsewhere = subnets(&[servers::elsewhere()]);
    let list = dhcp4.entry("subnet4").or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        list.extend(elsewhere.into_iter().map(|mut subnet| {
            subnet["id"] = json!(4_000_000);
            subnet
        }));
    }
    // A subnet without a pool has no address for the trial's phones.
    let mut all: Vec<&mut Value> = Vec::new();
    let (mut networks, mut plain) = (dhcp4.remove("shared-networks"), dhcp4.remove("subnet4"));
    for list in [&mut plain].into_iter().flatten() {
        all.extend(list.as_array_mut().into_iter().flatten());
    }
    for network in networks.as_mut().and_then(Value::as_array_mut).into_iter().flatten() {
        all.extend(network.get_mut("subnet4").and_then(Value::as_array_mut).into_iter().flatten());
    }
    for subnet in all {
        let none = subnet.get("pools").and_then(Value::as_array).is_none_or(Vec::is_empty);
        let network: Option<ipnet::Ipv4Net> =
            subnet["subnet"].as_str().and_then(|text| text.parse().ok());
        if let Some(network) = network.filter(|network| none && network.prefix_len() < 30) {
            let ground = Ground { network: network.trunc(), ..servers::elsewhere() };
            subnet["pools"] = subnets(&[ground]).remove(0)["pools"].clone();
        }
    }
    dhcp4.extend(networks.map(|networks| ("shared-networks".to_owned(), networks)));
    dhcp4.extend(plain.map(|plain| ("subnet4".to_owned(), plain)));
    Ok(dhcp4)
}

/// The old lines about DHCP: where the server listens and what else it does are the trial's own.
fn old_dnsmasq(file: &Path, grounds: &[Ground]) -> Vec<String> {
    let effective = Effective::read(file, &[]);
    const LEFT_OUT: [&str; 8] = [
        "dhcp-script",
        "dhcp-luascript",
        "dhcp-scriptuser",
        "dhcp-leasefile",
        "dhcp-lease-max",
        "dhcp-authoritative",
        "dhcp-alternate-port",
        "dhcp-fqdn",
    ];
    let counts =
        |key: &str| (key.starts_with("dhcp-") || key == "tag-if") && !LEFT_OUT.contains(&key);
    let lines = effective.settings.iter().filter(|setting| counts(&setting.key));
    // A relay's range needs its netmask; those with a tag have one, or are not among the places of the trial.
    let relayed = |value: &str| {
        grounds.iter().any(|ground| value.contains(&ground.network.addr().to_string()))
    };
    let usable = |key: &str, value: &str| {
        key != "dhcp-range" || relayed(value) || value.matches('.').count() >= 9
    };
    lines
        .filter(|setting| usable(&setting.key, &setting.value))
        .map(|setting| match setting.value.is_empty() {
            true => setting.key.clone(),
            false => format!("{}={}", setting.key, setting.value),
        })
        .collect()
}

/// The rendering of the policy, and the ranges of the places with the tags that it needs.
fn new_dnsmasq(wanted: &Wanted<'_>, folder: &Path) -> Result<Vec<String>, Failure> {
    let out = folder.join("phones.conf");
    let beside = std::env::current_exe()?.with_file_name("offhook-dnsmasq");
    let program = match wanted.companion {
        Some(path) => path.to_owned(),
        None if beside.is_file() => beside,
        None => PathBuf::from("offhook-dnsmasq"),
    };
    fs::create_dir_all(folder.join("state"))?;
    let mut render = command(&program);
    render.arg("render").arg("--policy").arg(wanted.policy).arg("--out").arg(&out);
    render.arg("--state").arg(folder.join("state")).arg("--known-devices-only");
    run(&mut render)?;
    let mut lines = vec![format!("conf-file={}", out.display())];
    for ground in wanted.grounds.iter().filter(|ground| !ground.name.is_empty()) {
        let network = ground.network;
        let first = std::net::Ipv4Addr::from(u32::from(network.network()) + 1);
        let last = std::net::Ipv4Addr::from(u32::from(network.broadcast()) - 2);
        let tag = format!("set:oh_at-{},", ground.name);
        lines.push(format!("dhcp-range={tag}{first},{last},{},1h", network.netmask()));
    }
    Ok(lines)
}
