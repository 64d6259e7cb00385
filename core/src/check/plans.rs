//! What the phones of one plan are not sent, or may not take.

use super::found::Found;
use super::size::check_size;
use crate::catalogue::{ReadFrom, VariantIx, VendorIx};
use crate::encode::Form;
use crate::engine::Engine;
use crate::plan::{Origin, Plan, Unreached, Why};
use crate::policy::HeaderSpec;
use crate::policy::models::{ModelLayer, Models, ModelsAt};
use crate::url::{UrlParts, split_scheme};

/// For which phones a plan was made.
#[derive(Clone, Copy)]
pub(super) struct Where {
    pub(super) site: Option<usize>,
    pub(super) vendor: VendorIx,
    pub(super) variant: VariantIx,
    /// The entries of models that hold.
    pub(super) models: ModelsAt,
}

impl Where {
    fn models(self, engine: &Engine) -> Models<'_> {
        let policy = engine.policy();
        let site = self.site.and_then(|site| policy.sites.get(site));
        policy.models(site, self.vendor, self.models)
    }

    /// Where the layer of an origin is written.
    fn place(self, engine: &Engine, origin: Origin, key: &str) -> String {
        let vendor = &engine.tables().at(self.vendor).id;
        let site = self.site.map(|site| format!("sites[{site}].")).unwrap_or_default();
        let models = self.models(engine);
        let model = |entry: Option<&ModelLayer>| entry.map_or("", |entry| &entry.name).to_owned();
        match origin {
            Origin::Model => format!("vendors.{vendor}.models.{}.{key}", model(models.top)),
            Origin::SiteModel => {
                format!("{site}vendors.{vendor}.models.{}.{key}", model(models.site))
            }
            Origin::Vendor => format!("vendors.{vendor}.{key}"),
            Origin::Site => format!("{site}{key}"),
            Origin::SiteVendor => format!("{site}vendors.{vendor}.{key}"),
            Origin::Catalogue | Origin::System | Origin::Top | Origin::Device => key.to_owned(),
        }
    }
}

/// The maker's id, with the variant where it has some.
fn label(engine: &Engine, at: Where) -> String {
    let vendor = engine.tables().at(at.vendor);
    match vendor.variant_name(at.variant) {
        Some(variant) => format!("{} {variant}", vendor.id),
        None => vendor.id.to_string(),
    }
}

/// What layers write for phones that the catalogue leaves alone.
fn left_alone(engine: &Engine, at: Where, plan: &Plan, found: &mut Found) {
    let vendor = engine.tables().at(at.vendor);
    let site = at.site.and_then(|site| engine.policy().sites.get(site));
    let (models, vendor_ix) = (at.models(engine), at.vendor);
    let layers = [
        (models.site.map(|entry| &entry.layer), Origin::SiteModel),
        (site.and_then(|site| site.scope.vendor(vendor_ix)), Origin::SiteVendor),
        (models.top.map(|entry| &entry.layer), Origin::Model),
        (engine.policy().top.vendor(vendor_ix), Origin::Vendor),
    ];
    for (layer, origin) in layers {
        let Some(layer) = layer else { continue };
        if !layer.options.is_empty() || layer.header != HeaderSpec::default() {
            let why = match &vendor.left_alone {
                Some(why) => format!("the catalogue leaves {} alone ({why})", vendor.name),
                None => format!("the policy ignores phones of {}", vendor.name),
            };
            found.about(
                &vendor.id,
                at.place(engine, origin, "options").trim_end_matches(".options"),
                format!(
                    "nothing of this is sent: {why}. Add \"ignore\": false to send it all the same"
                ),
            );
        }
    }
    unreached(engine, at, plan, found);
}

/// The keys that do not reach these phones.
fn unreached(engine: &Engine, at: Where, plan: &Plan, found: &mut Found) {
    let vendor = engine.tables().at(at.vendor);
    // Of which variant a phone is, nearly all phones show.
    if at.variant.is_none() && !vendor.variants.is_empty() && !plan.ignored {
        return;
    }
    let label = if plan.ignored { vendor.id.to_string() } else { label(engine, at) };
    for Unreached { key, origin, why } in &plan.unreached {
        let place = at.place(engine, *origin, key.name());
        found.about(&label, &place, format!("not sent: {}", why.text(*key, vendor)));
    }
}

/// The voice VLAN goes out in a form that the phone reads only where it was switched on.
fn switched_off(engine: &Engine, at: Where, plan: &Plan, found: &mut Found) {
    let vendor = engine.tables().at(at.vendor);
    let mut sent = plan.options.iter().filter(|option| {
        let reads = vendor.reads.iter().filter(|read| read.gives.is_of_voice_vlan());
        let mut reads = reads.filter(|read| read.code == ReadFrom::Option(option.code));
        option.place == "voice-vlan" && reads.any(|read| read.if_switched_on)
    });
    if let Some(option) = sent.next() {
        let text = format!(
            "sent by option {}, which these phones read only if VLAN by DHCP is switched on in them",
            option.code
        );
        found.about(&vendor.id, &at.place(engine, option.origin, "voice-vlan"), text);
    }
}

pub(super) fn about_plan(engine: &Engine, at: Where, plan: &Plan, found: &mut Found) {
    if plan.ignored {
        return left_alone(engine, at, plan, found);
    }
    unreached(engine, at, plan, found);
    switched_off(engine, at, plan, found);
    let vendor = engine.tables().at(at.vendor);
    check_size(&vendor.id, "options", plan, None, found);
    if let Some(served) = &plan.served
        && let Some(url) = &served.url
    {
        if let Some(longest) = vendor.url.max_length
            && url.len() > usize::from(longest)
        {
            let text = format!("a URL of {} bytes: the phone takes at most {longest}", url.len());
            found.about(&vendor.id, &served.entry, text);
        }
        let scheme = split_scheme(url).map(|(scheme, _)| scheme);
        let told = !plan.unreached.iter().any(|unreached| unreached.why == Why::Scheme);
        if let Some(scheme) = scheme.filter(|_| told)
            && !vendor.url.schemes.is_empty()
            && !vendor.url.schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme))
        {
            let known: Vec<&str> = vendor.url.schemes.iter().map(|s| &**s).collect();
            let text = format!("{scheme}:// is not known to work: {}", known.join(", "));
            found.about(&vendor.id, &served.entry, text);
        }
        if let Some(port) = port_that_is_lost(url, plan) {
            let text =
                format!("the URL's port {port} is not sent: these phones get its host apart");
            found.about(&vendor.id, &served.entry, text);
        }
    }
    for option in &plan.options {
        let length = option.form.as_ref().map_or(0, Form::longest);
        if length > 255 {
            found.about(
                &vendor.id,
                &option.place,
                format!(
                    "option {} may be {length} bytes: over 255 it goes out in pieces (RFC 3396), \
                     which many phones, dnsmasq and Kea 2.2 do not take",
                    option.code
                ),
            );
        }
        if option.recalled {
            found.about(
                &vendor.id,
                &option.place,
                format!(
                    "option {} leans on a fact that is only recalled, not verified",
                    option.code
                ),
            );
        }
    }
}

/// The port of a URL whose host is sent, and the port nowhere.
fn port_that_is_lost(url: &str, plan: &Plan) -> Option<u16> {
    let url = UrlParts::parse(url).ok()?;
    let port = url.port?;
    let told = |word: &str| {
        let mut forms = plan.options.iter().filter_map(|option| option.form.as_ref());
        forms.any(|form| form.code().windows(word.len()).any(|part| part == word.as_bytes()))
    };
    (told(url.host) && !told(&port.to_string())).then_some(port)
}
