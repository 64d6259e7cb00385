//! Devices that are not phones although their hardware address is one of a phone maker, in dnsmasq's
//! words: the core's `other_device`.

use offhook_core::Mistakes;
use offhook_core::catalogue::Tables;

use super::lines::{Lines, not};
use super::{heads, tags};

/// A sign that phones never show; one that they may; an option of the phones' is requested.
const NEVER: &str = "oh_other";
pub const PERHAPS: &str = "oh_other~";
const ASKS: &str = "oh_asks~";

/// The matchers.
pub fn render(tables: &Tables, lines: &mut Lines, wrong: &mut Mistakes) {
    let others = &tables.other_devices;
    let tag = |unless_asked: bool| if unless_asked { PERHAPS } else { NEVER };
    for (code, texts) in [(60, &others.vendor_classes), (77, &others.user_classes)] {
        for (number, text) in texts.iter().enumerate() {
            // What is the whole value takes several lines, which must not mix with another text's.
            let own = match text.exact {
                true => format!("oh{code}.o{number}"),
                false => tag(text.unless_asked).to_owned(),
            };
            if let Err(error) = heads::text(&text.head, text.exact, code, &own, lines) {
                wrong.push("other-devices", error);
            }
            if text.exact {
                lines.tag_if(&[tag(text.unless_asked)], &[own]);
            }
        }
    }
    let mut asks = |tag: &str, code: u8| lines.matcher(&format!("dhcp-match=set:{tag},55,{code}b"));
    for list in others.request_lists.iter() {
        list.any.iter().for_each(|code| asks(tag(list.unless_asked), *code));
    }
    others.phone_options.iter().for_each(|code| asks(ASKS, *code));
}

/// The chain, between the texts of the makers and the hardware addresses.
pub fn decide(lines: &mut Lines) {
    let undecided = not(tags::DONE);
    lines.tag_if(&[tags::DONE], &[NEVER, &undecided]);
    lines.tag_if(&[tags::DOUBTFUL], &[PERHAPS, &not(ASKS)]);
}
