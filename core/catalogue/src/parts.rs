//! A client's packet from single parts, as a person, a test or dnsmasq names them.
//!
//! Parts become wire bytes, or what offhook-core reads out of a packet (its `Query`).

use std::net::Ipv4Addr;

use crate::code;
use crate::mac::Mac;
use crate::message_type::MessageType;
use crate::text::TextError;

/// What is known of a client. Whatever is not set was not in the packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// Option 53; a DHCPDISCOVER by default.
    pub message: MessageType,
    /// The hardware address (`chaddr`, with `htype` 1).
    pub mac: Option<Mac>,
    /// The address that the client has already.
    pub ciaddr: Option<Ipv4Addr>,
    /// The relay agent's address.
    pub giaddr: Option<Ipv4Addr>,
    /// Options in the order in which they are in the packet.
    pub options: Vec<(u8, Vec<u8>)>,
    /// See offhook-core's `Context`.
    pub leased: Option<Ipv4Addr>,
    /// The interface of the server on which the packet came in; empty: not known.
    pub interface: String,
    /// An address of that interface.
    pub interface_address: Option<Ipv4Addr>,
    /// The client's classes in the server.
    pub classes: Vec<String>,
}

impl Parts {
    /// Sets an option; empty values are not sent.
    pub fn option(&mut self, code: u8, value: impl Into<Vec<u8>>) {
        let value = value.into();
        if !value.is_empty() {
            self.options.push((code, value));
        }
    }

    /// A relay's option 82 with circuit id and remote id (RFC 3046); ids over 253 bytes are cut.
    pub fn relay_ids(&mut self, circuit: &[u8], remote: &[u8]) {
        let mut value = Vec::new();
        for (sub, id) in [(1u8, circuit), (2, remote)] {
            let id = id.get(..id.len().min(253)).unwrap_or_default();
            if !id.is_empty() {
                value.extend([sub, id.len() as u8]);
                value.extend_from_slice(id);
            }
        }
        self.option(code::RELAY_AGENT, value);
    }

    /// The names of `classes` as bytes.
    pub fn class_names(&self) -> Vec<&[u8]> {
        self.classes.iter().map(String::as_bytes).collect()
    }

    /// The packet's bytes (RFC 2131). A value over 255 bytes is in several pieces (RFC 3396).
    pub fn wire(&self, xid: u32) -> Vec<u8> {
        let mut wire = vec![0u8; 236];
        wire[0] = 1;
        wire[1] = 1;
        if let Some(mac) = self.mac {
            wire[2] = 6;
            wire[28..34].copy_from_slice(&mac.0);
        }
        wire[4..8].copy_from_slice(&xid.to_be_bytes());
        let address = |address: Option<Ipv4Addr>| address.map_or([0; 4], |a| a.octets());
        wire[12..16].copy_from_slice(&address(self.ciaddr));
        wire[24..28].copy_from_slice(&address(self.giaddr));
        wire.extend([99, 130, 83, 99, code::MESSAGE_TYPE, 1, self.message.number()]);
        for (option, value) in &self.options {
            for piece in value.chunks(255) {
                wire.extend([*option, piece.len() as u8]);
                wire.extend_from_slice(piece);
            }
        }
        wire.push(255);
        wire
    }
}

/// A request list such as `1,3,66`: option numbers, one byte each.
///
/// # Errors
/// The first item that is not a number from 0 to 255.
pub fn request_list(text: &str) -> Result<Vec<u8>, TextError> {
    let numbers = text.split(',').map(str::trim).filter(|number| !number.is_empty());
    let read =
        |number: &str| number.parse::<u8>().map_err(|_| TextError::OptionNumber(number.to_owned()));
    numbers.map(read).collect()
}
