use offhook_catalogue::MessageType;

use std::collections::BTreeMap;

use offhook_core::builtin::built_in;

use super::*;
use crate::phone::Choice;

type Options = &'static [(u8, &'static [u8])];
type Number = Option<(u16, Option<u8>)>;

fn phone(vendor: &str) -> Phone {
    Phone::new(built_in(), vendor, &Choice::default()).unwrap()
}

fn answer(options: &[(u8, &[u8])]) -> Answer {
    let options: BTreeMap<u8, Vec<u8>> =
        options.iter().map(|(code, value)| (*code, value.to_vec())).collect();
    Answer {
        kind: MessageType::Ack,
        yiaddr: Ipv4Addr::new(10, 0, 0, 9),
        siaddr: Ipv4Addr::UNSPECIFIED,
        sname: Vec::new(),
        file: Vec::new(),
        options,
    }
}

/// The place's URL, with who said it.
fn where_(vendor: &str, options: &[(u8, &[u8])]) -> String {
    let understood = read(&phone(vendor), &answer(options));
    match (understood.places.first(), understood.unreadable.first()) {
        (Some(said), _) => {
            let kind = match said.value {
                Place::Folder(_) => "folder",
                Place::File(_) => "file",
            };
            format!("{kind} {} by {}", said.value.url(), said.by)
        }
        (None, Some(said)) => format!("unreadable {} {}", said.by, said.value),
        (None, None) => "nothing".to_owned(),
    }
}

#[test]
fn each_maker_in_its_own_order_and_form() {
    let cases: [(&str, Options, &str); 22] = [
        ("polycom", &[(66, b"http://a/"), (160, b"http://b/")], "folder http://b/ by option 160"),
        ("polycom", &[(66, b"http://a/x")], "folder http://a/x/ by option 66"),
        ("polycom", &[(66, b"192.0.2.1")], "folder ftp://192.0.2.1/ by option 66"),
        ("polycom", &[(66, b"http://a/\0")], "folder http://a/ by option 66"),
        (
            "polycom",
            &[(66, b"a\0b")],
            "unreadable option 66 0x610062: a NUL in the middle of the text",
        ),
        (
            "polycom",
            &[(66, b"sdlp://a")],
            "unreadable option 66 \"sdlp://a\": this phone knows tftp, \
          ftp, ftps, http, https, not sdlp",
        ),
        ("polycom", &[], "nothing"),
        ("snom", &[(66, b"http://a/p/{mac}")], "file http://a/p/000413010203 by option 66"),
        (
            "snom",
            &[(43, b"\x42\x0ahttp://t/x\0"), (66, b"http://a/")],
            "folder http://t/x/ by option 43, sub-option 66",
        ),
        ("snom", &[(66, b"http://a"), (67, b"snom.htm")], "file http://a/snom.htm by option 66"),
        (
            "auerswald",
            &[(66, b"http://a/acme/"), (67, b"<MACADR>")],
            "file http://a/acme/000952010203 by option 66",
        ),
        (
            "lync",
            &[(43, b"\x01\x0cMS-UC-Client\x02\x05https\x03\x01w\x04\x03443\x05\x02/C")],
            "folder https://w:443/C/ by options 43.2 to 43.5",
        ),
        (
            "avaya",
            &[(242, b"HTTPSRVR=192.0.2.4,HTTPDIR=/x,L2QVLAN=7")],
            "folder http://192.0.2.4/x/ by option 242",
        ),
        (
            "shoretel",
            &[(156, b"ftpservers=192.0.2.4,layer2tagging=1,vlanid=7")],
            "folder ftp://192.0.2.4/ by option 156",
        ),
        ("samsung", &[(43, b"sec,tftp://192.0.2.4")], "folder tftp://192.0.2.4/ by option 43"),
        ("audiocodes", &[(160, b"http://a/f.img;c.cfg")], "file http://a/f.img by option 160"),
        (
            "cisco-enterprise",
            &[(150, &[192, 0, 2, 4, 192, 0, 2, 5])],
            "folder tftp://192.0.2.4/ by option 150",
        ),
        (
            "cisco-enterprise",
            &[(150, &[192, 0, 2])],
            "unreadable option 150 0xc00002: expected addresses of 4 bytes each, found 3 bytes",
        ),
        ("cyberdata", &[(150, &[192, 0, 2, 4])], "folder http://192.0.2.4/ by option 150"),
        (
            "gigaset",
            &[(114, b"http://a/%MACD.xml")],
            "file http://a/7c2f80ca21e4.xml by option 114",
        ),
        ("gigaset", &[(66, &[b'x'; 80])], "unreadable option 66 "),
        (
            "patton",
            &[(66, b"http://a/$(system.mac).cfg")],
            "file http://a/00a0ba010203.cfg by option 66",
        ),
    ];
    for (vendor, options, expected) in cases {
        let found = where_(vendor, options);
        assert!(found.starts_with(expected), "{vendor}: expected {expected}\nfound {found}");
    }
}

#[test]
fn the_voice_vlan_in_every_form() {
    let cases: [(&str, Options, Number); 12] = [
        ("polycom", &[(128, b"VLAN-A=120;")], Some((120, None))),
        ("polycom", &[(128, b"VLAN-A=0x78;")], Some((120, None))),
        ("polycom", &[(128, b"VLAN-A=0170+5;")], Some((120, None))),
        ("polycom", &[(128, b"VLAN-A=120")], None),
        ("snom", &[(132, b"120"), (133, b"5")], Some((120, Some(5)))),
        ("snom", &[(43, b"\x84\x04120\0\x85\x025\0")], Some((120, Some(5)))),
        ("nortel", &[(191, b"VLAN-A:200.")], Some((200, None))),
        ("avaya", &[(242, b"L2Q=1,L2QVLAN=7")], Some((7, None))),
        ("shoretel", &[(156, b"layer2tagging=1,vlanid=7")], Some((7, None))),
        ("mitel-minet", &[(43, b"id:ipphone.mitel.com;vlan=120;l2p=5")], Some((120, Some(5)))),
        (
            "mitel-minet",
            &[(125, b"\0\0\x04\x03\x1did:ipphone.mitel.com;vlan=120")],
            Some((120, None)),
        ),
        ("3com", &[(184, b"\x03\x03\0\0\x78")], Some((120, None))),
    ];
    for (vendor, options, expected) in cases {
        let vlan = read(&phone(vendor), &answer(options)).vlan;
        let found = vlan.map(|said| (said.value.id, said.value.priority));
        assert_eq!(found, expected, "{vendor}");
    }
    let lync = built_in();
    let choice = Choice { model: Some("asks for the VLAN".to_owned()), mac: None };
    let lync = Phone::new(lync, "lync", &choice).unwrap();
    let vlan = read(&lync, &answer(&[(43, b"\x0a\x02\0\x78")])).vlan;
    assert_eq!(vlan.map(|said| said.value.id), Some(120));
}

#[test]
fn servers_as_the_rfcs_have_them() {
    let told = answer(&[(42, &[192, 0, 2, 1, 192, 0, 2, 2]), (120, b"\0\x03sip\x02ex\0\x01b\0")]);
    let understood = read(&phone("snom"), &told);
    assert_eq!(understood.time_servers.unwrap().value, ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(understood.sip_servers.unwrap().value, ["sip.ex", "b"]);
    let understood = read(&phone("snom"), &answer(&[(120, &[1, 192, 0, 2, 7])]));
    assert_eq!(understood.sip_servers.unwrap().value, ["192.0.2.7"]);
    let understood = read(&phone("snom"), &answer(&[(120, b"\0\x03sip")]));
    assert_eq!(understood.unreadable[0].value, "0x0003736970: a name without its end");
}

#[test]
fn every_vendor_reads_any_answer() {
    for vendor in &*built_in().vendors {
        let phone = phone(&vendor.id);
        for bytes in [&b""[..], b"\0", b"\xff\xff\xff", b"x", &[0x43; 300], b"\x01\x00\x02\xff"] {
            let all: Vec<(u8, &[u8])> = (1..=254).map(|code| (code, bytes)).collect();
            let _ = read(&phone, &answer(&all));
        }
    }
}
