//! Pi-hole: its own configuration names the file, in a line of `misc.dnsmasq_lines` or by its folder.

use std::path::Path;

use super::quoted;

/// The folder that Pi-hole reads if `misc.etc_dnsmasq_d` is true.
const FOLDER: &str = "/etc/dnsmasq.d";

/// The commands by which Pi-hole reads this file, for a shell.
pub fn commands(out: &Path) -> Vec<String> {
    let in_folder = out.parent() == Some(Path::new(FOLDER));
    if in_folder && out.extension().is_some_and(|extension| extension == "conf") {
        return vec!["pihole-FTL --config misc.etc_dnsmasq_d true".to_owned()];
    }
    let line = serde_json::Value::from(format!("conf-file={}", out.display()));
    vec![
        "# This takes the place of lines that are there: pihole-FTL --config misc.dnsmasq_lines shows them; put \
         them into the list as well."
            .to_owned(),
        format!("pihole-FTL --config misc.dnsmasq_lines {}", quoted(&format!("[{line}]"))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_switched_on_and_another_file_is_named() {
        let of = |out: &str| commands(Path::new(out)).pop().unwrap_or_default();
        assert_eq!(
            of("/etc/dnsmasq.d/50-phones.conf"),
            "pihole-FTL --config misc.etc_dnsmasq_d true"
        );
        // Pi-hole reads *.conf alone.
        assert!(of("/etc/dnsmasq.d/phones").contains("misc.dnsmasq_lines"));
        assert_eq!(
            of("/etc/off hook/it's.conf"),
            r#"pihole-FTL --config misc.dnsmasq_lines '["conf-file=/etc/off hook/it'\''s.conf"]'"#
        );
    }
}
