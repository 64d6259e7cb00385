//! The type of a DHCP message.

/// What a DHCP message is: option 53, one byte (RFC 2132, section 9.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MessageType {
    /// DHCPDISCOVER, 1: a client looks for a server.
    #[default]
    Discover,
    /// DHCPOFFER, 2: a server offers an address.
    Offer,
    /// DHCPREQUEST, 3: a client takes an offer, or renews its lease.
    Request,
    /// DHCPDECLINE, 4: the address is in use by another client.
    Decline,
    /// DHCPACK, 5: a server gives the address, or answers a DHCPINFORM.
    Ack,
    /// DHCPNAK, 6: a server refuses.
    Nak,
    /// DHCPRELEASE, 7: a client gives its address back.
    Release,
    /// DHCPINFORM, 8: a client that has an address requests options only.
    Inform,
    /// Another number above 0, such as those of RFC 4388.
    Other(u8),
}

impl MessageType {
    /// The number on the wire; `None` for 0, which no message has (a BOOTP packet has no option 53).
    pub fn from_number(number: u8) -> Option<MessageType> {
        Some(match number {
            0 => return None,
            1 => MessageType::Discover,
            2 => MessageType::Offer,
            3 => MessageType::Request,
            4 => MessageType::Decline,
            5 => MessageType::Ack,
            6 => MessageType::Nak,
            7 => MessageType::Release,
            8 => MessageType::Inform,
            other => MessageType::Other(other),
        })
    }

    /// The number on the wire.
    pub fn number(self) -> u8 {
        match self {
            MessageType::Discover => 1,
            MessageType::Offer => 2,
            MessageType::Request => 3,
            MessageType::Decline => 4,
            MessageType::Ack => 5,
            MessageType::Nak => 6,
            MessageType::Release => 7,
            MessageType::Inform => 8,
            MessageType::Other(other) => other,
        }
    }

    /// The message's name in RFC 2131; `None` for another number.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            MessageType::Discover => "DHCPDISCOVER",
            MessageType::Offer => "DHCPOFFER",
            MessageType::Request => "DHCPREQUEST",
            MessageType::Decline => "DHCPDECLINE",
            MessageType::Ack => "DHCPACK",
            MessageType::Nak => "DHCPNAK",
            MessageType::Release => "DHCPRELEASE",
            MessageType::Inform => "DHCPINFORM",
            MessageType::Other(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        assert_eq!(MessageType::from_number(0), None);
        for number in 1..=255 {
            let message = MessageType::from_number(number);
            assert_eq!(message.map(MessageType::number), Some(number));
        }
    }
}
