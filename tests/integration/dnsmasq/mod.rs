//! What dnsmasq is made to say: the same as Kea, row by row.

/// How a rendering comes into force.
mod apply;
/// Every example of the catalogue.
pub mod catalogue;
/// What dnsmasq does not see and Kea does.
mod differences;
/// The doctor beside a real dnsmasq.
mod doctor;
/// Texts of which one begins as another: the longest decides.
mod heads;
/// What `render` prints for systems around a dnsmasq.
mod platforms;
/// Random policies and random clients: core = Kea = dnsmasq.
mod property;
/// The acceptance table of the four reference sites.
mod reference;
/// The companion as dhcp-script.
mod script;
/// Sites, single devices, and who is answered at all.
mod sites;
/// Tokens by dnsmasq, and who may read them.
mod token;
/// What dnsmasq cannot say is refused, with a reason and an advice.
mod traps;
/// Phones of makers that the catalogue does not have.
mod unlisted;
