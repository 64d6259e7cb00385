//! Groups of a maker's devices that are sent different options.

use serde::{Deserialize, Serialize};

use super::Vendor;
use crate::record::{Emit, Statics};

/// One of a vendor's variants, or [`VariantIx::NONE`]: the phones that no variant is known of. In JSON a number: 0
/// for none, else 1 + the position in [`Vendor::variants`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct VariantIx(u8);

impl VariantIx {
    /// No variant is known.
    pub const NONE: VariantIx = VariantIx(0);

    /// By its position among a vendor's variants; `None`: a vendor has at most 255.
    pub fn at(position: usize) -> Option<VariantIx> {
        u8::try_from(position + 1).ok().map(VariantIx)
    }

    /// Of a table's column: [`VariantIx::NONE`] comes first, then the variants in their order.
    pub const fn of_column(column: u8) -> VariantIx {
        VariantIx(column)
    }

    /// Its column in such a table.
    pub fn column(self) -> u8 {
        self.0
    }

    /// Its position among its vendor's variants.
    pub fn position(self) -> Option<usize> {
        usize::from(self.0).checked_sub(1)
    }

    /// Whether no variant is known.
    pub fn is_none(self) -> bool {
        self == VariantIx::NONE
    }

    /// This one, or the other where none is known.
    #[must_use]
    pub fn or(self, other: VariantIx) -> VariantIx {
        if self.is_none() { other } else { self }
    }
}

impl Emit for VariantIx {
    fn type_name() -> String {
        "VariantIx".to_owned()
    }
    fn emit(&self, _: &mut Statics) -> String {
        format!("VariantIx::of_column({})", self.0)
    }
}

impl Vendor {
    /// [`VariantIx::NONE`] and all variants, in the order of their columns.
    pub fn columns(&self) -> impl Iterator<Item = VariantIx> + Clone + use<> {
        (0..=u8::try_from(self.variants.len()).unwrap_or(u8::MAX)).map(VariantIx)
    }

    /// The variant of this name.
    pub fn variant(&self, name: &str) -> Option<VariantIx> {
        VariantIx::at(self.variants.iter().position(|known| *known == name)?)
    }

    /// The name of a variant.
    pub fn variant_name(&self, variant: VariantIx) -> Option<&str> {
        self.variants.get(variant.position()?).map(|name| &**name)
    }
}
