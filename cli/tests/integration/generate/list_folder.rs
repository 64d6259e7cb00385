//! Lists as people, spreadsheets and databases write them (cli/tests/lists/): each gives the right phones, or one
//! message that helps; and the password that is in it is in no output.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

const POLICY: &str = r#"{
  "systems": [{ "system": "files", "url": "https://p.example.com/" }],
  "phone-settings": { "server": "sip.example.com" },
  "sites": [{ "name": "branch-7", "match": { "networks": ["10.7.0.0/16"] } }]
}"#;
/// The beginning and the end of the password that the lists have in every place.
const SECRET: [&str; 2] = ["Hunter2", "2Secret"];

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Lists {
    list: Vec<List>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct List {
    name: String,
    text: String,
    /// UTF-8 unless it is said.
    #[serde(default)]
    encoding: String,
    /// How many phones it has, if it is right.
    phones: Option<u64>,
    /// A part of the message, if it is wrong.
    says: Option<String>,
    /// How many messages, if not one.
    mistakes: Option<u64>,
    /// The password is where a user's name belongs, which a dry run shows.
    #[serde(default)]
    shown_as_user: bool,
}

impl List {
    fn bytes(&self) -> Vec<u8> {
        let text = self.text.as_str();
        let wide =
            |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<_>>();
        let latin = |c| u8::try_from(u32::from(c)).expect("a character of ISO-8859-1");
        match self.encoding.as_str() {
            "" => text.as_bytes().to_vec(),
            "UTF-8 with BOM" => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            "UTF-16 LE with BOM" => [b"\xff\xfe", &wide(u16::to_le_bytes)[..]].concat(),
            "UTF-16 BE with BOM" => [b"\xfe\xff", &wide(u16::to_be_bytes)[..]].concat(),
            "UTF-16 LE" => wide(u16::to_le_bytes),
            "UTF-16 BE" => wide(u16::to_be_bytes),
            "UTF-16 LE, cut" => {
                let mut bytes = [b"\xff\xfe", &wide(u16::to_le_bytes)[..]].concat();
                bytes.pop();
                bytes
            }
            "UTF-32 LE with BOM" => {
                let units = text.chars().flat_map(|c| u32::from(c).to_le_bytes());
                b"\xff\xfe\0\0".iter().copied().chain(units).collect()
            }
            "Latin-1" => text.chars().map(latin).collect(),
            other => panic!("{}: no encoding {other:?}", self.name),
        }
    }
}

struct Desk(tempfile::TempDir);

impl Desk {
    fn generate(&self, more: &[&str]) -> (bool, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
            .current_dir(self.0.path())
            .args(["generate", "--policy", "policy.json", "--phones", "list", "--out", "out"])
            .args(more)
            .output()
            .unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{:?}", output.status);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    }

    /// What is not as it should be.
    fn judge(&self, list: &List) -> Result<(), String> {
        let bytes = list.bytes();
        fs::write(self.0.path().join("list"), bytes).unwrap();
        let _ = fs::remove_dir_all(self.0.path().join("out"));
        let (shown, diff, said) = self.generate(&["--dry-run"]);
        let (done, summary, also_said) = self.generate(&["--json"]);
        let mut all = vec![&said, &summary, &also_said];
        if !list.shown_as_user {
            all.push(&diff);
        }
        if all.iter().any(|text| SECRET.iter().any(|secret| text.contains(secret))) {
            return Err(format!("the password is shown: {all:?}"));
        }
        if shown != done {
            return Err(format!("a dry run ends in another way: {said}"));
        }
        let summary: Value = serde_json::from_str(&summary).map_err(|error| error.to_string())?;
        let mistakes = summary["mistakes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mistakes: Vec<&str> = mistakes.iter().filter_map(Value::as_str).collect();
        match (&list.says, list.phones) {
            (None, Some(phones)) => {
                let right = done && summary["phones"].as_u64() == Some(phones);
                right
                    .then_some(())
                    .ok_or_else(|| format!("expected {phones} phones, found {summary} {said}"))
            }
            (Some(says), None) => {
                let count = list.mistakes.unwrap_or(1);
                let right = !done
                    && mistakes.iter().any(|text| text.contains(says.as_str()))
                    && mistakes.len() as u64 == count
                    && !self.0.path().join("out").exists();
                right
                    .then_some(())
                    .ok_or_else(|| format!("expected {count} with {says:?}, found {mistakes:#?}"))
            }
            _ => Err("expected \"phones\" or \"says\"".to_owned()),
        }
    }
}

#[test]
fn each_list_gives_its_phones_or_one_message_that_helps() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lists");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        let lists: Lists = toml::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let kind = path.file_stem().unwrap().to_string_lossy().into_owned();
        lists.list.into_iter().map(move |list| (kind.clone(), list)).collect::<Vec<_>>()
    };
    let lists: Vec<(String, List)> = files.flat_map(read).collect();
    assert!(lists.len() >= 115, "{} lists", lists.len());
    let with_secret = lists.iter().filter(|(_, list)| list.text.contains(SECRET[0])).count();
    assert!(with_secret > 100, "{with_secret} lists have the password");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let judge = |part: &'_ [(String, List)]| {
            let desk = Desk(tempfile::tempdir().unwrap());
            fs::write(desk.0.path().join("policy.json"), POLICY).unwrap();
            let told = |(kind, list): &(String, List)| {
                let error = desk.judge(list).err()?;
                Some(format!("{kind}: {}: {error}", list.name))
            };
            part.iter().filter_map(told).collect::<Vec<_>>()
        };
        let parts = lists.chunks(lists.len().div_ceil(4));
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || judge(part))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), lists.len(), wrong.join("\n"));
}
