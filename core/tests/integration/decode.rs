//! What the bytes of an option are said to mean.

use offhook_core::builtin::built_in;
use offhook_core::decode::decode;

fn means(code: u8, hex_digits: &str, vendor: &str) -> String {
    let hex_digits = &*hex_digits.replace(' ', "");
    let value = hex::decode(hex_digits).unwrap_or_default();
    let parts = decode(built_in(), code, &value, built_in().vendor(vendor));
    // Whatever it says, it says it of all the bytes, in their order.
    let bytes: String = parts.iter().map(|part| &*part.hex).collect();
    assert_eq!(bytes, hex_digits, "{parts:?}");
    let mut at = 0;
    for part in &parts {
        assert_eq!(part.at, at, "{parts:?}");
        at += part.hex.len() / 2;
    }
    parts.into_iter().map(|part| part.means).collect::<Vec<_>>().join(" | ")
}

#[test]
fn every_form() {
    for (code, digits, vendor, expected) in [
        (66, "687474703a2f2f782f", "", "\"http://x/\""),
        (66, "7800", "", "\"x\" | a NUL that ends the text, counted"),
        (42, "c0000201c0000202", "", "192.0.2.1 | 192.0.2.2"),
        (
            42,
            "c00002",
            "",
            "not of this option's form: expected IPv4 addresses of 4 bytes each, found 3 bytes",
        ),
        (
            42,
            "c0000201c0",
            "",
            "192.0.2.1 | not of this option's form: cut off, or not part of the value",
        ),
        (
            60,
            "4d53465400ff",
            "",
            "\"MSFT\" | not of this option's form: an end mark (255), and fillers, behind the value",
        ),
        (
            119,
            "0361626300ff",
            "",
            "abc | not of this option's form: an end mark (255), and fillers, behind the value",
        ),
        (150, "687474703a2f2f6e", "", "\"http://n\""),
        (150, "31323334", "", "49.50.51.52"),
        (53, "05", "", "DHCPACK"),
        (51, "00000e10", "", "3600 seconds"),
        (55, "4203a0", "", "66 tftp-server-name | 3 routers | 160 private use"),
        (120, "0004706f6f6c0363636300", "", "a list of domain names (RFC 3361) | pool.ccc"),
        (120, "01c0000207", "", "a list of addresses (RFC 3361) | 192.0.2.7"),
        (
            43,
            "0a020078",
            "lync",
            "sub-option 10 (voice-vlan: two bytes), 2 bytes | 120 as a number of two bytes",
        ),
        (
            43,
            "0a020078",
            "",
            "sub-option 10 (unknown without a vendor), 2 bytes | 120 as a number of two bytes",
        ),
        (43, "687474703a2f2f782f", "yealink", "\"http://x/\""),
        (
            43,
            "ff0001",
            "",
            "neither sub-options (code, length, value) nor text: bytes of its maker's own",
        ),
        (
            43,
            "0104c0a803c3ff",
            "",
            "sub-option 1 (unknown without a vendor), 4 bytes | address \
          192.168.3.195, or 3232236483 | the end of the sub-options",
        ),
        (
            43,
            "0107 5369656d656e73 0204 00000258 0000000000 ff",
            "unify",
            "sub-option 1 (other: text Siemens, first), 7 bytes | \
          \"Siemens\" | sub-option 2 (voice-vlan: four bytes), 4 bytes | address 0.0.2.88, or 600 | 5 fillers | the end of \
          the sub-options",
        ),
        (
            43,
            "01020a0b05ff01",
            "",
            "sub-option 1 (unknown without a vendor), 2 bytes | 2571 as a number of \
          two bytes | sub-option 5 says 255 bytes, and 1 follow: cut off, or not sub-options",
        ),
        (
            43,
            "11 4572696373736f6e2049502d50686f6e65 010b 3139322e3136382e302e31",
            "aastra",
            "17 bytes | \"Ericsson \
          IP-Phone\" | sub-option 1 (not known of this vendor), 11 bytes | \"192.168.0.1\"",
        ),
        (2, "ffffb9b0", "", "-18000"),
        (
            119,
            "03656e670561707070650363 6f6d00 096d61726b6574696e67c004",
            "",
            "eng.apppe.com | marketing.apppe.com",
        ),
        (249, "18c000020a000001", "", "to 192.0.2.0/24 | by 10.0.0.1"),
        (
            82,
            "01024142 00ff",
            "",
            "sub-option 1 (circuit id), 2 bytes | \"AB\" | a filler | the end of the sub-options",
        ),
        (82, "010461626364", "", "sub-option 1 (circuit id), 4 bytes | \"abcd\""),
        (
            121,
            "18c000020a00000100c0000209",
            "",
            "to 192.0.2.0/24 | by 10.0.0.1 | to 0.0.0.0/0 | by 192.0.2.9",
        ),
        (121, "18c000020a000001aa0000", "", "to 192.0.2.0/24 | by 10.0.0.1 | not a route: 3 bytes"),
        (
            77,
            "0361626302640a",
            "",
            "not of this option's form: expected texts behind their lengths (RFC 3004), or one text, found 7 bytes",
        ),
        (77, "03616263026465", "", "3 bytes | \"abc\" | 2 bytes | \"de\""),
        (61, "01000413010203", "", "hardware type 1, Ethernet | 00:04:13:01:02:03"),
        (224, "c0000201", "", "bytes of a form that is not known"),
    ] {
        assert_eq!(means(code, digits, vendor), expected, "option {code} {digits}");
    }
    let avaya = means(125, "00000403056869706870", "");
    assert!(avaya.starts_with("enterprise 1027 (Mitel"), "{avaya}");
    assert!(avaya.ends_with("5 bytes | \"hiphp\""), "{avaya}");
    let marked = means(125, "00000403056869706870ff", "");
    assert!(marked.contains("\"hiphp\" | not of this option's form: an end mark"), "{marked}");
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_fail_and_all_are_shown(
        code: u8, value in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..80)
    ) {
        for vendor in ["", "lync", "snom"] {
            let _ = means(code, &hex::encode(&value), vendor);
        }
    }
}
