//! What a policy says of a phone's model, where it is about the phone's files.

use std::borrow::Cow;
use std::collections::HashSet;

use offhook_core::Engine;
use offhook_core::policy::Origin;
use offhook_core::policy::models::ModelsAt;

use crate::phone::Phone;

/// The entries that hold for a phone.
pub(crate) fn models_at(engine: &Engine, phone: &Phone) -> ModelsAt {
    let site = phone.site.and_then(|site| engine.policy().sites.get(site as usize));
    match engine.tells_models(phone.vendor) {
        true => engine.policy().models_at(site, phone.vendor, phone.model.as_bytes()),
        false => (None, None),
    }
}

/// The phone with what the policy says of its model. That belongs into the phone's own file: a file that
/// all phones of a maker share cannot hold it.
pub(crate) fn with_model<'p>(
    engine: &Engine,
    phone: &'p Phone,
    models: ModelsAt,
) -> Cow<'p, Phone> {
    if models == (None, None) {
        return Cow::Borrowed(phone);
    }
    let policy = engine.policy();
    let site = phone.site.and_then(|site| policy.sites.get(site as usize));
    let models = policy.models(site, phone.vendor, models);
    let mut phone = phone.clone();
    let (mut values, mut settings, mut keys) = (HashSet::new(), HashSet::new(), HashSet::new());
    for (origin, layer) in policy.layers_for(site, phone.vendor, models, None) {
        let of_model = matches!(origin, Origin::Model | Origin::SiteModel);
        let said = &layer.phone_settings;
        for (field, value) in said.values.iter() {
            if values.insert(field.0) && of_model {
                phone.values.set(field, value);
            }
        }
        for (key, value) in &said.settings {
            if settings.insert(key) && of_model && !phone.settings.iter().any(|(own, _)| own == key)
            {
                phone.settings.push((key.clone(), value.clone()));
            }
        }
        for key in said.keys.iter() {
            let own = phone.keys.iter().any(|own| own.place() == key.place());
            if keys.insert(key.place()) && of_model && !own {
                phone.keys.push(key);
            }
        }
    }
    Cow::Owned(phone)
}
