//! Facts that hold only for some models or some firmware.

use crate::record::Text;

pub(super) fn of_models(models: &[Text], firmware: &[Text]) -> Vec<String> {
    let mut conditions = Vec::new();
    if !models.is_empty() {
        conditions.push(format!("models {}", models.join("..., ") + "..."));
    }
    if !firmware.is_empty() {
        conditions.push(format!("firmware {} and later", firmware.join(", ")));
    }
    conditions
}

/// Whether a model begins in one of these ways; an empty list holds for all, and an empty model is not
/// known.
pub fn fits_model(models: &[Text], model: &str) -> bool {
    let lower = model.to_ascii_lowercase();
    let begins = |start: &Text| lower.starts_with(&start.to_ascii_lowercase());
    models.is_empty() || model.is_empty() || models.iter().any(begins)
}

/// Whether a firmware is one of these or a later one: numbers with dots, one for each major release
/// that has one (`7.3.17`, `8.2.1`), `x` for a part that does not count. An empty list holds for every
/// firmware, and an empty firmware is not known.
pub fn fits_firmware(from: &[Text], firmware: &str) -> bool {
    let number = |part: &str| part.parse::<u32>().ok();
    let major = |text: &str| text.split('.').next().and_then(number);
    let found = major(firmware);
    let of_release = from.iter().rfind(|first| match (major(first), found) {
        (Some(first), Some(found)) => first <= found,
        _ => true,
    });
    let Some(first) = of_release else { return from.is_empty() || firmware.is_empty() };
    for (wanted, found) in first.split('.').zip(firmware.split('.')) {
        if let (Some(wanted), Some(found)) = (number(wanted), number(found))
            && wanted != found
        {
            return found > wanted;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_firmware_is_held_to_its_own_release() {
        let snom = [Text::Borrowed("7.3.17"), Text::Borrowed("8.2.1")];
        for (firmware, fits) in [
            ("7.3.16", false),
            ("7.3.17", true),
            ("8.1.9", false),
            ("8.2.1", true),
            ("10.1.33.33", true),
            ("6.5", false),
            ("", true),
        ] {
            assert_eq!(fits_firmware(&snom, firmware), fits, "{firmware}");
        }
        let yealink = [Text::Borrowed("x.81")];
        assert!(fits_firmware(&yealink, "66.84.0.10"));
        assert!(!fits_firmware(&yealink, "28.73.0.48"));
        assert!(fits_firmware(&[], "1"));
    }

    #[test]
    fn a_model_is_compared_without_regard_to_case() {
        let spa = [Text::Borrowed("SPA")];
        assert!(fits_model(&spa, "spa504G") && fits_model(&spa, "") && fits_model(&[], "x"));
        assert!(!fits_model(&spa, "PAP2T"));
    }
}
