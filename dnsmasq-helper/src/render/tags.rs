//! The names of our tags in dnsmasq's configuration. All begin with `oh`, so none is dnsmasq's own
//! (`known`, `bootp`, `cpewan-id`, interface names) and none a careful user's.
//!
//! Meant for users too: `oh_phone` (a recognised phone) and `oh-<vendor>`.

use offhook_core::catalogue::{Tables, VariantIx, VendorIx};
use offhook_core::recognise::Named;

pub const PHONE: &str = "oh_phone";
/// Who the client is has been decided; no lesser sign counts any more.
pub const DONE: &str = "oh_done";
/// No hardware address decides alone: the client sends a text of a device that is not a phone.
pub const DOUBTFUL: &str = "oh_doubtful";
/// A rule answers, so what the policy says of the device itself goes out too: in any case, or by
/// what the phone requests.
pub const TOLD: &str = "oh_told";
pub const TOLD_REQUESTED: &str = "oh_toldq";
/// The policy names the device's vendor.
pub const NAMED: &str = "oh_named";
/// The device has answers of its own; the shared rules do not count.
pub const OWN: &str = "oh_own";
pub const AT_A_SITE: &str = "oh_sited";
/// How the tags begin that the user's own `dhcp-range` lines set.
pub const RANGE: &str = "oh_at-";
pub const REFUSED: &str = "oh_refused";

/// The client says itself which address it has (DHCPINFORM), or chooses its subnet (option 118).
pub const CLAIMS: &str = "oh_claims";

/// Perhaps a phone of a maker that the catalogue does not have: two signs agree.
pub const UNLISTED: &str = "oh_unlisted";
/// For messages.
pub const UNLISTED_NAME: &str = "unlisted";
/// The policy lists the device.
pub const LISTED: &str = "oh_listed";

/// The client is of this vendor, by what it shows.
pub fn vendor(tables: &Tables, vendor: VendorIx) -> String {
    format!("oh-{}", tables.at(vendor).id)
}

/// ... and of this variant.
pub fn variant(tables: &Tables, at: VendorIx, variant: VariantIx) -> String {
    let name = tables.at(at).variant_name(variant).unwrap_or_default();
    format!("oh-{}.{name}", tables.at(at).id)
}

/// ... and of some variant: no lesser sign says which.
pub fn some_variant(tables: &Tables, at: VendorIx) -> String {
    format!("oh-{}.", tables.at(at).id)
}

/// The policy says that the device is of this vendor, and perhaps of which variant.
pub fn given(tables: &Tables, named: Named) -> String {
    let vendor = tables.at(named.vendor);
    let variant = vendor.variant_name(named.variant).map(|name| format!(".{name}"));
    format!("oh_is-{}{}", vendor.id, variant.unwrap_or_default())
}

/// Phones that get the same answer at every site.
pub fn class(number: usize) -> String {
    format!("oh_c{number}")
}

/// The same, before the policy's own setting for the vendor counts.
pub fn shown_class(number: usize) -> String {
    format!("oh_k{number}")
}

pub fn site(position: usize) -> String {
    format!("oh_site{position}")
}

/// The answer; the script reads it out of DNSMASQ_TAGS.
pub fn rule(number: u32) -> String {
    format!("oh_r{number}")
}

/// Devices of the policy that are treated alike.
pub fn group(number: usize) -> String {
    format!("oh_g{number}")
}

/// Which rendering dnsmasq is running.
pub fn rendering(digest: &str) -> String {
    format!("{RENDERING}{digest}")
}

/// How such a tag begins.
pub const RENDERING: &str = "oh_render-";

/// Where a site's networks or relays lead: the tag of the user's `dhcp-range` lines there.
pub fn range(site: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    format!("{RANGE}{}", site.chars().map(plain).collect::<String>())
}

/// Whether a name that the user gave can be written as a tag of dnsmasq, and is not one of the
/// rendering's own.
pub fn can_be_a_tag(name: &str) -> Result<(), String> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '"' | '#' | '=');
    let first = name.starts_with(['!', '#']);
    if name.is_empty() || name.len() > 100 || name.contains(bad) || first || name.ends_with('*') {
        return Err(format!(
            "{name:?} cannot be a tag of dnsmasq, which marks interfaces and client classes by tags; \
             use a name without blanks, commas and quotes that does not end with \"*\""
        ));
    }
    if name.starts_with("oh_") || name.starts_with("oh-") {
        return Err(format!("{name:?} begins as offhook's own tags do; use another name"));
    }
    Ok(())
}
