//! How a maker's phones write their models.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How models are spelt.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Spelling {
    /// The phone writes them in upper case.
    #[serde(default)]
    upper: bool,
    /// Beginnings that are not part of the model.
    #[serde(default)]
    drop: Vec<String>,
    /// Ends that are not part of the model.
    #[serde(default)]
    drop_end: Vec<String>,
    /// How its models begin, with the separator that the maker writes there, or without one.
    #[serde(default)]
    head: Vec<String>,
    /// What precedes a model that begins so.
    #[serde(default)]
    begin: BTreeMap<String, String>,
    /// What follows a model that begins so.
    #[serde(default)]
    end: BTreeMap<String, String>,
}

/// Whether a model begins so, in whatever case.
pub(crate) fn starts(model: &str, head: &str) -> bool {
    model.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head))
}

/// What people put between a maker's name and a model.
const SEPARATORS: [char; 4] = [' ', '-', '_', '/'];

/// What follows a beginning that is not part of the model. One that ends with a separator counts before any of them.
fn behind<'m>(model: &'m str, head: &str) -> Option<&'m str> {
    let bare = head.trim_end_matches(SEPARATORS);
    let rest = model.get(bare.len()..).filter(|_| starts(model, bare))?;
    let behind = rest.trim_start_matches(SEPARATORS);
    let is_apart = bare.len() == head.len() || behind.len() < rest.len();
    (is_apart && !behind.is_empty()).then_some(behind)
}

impl Spelling {
    /// A model as the phone writes it in its file names.
    pub fn usual(&self, model: &str) -> String {
        let mut rest = model.trim();
        while let Some(behind) = self.drop.iter().find_map(|head| behind(rest, head)) {
            rest = behind;
        }
        let ends = |rest: &str, end: &str| {
            let at = rest.len().checked_sub(end.len()).filter(|at| *at > 0)?;
            rest.get(at..).filter(|found| found.eq_ignore_ascii_case(end)).map(|_| at)
        };
        while let Some(at) = self.drop_end.iter().find_map(|end| ends(rest, end)) {
            rest = rest.get(..at).unwrap_or_default();
        }
        let mut usual: String = rest.chars().filter(|c| *c != ' ').collect();
        if self.upper {
            usual.make_ascii_uppercase();
        }
        let headed = self.head.iter().find_map(|head| {
            let bare = head.trim_end_matches(SEPARATORS);
            let rest = usual.get(bare.len()..).filter(|_| starts(&usual, bare))?;
            Some(format!("{head}{}", rest.trim_start_matches(SEPARATORS)))
        });
        usual = headed.unwrap_or(usual);
        if let Some((_, before)) = self.begin.iter().find(|(head, _)| starts(&usual, head))
            && !starts(&usual, before)
        {
            usual.insert_str(0, before);
        }
        if let Some((_, behind)) = self.end.iter().find(|(head, _)| starts(&usual, head))
            && !usual.ends_with(behind.as_str())
        {
            usual.push_str(behind);
        }
        usual
    }
}

#[cfg(test)]
mod tests {
    use crate::makers::Makers;

    #[test]
    fn models_are_spelt_as_phones_do() {
        let makers = Makers::new(&[]).unwrap();
        let usual = |vendor: &str, model: &str| makers.of(vendor).unwrap().model.usual(model);
        for model in ["snomD735", "d735", "D735", "Snom D735"] {
            assert_eq!(usual("snom", model), "D735", "{model}");
        }
        for model in ["snom-D735", "snom_D735", "Snom / D735", "SNOM-D735"] {
            assert_eq!(usual("snom", model), "D735", "{model}");
        }
        for model in [
            "8841",
            "CP-8841",
            "CP-8841-3PCC",
            "8841-3pcc",
            "cp-8841",
            "CP8841",
            "CP-8841-3PCC-K9",
            "Cisco IP Phone 8841",
        ] {
            assert_eq!(usual("cisco-mpp", model), "CP-8841-3PCC", "{model}");
        }
        assert_eq!(usual("cisco-mpp", "DP9871"), "DP-9871");
        for model in ["504G", "spa504g", "SPA504G", "Cisco SPA504G", "SPA-504G", "SPA 504 G"] {
            assert_eq!(usual("cisco-spa", model), "SPA504G", "{model}");
        }
        assert_eq!(usual("cisco-spa", "SPA8000"), "SPA8000");
        assert_eq!(usual("cisco-spa", "PAP2T"), "PAP2T");
        for model in ["hdv130", "KX-HDV130", "kx-hdv130", "Panasonic-KX-HDV130", "KXHDV130"] {
            assert_eq!(usual("panasonic", model), "KX-HDV130", "{model}");
        }
        for model in ["SIP-T46S", "Yealink SIP-T46S", "yealink-t46s", "Yealink_T46S"] {
            assert_eq!(usual("yealink", model), "T46S", "{model}");
        }
        assert_eq!(usual("polycom", "VVX 410"), "VVX410");
        assert_eq!(usual("polycom", "Poly-EdgeE550"), "EdgeE550");
        assert_eq!(usual("sangoma", "s500"), "S500");
        assert_eq!(usual("gigaset", "n670_ip_pro"), "N670_IP_PRO");
    }
}
