//! Devices that are not phones although their hardware address is one of a phone maker, in dnsmasq's
//! words: the core's `other_device`.

use offhook_core::Mistakes;
use offhook_core::catalogue::Tables;

use super::lines::{Lines, not};
use super::whole::Wholes;
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
        let mut wholes = Wholes::default();
        for text in texts.iter() {
            let tag = tag(text.unless_asked);
            let written = match text.exact {
                true if code == 77 => Err("a whole option 77 is not supported here".to_owned()),
                true => wholes.push(text.head.iter().copied().map(Some).collect(), tag),
                false => heads::text(&text.head, code, tag, lines),
            };
            if let Err(error) = written {
                wrong.push("other-devices", error);
            }
        }
        if let Err(error) = wholes.write(&format!("oh{code}.o"), code, lines) {
            wrong.push("other-devices", error);
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
