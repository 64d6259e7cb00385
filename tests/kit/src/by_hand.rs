//! What people write into their DHCP server without offhook: the same twenty makers told the same URL, by Kea's client
//! classes, by libdhcp_flex_option, and by dnsmasq's tags.

use serde_json::{Value, json};

/// Where the phones' files are, in every variant.
pub const URL: &str = "http://provision.example.com/phones/";

/// How a maker's phones are known by hand.
enum Sign {
    /// The beginning of option 60.
    Class(&'static str),
    /// The first three bytes of the hardware address, for phones that send no option 60.
    Prefix(&'static str),
}

use Sign::{Class, Prefix};

/// Each maker once, with the option that its phones read.
const MAKERS: [(&str, Sign, u8); 20] = [
    ("polycom", Class("Polycom-"), 66),
    ("yealink", Class("Yealink "), 66),
    ("snom", Class("snom"), 66),
    ("grandstream", Class("Grandstream "), 66),
    ("aastra", Class("AastraIPPhone"), 66),
    ("mitel-sip", Class("MitelIPPhone"), 66),
    ("auerswald", Prefix("000952"), 66),
    ("fanvil", Class("Fanvil"), 66),
    ("htek", Class("Htek"), 66),
    ("dinstar", Prefix("f8a03d"), 66),
    ("gigaset", Class("Gigaset"), 114),
    ("panasonic", Class("Panasonic KX-"), 66),
    ("cisco-mpp", Class("Cisco Systems, Inc. IP Phone CP-"), 66),
    ("cisco-spa", Class("Cisco SPA"), 66),
    ("digium", Class("digium_"), 66),
    ("sangoma", Class("sangoma_"), 66),
    ("audiocodes", Prefix("00908f"), 66),
    ("avaya", Class("ccp.avaya.com"), 242),
    ("vtech", Class("Vtech Vesa"), 66),
    ("akuvox", Prefix("0c1105"), 66),
];

/// The makers that boot, as `--vendor` of `offhook emulate` takes them.
pub fn makers() -> String {
    MAKERS.map(|(maker, ..)| maker).join(",")
}

impl Sign {
    /// As an expression of Kea's.
    fn test(&self) -> String {
        match self {
            Class(text) => format!("substring(option[60].hex,0,{}) == '{text}'", text.len()),
            Prefix(hex) => format!("substring(pkt4.mac,0,3) == 0x{hex}"),
        }
    }
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
    let class = |(maker, sign, code): &(&str, Sign, u8)| {
        // In hex, so that no option needs a definition, and sent to phones that do not request it too.
        let data: String = value(*code).bytes().map(|byte| format!("{byte:02x}")).collect();
        json!({
            "name": maker,
            "test": sign.test(),
            "option-data": [{ "code": code, "csv-format": false, "data": data, "always-send": true }],
        })
    };
    MAKERS.iter().map(class).collect()
}

/// The same tests as parameters of libdhcp_flex_option.
pub fn flex_option() -> Value {
    let option = |(_, sign, code): &(&str, Sign, u8)| {
        let add = format!("ifelse({},'{}','')", sign.test(), value(*code));
        json!({ "code": code, "add": add })
    };
    json!({ "options": MAKERS.iter().map(option).collect::<Vec<_>>() })
}

/// Lines of dnsmasq's configuration.
pub fn dnsmasq() -> Vec<String> {
    let lines = |(maker, sign, code): &(&str, Sign, u8)| {
        let sign = match sign {
            Class(text) => format!("dhcp-vendorclass=set:{maker},{text}"),
            Prefix(hex) => {
                let bytes: Vec<&str> =
                    [0, 2, 4].iter().filter_map(|at| hex.get(*at..at + 2)).collect();
                format!("dhcp-mac=set:{maker},{}:*:*:*", bytes.join(":"))
            }
        };
        [sign, format!("dhcp-option-force=tag:{maker},{code},\"{}\"", value(*code))]
    };
    MAKERS.iter().flat_map(lines).collect()
}
