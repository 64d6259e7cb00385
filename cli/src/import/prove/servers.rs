//! The servers of a trial: the old one with its own configuration, the new one with the policy.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use offhook_edge::command::{Failure, wrong};
use offhook_import::trial::Ground;

use super::network::{INTERFACE, Network, SERVER};

/// A running server; ends with this value.
pub struct Server {
    child: Child,
    name: &'static str,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

impl Server {
    /// Starts it and waits for the line that it writes when it is ready.
    pub fn start(
        name: &'static str,
        mut command: Command,
        log: &Path,
        ready: &str,
    ) -> Result<Server, Failure> {
        let out = File::create(log)?;
        let err = out.try_clone()?;
        let child = command.stdout(out).stderr(err).spawn();
        let child =
            child.map_err(|error| wrong(format!("--prove: cannot start {name}: {error}")))?;
        let mut server = Server { child, name };
        let end = Instant::now() + PATIENCE;
        loop {
            let said = fs::read(log).unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            if said.contains(ready) {
                return Ok(server);
            }
            let ended = server.child.try_wait()?;
            if ended.is_some() || Instant::now() > end {
                return Err(wrong(format!(
                    "--prove: {} does not start:\n{}",
                    server.name,
                    last_lines(&said)
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What a server said at its end: enough to see why.
fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let from = lines.len().saturating_sub(12);
    offhook_core::url::masked(&lines.get(from..).unwrap_or_default().join("\n")).into_owned()
}

/// Where the phones are that no subnet of the configuration is for.
pub fn elsewhere() -> Ground {
    let network = "198.19.0.0/16".parse().unwrap_or_default();
    Ground {
        name: String::new(),
        network,
        part: None,
        relay: std::net::Ipv4Addr::new(198, 19, 255, 254),
        location: None,
    }
}

/// dhcpd with the old configuration: its own text, a subnet for the cable and one for phones elsewhere.
pub fn dhcpd(network: &Network, file: &Path, folder: &Path) -> Result<Server, Failure> {
    let mut text = with_includes(file, 0)?;
    // dhcpd makes a lease for each address of a range before it answers: a large one would be waited for.
    text.push_str(
        "\nping-check false;\nsubnet 198.18.0.0 netmask 255.255.255.252 { }\n\
         subnet 198.19.0.0 netmask 255.255.0.0 { range 198.19.1.1 198.19.16.254; }\n",
    );
    let conf = folder.join("dhcpd.conf");
    fs::write(&conf, text)?;
    fs::write(folder.join("leases"), "")?;
    let mut command = network.inside("dhcpd");
    command.args(["-4", "-f", "-d", "-user", "root", "-group", "root"]);
    command.arg("-cf").arg(&conf).arg("-lf").arg(folder.join("leases"));
    command.arg("-pf").arg(folder.join("pid")).arg(INTERFACE);
    Server::start("dhcpd", command, &folder.join("log"), "Server starting service")
}

/// The text with the files that it includes, where they are there (as the importer reads them).
fn with_includes(file: &Path, depth: usize) -> Result<String, Failure> {
    let text = offhook_edge::file::text(
        file,
        offhook_edge::file::Kind::FileOrPipe,
        offhook_edge::file::LARGEST,
    )
    .map_err(|error| wrong(format!("{}: {error}", file.display())))?;
    let mut whole = String::new();
    for line in text.lines() {
        let named = line.trim().strip_prefix("include").map(str::trim);
        let named = named.and_then(|rest| rest.strip_prefix('"')?.split_once('"'));
        match named {
            Some((name, _)) if depth < 16 => {
                let beside = file
                    .parent()
                    .unwrap_or(Path::new(""))
                    .join(Path::new(name).file_name().unwrap_or_default());
                let found = [PathBuf::from(name), beside].into_iter().find(|path| path.is_file());
                if let Some(path) = found {
                    whole.push_str(&with_includes(&path, depth + 1)?);
                }
            }
            _ => whole.push_str(line),
        }
        whole.push('\n');
    }
    Ok(whole)
}

/// dnsmasq with lines of its own for a trial.
pub fn dnsmasq(network: &Network, lines: &[String], folder: &Path) -> Result<Server, Failure> {
    let own = [
        "port=0".to_owned(),
        format!("interface={INTERFACE}"),
        "bind-interfaces".to_owned(),
        "no-ping".to_owned(),
        "no-resolv".to_owned(),
        "no-hosts".to_owned(),
        "user=root".to_owned(),
        "group=root".to_owned(),
        "dhcp-authoritative".to_owned(),
        "dhcp-lease-max=100000".to_owned(),
        "dhcp-range=198.19.1.1,198.19.200.254,255.255.0.0,1h".to_owned(),
        format!("dhcp-leasefile={}", folder.join("leases").display()),
        format!("pid-file={}", folder.join("pid").display()),
    ];
    let conf = folder.join("dnsmasq.conf");
    let text: Vec<&str> = own.iter().chain(lines).map(String::as_str).collect();
    fs::write(&conf, text.join("\n") + "\n")?;
    let mut command = network.inside("dnsmasq");
    command
        .arg("--keep-in-foreground")
        .arg("--log-facility=-")
        .arg(format!("--conf-file={}", conf.display()));
    Server::start("dnsmasq", command, &folder.join("log"), "started, ")
}

/// Kea with this "Dhcp4".
pub fn kea(network: &Network, dhcp4: &serde_json::Value, folder: &Path) -> Result<Server, Failure> {
    let conf = folder.join("kea.json");
    fs::write(&conf, serde_json::json!({ "Dhcp4": dhcp4 }).to_string())?;
    let mut command = network.inside("kea-dhcp4");
    for name in [
        "KEA_PIDFILE_DIR",
        "KEA_LOCKFILE_DIR",
        "KEA_DHCP_DATA_DIR",
        "KEA_LOG_FILE_DIR",
        "KEA_CONTROL_SOCKET_DIR",
    ] {
        command.env(name, folder);
    }
    // Kea from 3.0 on opens libraries of one folder only: the one that this environment variable names.
    let library = dhcp4["hooks-libraries"][0]["library"].as_str().map(Path::new);
    if let Some(hooks) = library.and_then(Path::parent).filter(|hooks| hooks.is_absolute()) {
        command.env("KEA_HOOKS_PATH", hooks);
    }
    command.arg("-c").arg(&conf);
    Server::start("kea-dhcp4", command, &folder.join("log"), "DHCP4_STARTED")
}

/// What every Kea of a trial has.
pub fn kea_frame(folder: &Path) -> serde_json::Map<String, serde_json::Value> {
    let frame = serde_json::json!({
        "interfaces-config": { "interfaces": [format!("{INTERFACE}/{SERVER}")], "dhcp-socket-type": "udp" },
        "lease-database": { "type": "memfile", "persist": false, "name": folder.join("leases.csv") },
        "valid-lifetime": 3600,
        "loggers": [{ "name": "kea-dhcp4", "severity": "INFO",
            "output_options": [{ "output": "stdout", "flush": true }] }],
    });
    frame.as_object().cloned().unwrap_or_default()
}
