//! OpenWrt: UCI has no words for a rendering, so UCI names its folder, and gives the ranges their tags.

use std::path::Path;

use super::quoted;
use crate::render::sites::WantedRange;

/// The commands by which dnsmasq reads this file, and by which a site's ranges get their tags.
pub fn commands(out: &Path, wanted: &[WantedRange]) -> Vec<String> {
    let folder = out.parent().map_or_else(|| "/".to_owned(), |folder| folder.display().to_string());
    let mut commands = vec![format!("uci set dhcp.@dnsmasq[0].confdir={}", quoted(&folder))];
    for range in wanted {
        commands.push(format!(
            "# SECTION: the section of /etc/config/dhcp (lan, voice, ...) whose addresses are in {}",
            range.networks
        ));
        commands.push(format!("uci set dhcp.SECTION.networkid={}", quoted(&range.tag)));
    }
    commands.push("uci commit dhcp".to_owned());
    commands.push("/etc/init.d/dnsmasq restart".to_owned());
    commands
}
