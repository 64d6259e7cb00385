//! Lists as people, spreadsheets and databases write them: the right phones, or one message that helps; and
//! a password that slipped into whatever place is in no message.

use offhook_core::fields::FIELDS;
use offhook_core::{Engine, Host, builtin};
use offhook_phone_files::{Makers, PhoneList, Reading};

const SECRET: &str = "Hunter2Secret";

struct Lists {
    engine: Engine,
    makers: Makers,
}

impl Lists {
    fn new() -> Lists {
        let policy = r#"{ "systems": [{ "system": "files", "url": "https://p.example.com/" }],
            "sites": [{ "name": "branch-7", "match": { "networks": ["10.7.0.0/16"] } }] }"#;
        let engine = Engine::new(builtin::shared(), policy, Host::ANY).expect("a policy");
        Lists { engine, makers: Makers::new(&[]).expect("files.toml") }
    }

    fn read(&self, bytes: &[u8]) -> PhoneList {
        Reading::new(&self.engine, &self.makers).read(bytes)
    }

    fn told(&self, bytes: &[u8]) -> Vec<String> {
        self.read(bytes).mistakes.iter().map(ToString::to_string).collect()
    }
}

const HEAD: &str = "mac,vendor,model,user,password\n";
const GOOD: &str = "00:15:65:01:02:03,yealink,T46S,1001,Hunter2Secret\n";

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mark = unit(0xfeff);
    mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect()
}

/// Lists that are right: each has so many phones.
#[test]
fn lists_that_are_right_however_they_are_written() {
    let lists = Lists::new();
    let plain = format!("{HEAD}{GOOD}");
    let with = |sign: &str| plain.replace(',', sign);
    let good: Vec<(&str, Vec<u8>)> = vec![
        ("commas", plain.clone().into()),
        ("semicolons", with(";").into()),
        ("tabs", with("\t").into()),
        ("sep= before it", format!("sep=;\r\n{}", with(";")).into()),
        ("sep= in quotes", format!("\"sep=,\"\n{plain}").into()),
        ("sep=|", format!("sep=|\n{}", with("|")).into()),
        ("BOM", [b"\xef\xbb\xbf", plain.as_bytes()].concat()),
        ("CRLF", plain.replace('\n', "\r\n").into()),
        ("BOM, semicolons, CRLF", format!("\u{feff}{}", with(";").replace('\n', "\r\n")).into()),
        ("UTF-16 LE", utf16(&plain, u16::to_le_bytes)),
        ("UTF-16 BE", utf16(&plain, u16::to_be_bytes)),
        ("Unicode text", utf16(&with("\t").replace('\n', "\r\n"), u16::to_le_bytes)),
        ("capital names", format!("MAC,Vendor,MODEL,User,PassWord\n{GOOD}").into()),
        ("names with blanks", format!(" mac , vendor ,model, user,password \n{GOOD}").into()),
        (
            "Display Name",
            format!(
                "mac,vendor,model,Display Name,user,password\n{}",
                GOOD.replace("1001", "Anna,1001")
            )
            .into(),
        ),
        (
            "display_name",
            format!(
                "mac,vendor,model,display_name,user,password\n{}",
                GOOD.replace("1001", "Anna,1001")
            )
            .into(),
        ),
        ("empty rows at the end", format!("{plain},,,,\n,,,,\n , ,,,\n").into()),
        ("an empty line", format!("{plain}\n\n").into()),
        (
            "empty columns",
            format!("mac,vendor,model,user,password,,\n{}", GOOD.replace('\n', ",,\n")).into(),
        ),
        (
            "quoted cells",
            format!("{HEAD}\"00:15:65:01:02:03\",\"yealink\",\"T46S\",\"1001\",\"a,b\"\n").into(),
        ),
        ("a quote in a cell", format!("{HEAD}001565010203,yealink,T46S,1001,\"a\"\"b\"\n").into()),
        ("no line end", plain.trim_end().into()),
        (
            "MAC with an apostrophe",
            format!("{HEAD}{}", GOOD.replace("00:15:65:01:02:03", "'001565010203")).into(),
        ),
        (
            "MAC by Cisco",
            format!("{HEAD}{}", GOOD.replace("00:15:65:01:02:03", "0015.6501.0203")).into(),
        ),
        (
            "MAC in capitals",
            format!("{HEAD}{}", GOOD.replace("00:15:65:01:02:03", "00-15-65-01-02-0A")).into(),
        ),
        (
            "blanks around values",
            format!("{HEAD}{}", GOOD.replace("yealink", " yealink ").replace("1001", " 1001 "))
                .into(),
        ),
        ("vendor in capitals", format!("{HEAD}{}", GOOD.replace("yealink", "Yealink")).into()),
        ("model by the phone", format!("{HEAD}{}", GOOD.replace("T46S", "SIP-T46S")).into()),
        ("model in small letters", format!("{HEAD}{}", GOOD.replace("T46S", "t46s")).into()),
        ("TRUE", format!("{},shared\n{},WAHR\n", HEAD.trim(), GOOD.trim()).into()),
        ("ja", format!("{},shared\n{},ja\n", HEAD.trim(), GOOD.trim()).into()),
        ("a port with decimals", format!("{},port\n{},5061.0\n", HEAD.trim(), GOOD.trim()).into()),
        (
            "TLS, PCMA",
            format!("{},transport,codecs\n{},TLS,\"PCMA, G722\"\n", HEAD.trim(), GOOD.trim())
                .into(),
        ),
        (
            "keys",
            format!("{},key.2,key.3\n{},blf:1002:Anna,line\n", HEAD.trim(), GOOD.trim()).into(),
        ),
        (
            "settings of lines",
            format!("{},line.settings.nat.rport\n{},1\n", HEAD.trim(), GOOD.trim()).into(),
        ),
        (
            "languages",
            format!(
                "{},language,tone-country,time-zone\n{},de_AT,de,europe/berlin\n",
                HEAD.trim(),
                GOOD.trim()
            )
            .into(),
        ),
        (
            "JSON",
            br#"[{"mac":"001565010203","lines":[{"user":"1","password":"Hunter2Secret"}]}]"#
                .to_vec(),
        ),
        ("JSON with BOM", "\u{feff}[{\"mac\":\"001565010203\"}]".into()),
        ("JSON, UTF-16", utf16("[{\"mac\":\"001565010203\"}]", u16::to_le_bytes)),
        (
            "JSON with numbers",
            br#"[{"mac":"001565010203","lines":[{"user":1001,"password":12345,"port":5061}]}]"#
                .to_vec(),
        ),
        (
            "JSON with null",
            br#"[{"mac":"001565010203","model":null,"lines":[{"user":"1","label":null}]}]"#
                .to_vec(),
        ),
        ("JSON with comments", b"// phones\n[{\"mac\":\"001565010203\"} /* one */]".to_vec()),
        (
            "JSON with keys",
            br#"[{"mac":"001565010203","keys":[{"number":2,"type":"blf","value":1002}]}]"#.to_vec(),
        ),
    ];
    for (what, bytes) in good {
        let list = lists.read(&bytes);
        let told: Vec<String> = list.mistakes.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{what}: {told:?}");
        assert_eq!(list.phones.len(), 1, "{what}");
        let model = &*list.phones[0].model;
        assert!(model.is_empty() || model == "T46S", "{what}: {model}");
    }
    let mut reading = Reading::new(&lists.engine, &lists.makers);
    reading.ignore_unknown_columns = true;
    let list = reading.read(
        format!("{},room,comment\n{},12,Hunter2Secret\n", HEAD.trim(), GOOD.trim()).as_bytes(),
    );
    assert!(list.mistakes.is_empty() && list.phones.len() == 1, "{:?}", list.mistakes);
}

/// Lists that are wrong: one message, and what it must say.
#[test]
fn lists_that_are_wrong_are_told_in_one_message() {
    let lists = Lists::new();
    let row = |from: &str, to: &str| format!("{HEAD}{}", GOOD.replace(from, to)).into_bytes();
    let more = |name: &str, value: &str| {
        format!("{},{name}\n{},{value}\n", HEAD.trim(), GOOD.trim()).into_bytes()
    };
    let head = |from: &str, to: &str| format!("{}{GOOD}", HEAD.replace(from, to)).into_bytes();
    let json = |text: &str| text.as_bytes().to_vec();
    let wrong: Vec<(Vec<u8>, &str)> = vec![
        (GOOD.into(), "row 1: the first row must name the columns"),
        (format!("{GOOD}{GOOD}").into(), "row 1: the first row must name the columns"),
        ("".into(), "row 1"),
        ("\n".into(), "row 1"),
        (b"mac,user\n001565010203,Zo\xeb\n".to_vec(), "row 2: expected UTF-8"),
        (b"\xff\xfem\0a\0c\0\0\xd8,\0".to_vec(), "row 1: expected UTF-8, or UTF-16"),
        (head("mac", "MAC-Adresse"), "column 1: unknown column; did you mean \"mac\"?"),
        (head("user", "Nebenstelle"), "column 4: unknown column; did you mean \"user\"?"),
        (head("user", "extension"), "did you mean \"user\"?"),
        (head("password", "Kennwort"), "did you mean \"password\"?"),
        (head("password", "secret"), "did you mean \"password\"?"),
        (head("password", "pasword"), "did you mean \"password\"?"),
        (head("model", "Modell"), "did you mean \"model\"?"),
        (head("vendor", "Hersteller"), "did you mean \"vendor\"?"),
        (head("vendor", "name"), "did you mean \"display-name\"?"),
        (head("vendor", "room"), "--ignore-unknown-columns"),
        (head("vendor", "user"), "column 4: the same as column 2; keep one of them"),
        (head("mac", "model"), "keep one"),
        (row("00:15:65:01:02:03", "1.5650102E+10"), "a spreadsheet has made a number of it"),
        (row("00:15:65:01:02:03", "15650102030"), "perhaps zeros at the beginning"),
        (row("00:15:65:01:02:03", ""), "row 2: mac: expected a hardware address such as"),
        (row("00:15:65:01:02:03", "00:15:65:01:02:0g"), "row 2: mac: expected a hardware address"),
        (row("yealink", "yealnk"), "row 2: vendor: not a vendor; did you mean \"yealink\"?"),
        (row("yealink", "Avocado"), "row 2: vendor: not a vendor; known here:"),
        (row("00:15:65:01:02:03,yealink", "02:00:00:00:00:01,"), "\"vendor\" is missing"),
        (row("T46S", "../x"), "row 2: model: expected a model's name"),
        (row("1001", ""), "row 2: user: expected the line's number or name"),
        (row("1001", "1001@pbx.example.com"), "row 2: user: expected letters, digits"),
        (row("1001", "anna müller"), "row 2: user: expected letters, digits"),
        (
            row("1001,Hunter2Secret", "1001"),
            "row 2: expected 5 columns as in the first row, found 4",
        ),
        (row("1001,", "1001,x,"), "row 2: expected 5 columns as in the first row, found 6"),
        (row("Hunter2Secret", "\"Hunter2Secret"), "close a quote that is still open"),
        (row("Hunter2Secret", "Hunter2\tSecret"), "row 2: password: the character U+0009"),
        (more("site", "branch-8"), "did you mean \"branch-7\"?"),
        (more("site", "Köln"), "row 2: site: not a site of the policy; known here: branch-7"),
        (more("port", "99999"), "row 2: port: expected a whole number from 1 to 65535"),
        (more("port", "5061.5"), "row 2: port: expected a whole number"),
        (more("port", "1e5"), "row 2: port: expected a whole number"),
        (
            more("transport", "tlss"),
            "row 2: transport: expected udp, tcp, tls; did you mean \"tls\"?",
        ),
        (more("transport", "sctp"), "row 2: transport: expected udp, tcp, tls"),
        (more("codecs", "g722 pcma"), "row 2: codecs: expected some of opus"),
        (more("codecs", "pcmaa"), "did you mean \"pcma\"?"),
        (more("srtp", "yes"), "row 2: srtp: expected off, optional, required"),
        (more("dtmf", "rfc2833"), "row 2: dtmf: expected rfc4733, info, inband"),
        (more("server", "sip:pbx"), "row 2: server: expected a name or an address, without a port"),
        (more("server", "192.0.2.300"), "row 2: server: expected a name or an address"),
        (
            more("time-zone", "+01:00"),
            "row 2: time-zone: expected a time zone such as Europe/Berlin",
        ),
        (more("utc-offset", "1"), "row 2: utc-offset: expected an offset from UTC such as +01:00"),
        (more("language", "German!"), "row 2: language: expected a language such as de or en-GB"),
        (more("tone-country", "Germany"), "row 2: tone-country: expected a country of two letters"),
        (more("phonebook-url", "book"), "row 2: phonebook-url: expected a URL with its scheme"),
        (more("register-seconds", "5"), "row 2: register-seconds: expected a whole number from 30"),
        (more("shared", "perhaps"), "row 2: shared: expected true or false"),
        (more("line", "0"), "row 2: line: expected a number from 1 to 999"),
        (more("key.1", "blf"), "row 2: key.1: expected a \"value\""),
        (more("key.1", "lamp:1"), "row 2: key.1: expected TYPE:VALUE"),
        (more("", "x"), "row 2: column 6: there is a value, and the first row has no name"),
        (
            format!("{HEAD}{GOOD}{}", GOOD.replace("1001", "1002").replace("T46S", "T42S")).into(),
            "row 3: model: another model than in row 2",
        ),
        (
            format!("{HEAD}{GOOD}{}", GOOD.replace("01:02:03", "01:02:04")).into(),
            "row 3: user: this user is in row 2 already",
        ),
        (json("{\"phones\":[]}"), "expected a list of phones"),
        (
            json("{\"mac\":\"001565010203\",\"password\":\"Hunter2Secret\"}\n{\"mac\":\"1\"}"),
            "expected a list of phones",
        ),
        (
            json("[{\"mac\":\"001565010203\",\"password\":\"Hunter2Secret\"}]"),
            "\"password\" belongs into an entry of \"lines\"",
        ),
        (
            json("[{\"mac\":\"001565010203\",\"lines\":\"Hunter2Secret\"}]"),
            "row 1: lines: expected a list of lines, found another text",
        ),
        (
            json("[{\"mac\":\"001565010203\",\"lines\":[{\"user\":1.5}]}]"),
            "put a number with a point into quotes",
        ),
        (json("[{\"mac\":\"001565010203\",\"modell\":\"x\"}]"), "did you mean \"model\"?"),
        (
            json("[{\"mac\":\"001565010203\"},{\"mac\":\"00:15:65:01:02:03\"}]"),
            "row 2: the phone 00:15:65:01:02:03 is in row 1 already",
        ),
        (
            json(
                "[{\"mac\":\"001565010203\",\"keys\":[{\"number\":1,\"type\":\"lamp\",\"value\":\"1\"}]}]",
            ),
            "row 1: keys[0].type: expected line, blf",
        ),
        (
            json("[{\"mac\":\"001565010203\",\"keys\":[{\"number\":1,\"type\":\"blf\"}]}]"),
            "row 1: keys[0]: expected a \"value\"",
        ),
        (json("[\"Hunter2Secret\"]"), "row 1: expected an object, found another text"),
        (json("[{\"mac\":\"001565010203\""), "not a JSON list of phones"),
        (json("\u{feff}[1,"), "not a JSON list of phones"),
    ];
    assert!(wrong.len() > 65, "{}", wrong.len());
    for (bytes, expected) in wrong {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let told = lists.told(&bytes);
        assert!(told.iter().any(|text| text.contains(expected)), "{shown:?}: {told:#?}");
        assert!(told.len() <= 2, "{shown:?}: {told:#?}");
        assert!(!told.join("\n").contains(SECRET), "{shown:?}: {told:#?}");
    }
}

/// A mistake that rows share is said once.
#[test]
fn a_shared_mistake_is_told_once_with_its_rows() {
    let lists = Lists::new();
    let mut text = "mac,vendor,user,transport\n".to_owned();
    for number in 0..10_000 {
        text += &format!("0015650{number:05x},yealink,{number},tlss\n");
    }
    let told = lists.told(text.as_bytes());
    assert_eq!(told.len(), 1, "{:?}", told.first());
    assert!(
        told[0].starts_with("rows 2, 3, 4, 5, 6 and 9995 more: transport: expected"),
        "{}",
        told[0]
    );
    let empty = format!("{HEAD}{GOOD}{}", ",,,,\n".repeat(10_000));
    assert!(lists.told(empty.as_bytes()).is_empty());
}

/// A password in whatever place of a list, of whatever kind, is in no message.
#[test]
fn a_secret_in_any_place_is_never_repeated() {
    let lists = Lists::new();
    let plain = ["mac", "vendor", "model", "site", "line", "shared"];
    let fields = FIELDS.iter().map(|field| field.name);
    let names: Vec<&str> = plain
        .into_iter()
        .chain(fields)
        .chain(["key.1", "settings.a.b", "line.settings.c"])
        .collect();
    let user = names.iter().position(|name| *name == "user").expect("a field");
    let mut tried = 0;
    for sign in [",", ";", "\t"] {
        for place in 0..names.len() {
            // As a cell, as a heading, in quotes that do not close, and with a character that is refused.
            for secret in
                [SECRET, "\"Hunter2Secret", "Hunter2Secret\u{7}", "blf:Hunter2Secret:\u{7}"]
            {
                let mut cells = vec![""; names.len()];
                (cells[0], cells[user]) = ("001565010203", "1001");
                cells[place] = secret;
                let mut heads = names.clone();
                let as_cell = format!("{}\n{}\n", heads.join(sign), cells.join(sign));
                heads[place] = secret;
                let as_head = format!("{}\n{}\n", heads.join(sign), cells.join(sign));
                let settings = format!("settings.{secret}");
                heads[place] = &settings;
                let as_setting = format!("{}\n{}\n", heads.join(sign), cells.join(sign));
                for text in [as_cell, as_head, as_setting] {
                    let told = lists.told(text.as_bytes()).join("\n");
                    assert!(!told.contains("Hunter2"), "{text:?}: {told}");
                    tried += 1;
                }
            }
        }
    }
    for key in names.iter().chain(&["lines", "keys", SECRET]) {
        for value in [
            "\"Hunter2Secret\"",
            "[\"Hunter2Secret\"]",
            "{\"Hunter2Secret\":1}",
            "[{\"Hunter2Secret\":\"Hunter2Secret\"}]",
        ] {
            let in_phone = format!("[{{\"mac\":\"001565010203\",\"{key}\":{value}}}]");
            let in_line = format!(
                "[{{\"mac\":\"001565010203\",\"lines\":[{{\"user\":1,\"{key}\":{value}}}]}}]"
            );
            let in_key = format!(
                "[{{\"mac\":\"001565010203\",\"keys\":[{{\"number\":{value},\"{key}\":{value}}}]}}]"
            );
            let alone = format!("[{{\"{key}\":{value}}}, {value}");
            for text in
                [in_phone, in_line, in_key, alone, value.to_owned(), format!("{{{value}:1}}")]
            {
                let told = lists.told(text.as_bytes()).join("\n");
                assert!(!told.contains("Hunter2"), "{text:?}: {told}");
                tried += 1;
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}
