//! Values that depend on the phone, for a phone that has not come yet: of a device in the policy its
//! address is known, and with it its token; what only its packet determines is refused with advice.

use std::cell::Cell;
use std::net::Ipv4Addr;

use offhook_core::Mac;
use offhook_core::edit::Planned;
use offhook_core::encode::LiveValues;
use offhook_core::policy::devices::Device;
use offhook_core::token::{Minter, Token};

/// For whom an answer is rendered.
#[derive(Clone, Copy)]
pub struct Whom<'w> {
    /// A vendor's id, or a device's address: for messages.
    pub name: &'w str,
    /// None: any phone of a vendor.
    pub device: Option<(Mac, Device<'w>)>,
    /// Makes the policy's tokens.
    pub minter: Option<&'w Minter>,
}

/// What is known of a phone before its packet.
pub struct Known<'w> {
    mac: Option<Mac>,
    minter: Option<&'w Minter>,
    /// Why a value cannot be made.
    missing: Cell<Option<Missing>>,
    token: Cell<bool>,
}

#[derive(Clone, Copy)]
enum Missing {
    /// It comes from the address; listing the device helps.
    Address(&'static str),
    /// Only the packet determines it.
    Packet(&'static str),
    /// The token is bound to a lease that dnsmasq has not given yet.
    Lease,
}

impl<'w> Known<'w> {
    pub fn before_the_packet(whom: Whom<'w>) -> Known<'w> {
        Known {
            mac: whom.device.map(|(mac, _)| mac),
            minter: whom.minter,
            missing: Cell::new(None),
            token: Cell::new(false),
        }
    }

    pub fn bytes(&self, value: Planned<'_>) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let whole = value.write(self, &mut bytes);
        match self.missing.get() {
            None if whole => Ok(bytes),
            None => Err("a part of it is too long".to_owned()),
            Some(missing) => Err(missing.text()),
        }
    }

    /// Whether some value that was made has a token in it.
    pub fn made_a_token(&self) -> bool {
        self.token.get()
    }

    fn miss(&self, missing: Missing) {
        self.missing.set(Some(missing));
    }
}

impl Missing {
    fn text(self) -> String {
        let beforehand = "is known only when the phone's packet comes, and dnsmasq's answer must be written \
                          in its configuration before";
        match self {
            Missing::Address(name) => format!(
                "{name} {beforehand}: list the phones in \"devices\" and render with \
                 --known-devices-only, {}or let Kea serve these phones",
                match name {
                    "{{mac}}" => "use the phone's own placeholder (such as {mac} or $MAC), ",
                    _ => "",
                }
            ),
            Missing::Packet(name) => {
                format!(
                    "{name} {beforehand}: write the value itself, or let Kea serve these phones"
                )
            }
            Missing::Lease => format!(
                "{{{{token}}}} is bound to the phone's lease, which {beforehand}: take \"address\" out of \
                 \"file-access.token\" (the token then holds from any address), or let Kea serve these \
                 phones"
            ),
        }
    }
}

impl LiveValues for Known<'_> {
    fn mac(&self) -> Option<Mac> {
        if self.mac.is_none() {
            self.miss(Missing::Address("{{mac}}"));
        }
        self.mac
    }
    fn ip(&self) -> Option<Ipv4Addr> {
        self.miss(Missing::Packet("{{ip}}"));
        None
    }
    fn model(&self) -> &[u8] {
        self.miss(Missing::Packet("{{model}}"));
        &[]
    }
    fn firmware(&self) -> &[u8] {
        self.miss(Missing::Packet("{{firmware}}"));
        &[]
    }
    fn token(&self) -> Option<Token> {
        let minter = self.minter?;
        if minter.is_for_addresses() {
            self.miss(Missing::Lease);
            return None;
        }
        let Some(mac) = self.mac else {
            self.miss(Missing::Address("{{token}}"));
            return None;
        };
        self.token.set(true);
        minter.mint(mac, None)
    }
}
