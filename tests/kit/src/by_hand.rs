//! What people write into their DHCP server without offhook: the same twenty makers told the same URL, by Kea's client
//! classes, by libdhcp_flex_option, and by dnsmasq's tags.

use serde_json::{Value, json};

/// Where the phones' files are, in every variant.
pub const URL: &str = "http://provision.example.com/phones/";

/// Each maker once: the beginning of its phones' option 60, the first three bytes of their hardware addresses (each
/// where it says something), and the option that they read. Not every phone sends option 60, so who wants all of them names
/// both.
const MAKERS: [(&str, &str, &str, u8); 20] = [
    ("polycom", "Polycom-", "0004f2", 66),
    ("yealink", "Yealink ", "001565", 66),
    ("snom", "snom", "000413", 66),
    ("grandstream", "Grandstream ", "000b82", 66),
    ("aastra", "AastraIPPhone", "00085d", 66),
    ("mitel-sip", "MitelIPPhone", "1400e9", 66),
    ("auerswald", "", "000952", 66),
    ("fanvil", "Fanvil", "0c383e", 66),
    ("htek", "Htek", "001fc1", 66),
    ("dinstar", "", "f8a03d", 66),
    ("gigaset", "Gigaset", "7c2f80", 114),
    ("panasonic", "Panasonic KX-", "0080f0", 66),
    ("cisco-mpp", "Cisco Systems, Inc. IP Phone CP-", "", 66),
    ("cisco-spa", "Cisco SPA", "", 66),
    ("digium", "digium_", "000fd3", 66),
    ("sangoma", "sangoma_", "005058", 66),
    ("audiocodes", "", "00908f", 66),
    ("avaya", "ccp.avaya.com", "50cd22", 242),
    ("vtech", "Vtech Vesa", "00122a", 66),
    ("akuvox", "", "0c1105", 66),
];

/// The makers that boot, as `--vendor` of `offhook emulate` takes them.
pub fn makers() -> String {
    MAKERS.map(|(maker, ..)| maker).join(",")
}

/// A maker's signs as an expression of Kea's.
fn test(class: &str, prefix: &str) -> String {
    let class = (!class.is_empty())
        .then(|| format!("substring(option[60].hex,0,{}) == '{class}'", class.len()));
    let prefix = (!prefix.is_empty()).then(|| format!("substring(pkt4.mac,0,3) == 0x{prefix}"));
    class.into_iter().chain(prefix).collect::<Vec<_>>().join(" or ")
}

/// What the option says: the URL, in the form that this option's readers take.
fn value(code: u8) -> String {
    match code {
        242 => "HTTPSRVR=provision.example.com,HTTPDIR=/phones/".to_owned(),
        _ => URL.to_owned(),
    }
}

/// Twenty client classes of Kea's, each with the option of its maker.
pub fn classes() -> Value {
    let class = |(maker, class, prefix, code): &(&str, &str, &str, u8)| {
        // In hex, so that no option needs a definition, and sent to phones that do not request it too.
        let data: String = value(*code).bytes().map(|byte| format!("{byte:02x}")).collect();
        json!({
            "name": maker,
            "test": test(class, prefix),
            "option-data": [{ "code": code, "csv-format": false, "data": data, "always-send": true }],
        })
    };
    MAKERS.iter().map(class).collect()
}

/// The same tests as parameters of libdhcp_flex_option.
pub fn flex_option() -> Value {
    let option = |(_, class, prefix, code): &(&str, &str, &str, u8)| {
        let add = format!("ifelse({},'{}','')", test(class, prefix), value(*code));
        json!({ "code": code, "add": add })
    };
    json!({ "options": MAKERS.iter().map(option).collect::<Vec<_>>() })
}

/// Lines of dnsmasq's configuration.
pub fn dnsmasq() -> Vec<String> {
    let mut lines = Vec::new();
    for (maker, class, prefix, code) in &MAKERS {
        if !class.is_empty() {
            // In quotes: a comma would begin another part.
            lines.push(format!("dhcp-vendorclass=set:{maker},\"{class}\""));
        }
        let bytes: Vec<&str> = [0, 2, 4].iter().filter_map(|at| prefix.get(*at..at + 2)).collect();
        if !bytes.is_empty() {
            lines.push(format!("dhcp-mac=set:{maker},{}:*:*:*", bytes.join(":")));
        }
        lines.push(format!("dhcp-option-force=tag:{maker},{code},\"{}\"", value(*code)));
    }
    lines
}
