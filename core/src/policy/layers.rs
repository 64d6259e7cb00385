//! Which layers of a policy hold for a phone, and in which order: the one place that says so.

use super::devices::DeviceLayer;
use super::models::Models;
use super::{Answer, Layer, Policy, Site, UnlistedPhones};
use crate::catalogue::VendorIx;

/// Where a value comes from, from the least particular to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The built-in catalogue or an overlay.
    Catalogue,
    /// A system's own options.
    System,
    /// The policy's top level.
    Top,
    /// `vendors` at the top level.
    Vendor,
    /// `models` of a vendor's entry at the top level.
    Model,
    /// A site.
    Site,
    /// `vendors` of a site.
    SiteVendor,
    /// `models` of a vendor's entry of a site.
    SiteModel,
    /// `devices`.
    Device,
}

impl Origin {
    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Origin::Catalogue => "the catalogue",
            Origin::System => "the system",
            Origin::Top => "the top level",
            Origin::Vendor => "the vendor's entry",
            Origin::Model => "the vendor's entry for the model",
            Origin::Site => "the site",
            Origin::SiteVendor => "the site's entry for the vendor",
            Origin::SiteModel => "the site's entry for the model",
            Origin::Device => "the device",
        }
    }
}

impl Policy {
    /// The layers that hold for a vendor's phones at a site, from the most particular to the least.
    pub fn layers_for<'p>(
        &'p self,
        site: Option<&'p Site>,
        vendor: VendorIx,
        models: Models<'p>,
        device: Option<&'p DeviceLayer>,
    ) -> Vec<(Origin, &'p Layer)> {
        let mut layers = Vec::new();
        layers.extend(device.map(|device| (Origin::Device, &device.layer)));
        if let Some(site) = site {
            layers.extend(models.site.map(|entry| (Origin::SiteModel, &entry.layer)));
            layers.extend(site.scope.vendor(vendor).map(|layer| (Origin::SiteVendor, layer)));
            layers.push((Origin::Site, &site.scope.layer));
        }
        layers.extend(models.top.map(|entry| (Origin::Model, &entry.layer)));
        layers.extend(self.top.vendor(vendor).map(|layer| (Origin::Vendor, layer)));
        layers.push((Origin::Top, &self.top.layer));
        layers
    }

    /// Every layer but those of devices, each with the vendor that it is for.
    pub(crate) fn all_layers(&self) -> impl Iterator<Item = (Option<VendorIx>, &Layer)> {
        let scopes = std::iter::once(&self.top).chain(self.sites.iter().map(|site| &site.scope));
        scopes.flat_map(|scope| {
            let vendors = scope.vendors.iter().map(|(vendor, layer)| (Some(*vendor), layer));
            let models = scope.models.iter().flat_map(|(vendor, models)| {
                models.iter().map(|entry| (Some(*vendor), &entry.layer))
            });
            std::iter::once((None, &scope.layer)).chain(vendors).chain(models)
        })
    }

    /// Who gets an answer at a site; `None` is a client that is at no site.
    pub(crate) fn answer_at(&self, site: Option<&Site>) -> Answer {
        let layers = [site.map(|site| &site.scope.layer), Some(&self.top.layer)];
        let answer = layers.into_iter().flatten().find_map(|layer| layer.answer);
        answer.unwrap_or(Answer::Everyone)
    }

    /// What becomes of phones of other makers at a site; `None` is a client that is at no site.
    pub fn unlisted_at(&self, site: Option<&Site>) -> UnlistedPhones {
        let layers = [site.map(|site| &site.scope.layer), Some(&self.top.layer)];
        let said = layers.into_iter().flatten().find_map(|layer| layer.unlisted_phones);
        said.unwrap_or_default()
    }
}
