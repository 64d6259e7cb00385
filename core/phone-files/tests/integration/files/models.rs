//! What one model of a maker takes and another does not: by a list, and by the policy's entries of models.

use offhook_phone_files::Makers;
use serde_json::{Value, json};

use super::writer::Site;

fn policy(polycom: Value) -> Site {
    Site::new(&json!({
        "systems": [{ "system": "files", "url": "https://prov.example.com/phones/" }],
        "phone-settings": { "server": "sip.example.com" },
        "vendors": { "polycom": { "models": polycom } },
    }))
}

#[test]
fn what_a_model_does_not_have_is_a_mistake_with_row_and_column() {
    let cases = [
        (
            "polycom",
            "VVX450",
            "SPIP335",
            "codecs",
            "opus",
            "codecs: Polycom / Poly SPIP335 has no \"opus\"",
        ),
        (
            "polycom",
            "VVX450",
            "SPIP335",
            "register-seconds",
            "60",
            "register-seconds: expected at least 300",
        ),
        (
            "gigaset",
            "MAXWELL3",
            "N720_DM_PRO",
            "transport",
            "tls",
            "transport: Gigaset pro N720_DM_PRO has no \"tls\": it has udp",
        ),
        (
            "gigaset",
            "N510_IP_PRO",
            "P850",
            "dtmf",
            "inband",
            "dtmf: Gigaset pro P850 has no \"inband\"",
        ),
        ("yealink", "T46S", "T42S", "key.16", "blf:1002", "keys 16: Yealink T42S has 15 such keys"),
        ("snom", "D735", "C520", "line", "2", "line 2: Snom C520 has 1 line"),
    ];
    for (vendor, has, has_not, column, value, told) in cases {
        let list = |models: [&str; 2]| {
            let mut list = format!("mac,vendor,model,user,password,{column}\n");
            for (number, model) in models.into_iter().enumerate() {
                list +=
                    &format!("02:00:00:0a:0b:0{number},{vendor},{model},100{number},pw,{value}\n");
            }
            list
        };
        let site = policy(json!({}));
        site.write_list(&list([has, has])).unwrap_or_else(|told| panic!("{vendor} {has}: {told}"));
        let found = site.write_list(&list([has, has_not])).expect_err(has_not);
        // The first row names the columns.
        assert!(found.starts_with(&format!("row 3: {told}")), "{vendor} {has_not}: {found}");
    }
}

#[test]
fn the_policys_entries_of_models_are_in_the_files_of_these_models_alone() {
    let list = "mac,vendor,model,user,password\n\
                0004f2010203,polycom,VVX450,1001,pw\n\
                0004f2010204,polycom,SPIP335,1002,pw\n";
    let site = policy(json!({
        "VVX*": { "phone-settings": { "codecs": "opus,g722", "register-seconds": 60 } },
        "SPIP*": { "phone-settings": { "codecs": "ilbc,pcma", "register-seconds": 600 } },
    }));
    let files = site.write_list(list).expect("files");
    let (vvx, spip) = (&files["0004f2010203.cfg"], &files["0004f2010204.cfg"]);
    assert!(vvx.contains("voice.codecPref.Opus=\"1\""), "{vvx}");
    assert!(vvx.contains("server.1.expires=\"60\""), "{vvx}");
    assert!(spip.contains("voice.codecPref.iLBC.13_33kbps=\"1\""), "{spip}");
    assert!(spip.contains("server.1.expires=\"600\"") && !spip.contains("Opus"), "{spip}");
    // What these models do not have, the policy says.
    let site = policy(json!({ "SPIP*": { "phone-settings": { "codecs": "opus" } } }));
    let told = site.write_list(list).expect_err("SPIP335 has no Opus");
    assert!(told.starts_with("row 3: codecs: Polycom / Poly SPIP335 has no \"opus\""), "{told}");
    assert!(told.contains("(said by the policy's \"phone-settings\")"), "{told}");
}

/// Fields that the makers' declared sources name, and that were in no file once (F17).
#[test]
fn fields_that_sources_name_are_written() {
    let makers = Makers::new(&[]).expect("files.toml");
    for (vendor, model, fields) in [
        ("aastra", "6731i", "codecs digit-map utc-offset firmware-url resync-minutes"),
        ("mitel-sip", "6940", "codecs digit-map utc-offset firmware-url resync-minutes"),
        ("ale", "M5", "transport codecs time-servers voice-vlan admin-password time-zone"),
        ("audiocodes", "420HD", "utc-offset"),
        ("avaya", "J179", "codecs digit-map utc-offset firmware-url"),
        ("cisco-spa", "SPA504G", "codecs digit-map utc-offset firmware-url"),
        ("cisco-mpp", "CP-8841-3PCC", "codecs digit-map utc-offset firmware-url"),
        // Its firmware's version would have to be said beside the URL.
        ("digium", "D65", "time-zone phonebook-url"),
        ("fanvil", "X4U", "utc-offset phonebook-url firmware-url resync-minutes"),
        ("gigaset", "N670_IP_PRO", "transport time-zone phonebook-url firmware-url"),
        (
            "grandstream",
            "GXP2170",
            "codecs digit-map utc-offset phonebook-url firmware-url resync-minutes",
        ),
        (
            "htek",
            "UC926",
            "time-servers voice-vlan admin-password codecs utc-offset firmware-url resync-minutes",
        ),
        ("panasonic", "KX-HDV130", "utc-offset digit-map admin-password firmware-url"),
        ("polycom", "VVX450", "codecs firmware-url"),
        ("yealink", "T46S", "digit-map"),
    ] {
        let maker = makers.of(vendor).expect("files.toml");
        let family = maker.family_of(model).map(|(_, family)| family);
        for field in fields.split(' ') {
            let fact = maker.fact(family, field).filter(|fact| fact.absent.is_none());
            assert!(
                fact.is_some_and(|fact| !fact.parameter.is_empty()),
                "{vendor} {model}: {field}"
            );
        }
    }
}
