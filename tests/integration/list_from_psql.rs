//! The README's pipe from a real PostgreSQL into `offhook generate`, as it is written there.

use crate::peers::folder::Folder;
use crate::peers::postgres::Postgres;
use crate::peers::process;
use crate::peers::product::command_line;
use std::fs;
use std::os::unix::fs::MetadataExt;

const POLICY: &str = r#"{
  "systems": [{ "system": "files", "url": "https://provision.example.com/phones/" }],
  "phone-settings": { "server": "pbx.example.com" }
}"#;

const TABLE: &str =
    "CREATE TABLE phones (mac macaddr, model text, extension int, secret text, name text);
  INSERT INTO phones VALUES
    ('00:15:65:01:02:03', 'T46S', 1001, 'geheim,\"1\"', 'Zoë \"Z\" O''Neil, Empfang'),
    ('00:04:f2:01:02:03', 'VVX410', 1002, 'geheim2', NULL)";

/// The commands of the README that feed `offhook generate` from a database, with our own paths.
fn pipe(folder: &Folder) -> String {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(readme).expect("README.md");
    let block = readme.split("```sh\n").find(|block| block.starts_with("psql ")).expect("a pipe");
    let end = block.find("offhook web-server").expect("the commands behind it");
    let (policy, out) = (folder.join("policy.json"), folder.join("out"));
    let gid = fs::metadata("/proc/self").expect("/proc").gid().to_string();
    let pipe = block[..end].replace("/etc/kea/offhook.json", &policy.to_string_lossy());
    pipe.replace("/srv/phones", &out.to_string_lossy()).replace("www-data", &gid)
}

#[test]
fn the_readmes_pipe_writes_what_the_database_says() {
    let postgres = Postgres::start();
    postgres.create("pbx", TABLE);
    let folder = Folder::new();
    folder.write("policy.json", POLICY);
    let run = || {
        let mut shell = process::command("bash");
        shell.args(["-o", "pipefail", "-c", &pipe(&folder)]).envs(postgres.environment());
        let program = command_line().parent().expect("its folder").to_string_lossy().into_owned();
        let path = std::env::var("PATH").unwrap_or_default();
        process::run_well(shell.env("PATH", format!("{program}:{path}")))
    };
    assert_eq!(run(), "2 phones, 4 files: 4 written, 0 as they were, 0 removed\n");
    let read = |name: &str| fs::read_to_string(folder.join("out").join(name)).expect("a file");
    let yealink = read("001565010203.cfg");
    for line in [
        "account.1.display_name = Zoë \"Z\" O'Neil, Empfang",
        "account.1.password = geheim,\"1\"",
        "account.1.user_name = 1001",
        "account.1.sip_server.1.address = pbx.example.com",
    ] {
        assert!(yealink.lines().any(|found| found == line), "no {line:?} in\n{yealink}");
    }
    assert!(read("0004f2010203.cfg").contains("reg.1.auth.password=\"geheim2\""));
    assert_eq!(run(), "2 phones, 4 files: 0 written, 4 as they were, 0 removed\n");
}
