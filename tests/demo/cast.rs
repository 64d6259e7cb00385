//! Who plays: the four reference sites of examples/demo.json, and the phones that boot at each.

/// A site and its network, 127.N.0.0/16.
pub struct Site {
    pub number: u8,
    pub name: &'static str,
    pub heading: &'static str,
    /// One or two lines for readers who do not know the system.
    pub about: &'static str,
    pub phones: &'static [Role],
}

/// A phone and how far it must come.
pub struct Role {
    pub vendor: &'static str,
    /// An example of the catalogue; empty: its first.
    pub example: &'static str,
    pub mac: &'static str,
    pub model: &'static str,
    /// `PBX` stands for the telephone system's address, `PORTSIP` for its address and port.
    pub url: &'static str,
    pub end: End,
    /// Told in one line where the same maker's phone was shown in full before.
    pub brief: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// 200 OK by the registrar.
    Registered,
    /// Its files' names are not known outside the maker.
    Located,
}

const fn role(
    vendor: &'static str,
    mac: &'static str,
    model: &'static str,
    url: &'static str,
) -> Role {
    Role { vendor, example: "", mac, model, url, end: End::Registered, brief: false }
}

const fn brief(role: Role) -> Role {
    Role { brief: true, ..role }
}

const ACME: &str = "http://PBX:8880/p/acme/";
const PORTSIP: &str = "http://PORTSIP/provision/R2Xu8aVV20Jka/";
const SNOM: &str = "00:04:13:01:02:03";
const YEALINK: &str = "00:15:65:01:02:03";
const GRANDSTREAM: &str = "00:0b:82:01:02:03";

pub const PASCOM: Site = Site {
    number: 1,
    name: "pascom",
    heading: "Site \"pascom\"",
    about: "The telephone system serves the files itself; its web server is played by nginx, with files \
            that `offhook generate` wrote.",
    phones: &[
        role("snom", SNOM, "320", "http://PBX:8880/p/acme/000413010203"),
        role("yealink", YEALINK, "SIP-T46S", ACME),
        role("grandstream", GRANDSTREAM, "GXP1405", ACME),
        role("aastra", "00:08:5d:23:74:29", "6731i", ACME),
        role("mitel-sip", "14:00:e9:01:02:03", "6930", ACME),
        Role {
            example: "D-200",
            ..role("auerswald", "00:09:52:01:02:03", "D-200", "http://PBX:8880/p/acme/000952010203")
        },
    ],
};

pub const PORTSIP_SITE: Site = Site {
    number: 2,
    name: "portsip",
    heading: "Site \"portsip\"",
    about: "As above, with that system's URL.",
    phones: &[
        role("fanvil", "0c:38:3e:01:02:03", "X3SG", PORTSIP),
        Role { example: "Myriad by", ..role("ale", "3c:28:a6:01:02:03", "M5", PORTSIP) },
        role("htek", "00:1f:c1:01:02:03", "UC926", PORTSIP),
        Role { end: End::Located, ..role("dinstar", "f8:a0:3d:01:02:03", "", PORTSIP) },
        brief(role("snom", SNOM, "320", PORTSIP)),
        brief(role("yealink", YEALINK, "SIP-T46S", PORTSIP)),
        brief(role("grandstream", GRANDSTREAM, "GXP1405", PORTSIP)),
    ],
};

/// The Lync phones register with a certificate, which is not a matter of files: DHCP is all.
pub const LYNC: Site = Site {
    number: 3,
    name: "lync",
    heading: "Site \"lync\"",
    about: "Lync phones get a certificate service in option 43 and a registrar in option 120, or a voice \
            VLAN; they fetch no file.",
    phones: &[
        role("lync", "02:00:00:0a:0b:0c", "", ""),
        Role { example: "asks for the VLAN", ..role("lync", "02:00:00:0a:0b:0d", "", "") },
    ],
};

pub const FILES: Site = Site {
    number: 4,
    name: "files",
    heading: "Site \"files\"",
    about: "A Polycom, booted the way its provisioning is verified: with a wrong password first. The files \
            are written by `offhook generate` and served by nginx as `offhook web-server nginx` has it.",
    phones: &[role("polycom", "00:04:f2:01:02:03", "VVX410", "https://127.0.0.1:TLS/polycom/")],
};

/// Only told, not fetched: its URL is at port 80, which wants root.
pub const VPN: Site = Site {
    number: 5,
    name: "pascom-vpn",
    heading: "",
    about: "",
    phones: &[
        role("snom", SNOM, "320", ""),
        role("yealink", YEALINK, "SIP-T46S", ""),
        role("grandstream", GRANDSTREAM, "GXP1405", ""),
        role("aastra", "00:08:5d:23:74:29", "6731i", ""),
        role("mitel-sip", "14:00:e9:01:02:03", "6930", ""),
        role("auerswald", "00:09:52:01:02:03", "D-200", ""),
    ],
};

pub const SITES: [&Site; 5] = [&PASCOM, &PORTSIP_SITE, &LYNC, &FILES, &VPN];
