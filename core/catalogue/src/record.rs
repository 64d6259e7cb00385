//! Data that can be part of the program itself or be read at run time, and the writing of such data as
//! Rust source when the crate is built. Knows nothing about phones.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text of the program itself, or one that was read.
pub type Text = Cow<'static, str>;

/// A list that is either part of the program (the built-in catalogue: nothing to parse, nothing to
/// allocate at start) or was read from a file.
#[derive(Clone)]
pub enum List<T: 'static> {
    /// Part of the program.
    Static(&'static [T]),
    /// Read at run time.
    Owned(Vec<T>),
}

/// Bytes of the program itself, or read.
pub type Bytes = List<u8>;

impl<T: Hash> Hash for List<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T> Deref for List<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match self {
            List::Static(items) => items,
            List::Owned(items) => items,
        }
    }
}

impl<T: Clone> List<T> {
    /// The items for changing; those of the program are copied first.
    pub fn to_mut(&mut self) -> &mut Vec<T> {
        if let List::Static(items) = self {
            *self = List::Owned(items.to_vec());
        }
        match self {
            List::Owned(items) => items,
            List::Static(_) => unreachable!("made owned above"),
        }
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List::Static(&[])
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        List::Owned(items)
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        List::Owned(items.into_iter().collect())
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for List<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(List::Owned)
    }
}

/// The `static` items written so far, each list one of them.
#[derive(Default)]
pub struct Statics {
    /// The Rust source of all of them.
    pub source: String,
    count: usize,
}

/// Writes a value as a Rust expression.
pub trait Emit {
    /// The type's name in the generated source.
    fn type_name() -> String;
    /// The value as an expression; lists in it become items of `statics`.
    fn emit(&self, statics: &mut Statics) -> String;
}

macro_rules! emit_plain {
    ($($type:ty),*) => {$(
        impl Emit for $type {
            fn type_name() -> String { stringify!($type).to_owned() }
            fn emit(&self, _: &mut Statics) -> String { format!("{self:?}") }
        }
    )*};
}
emit_plain!(bool, u8, u16, u32, u64);

impl Emit for Text {
    fn type_name() -> String {
        "Text".to_owned()
    }
    fn emit(&self, _: &mut Statics) -> String {
        format!("Text::Borrowed({self:?})")
    }
}

impl<T: Emit> Emit for Option<T> {
    fn type_name() -> String {
        format!("Option<{}>", T::type_name())
    }
    fn emit(&self, statics: &mut Statics) -> String {
        match self {
            Some(value) => format!("Some({})", value.emit(statics)),
            None => "None".to_owned(),
        }
    }
}

/// A word or text that may be missing, in JSON: `""` without one, as readers of it know it.
pub(crate) fn word_or_empty<T: Serialize, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(serializer),
        None => serializer.serialize_str(""),
    }
}

/// A text that may be missing, in JSON: `""` without one.
pub(crate) mod text_or_empty {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Text;

    pub(crate) fn serialize<S: Serializer>(text: &Option<Text>, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(text.as_deref().unwrap_or_default())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Text>, D::Error> {
        let text = String::deserialize(d)?;
        Ok((!text.is_empty()).then_some(Text::Owned(text)))
    }
}

/// A number that may be missing, in JSON: 0 without one.
pub(crate) mod number_or_zero {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<T, S>(number: &Option<T>, s: S) -> Result<S::Ok, S::Error>
    where
        T: Copy + Default + Serialize,
        S: Serializer,
    {
        number.unwrap_or_default().serialize(s)
    }

    pub(crate) fn deserialize<'de, T, D>(d: D) -> Result<Option<T>, D::Error>
    where
        T: Default + PartialEq + Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let number = T::deserialize(d)?;
        Ok((number != T::default()).then_some(number))
    }
}

impl<T: Emit + 'static> Emit for List<T> {
    fn type_name() -> String {
        format!("List<{}>", T::type_name())
    }
    fn emit(&self, statics: &mut Statics) -> String {
        if self.is_empty() {
            return "List::Static(&[])".to_owned();
        }
        let items: Vec<String> = self.iter().map(|item| item.emit(statics)).collect();
        statics.count += 1;
        let name = format!("LIST_{}", statics.count);
        statics.source.push_str(&format!(
            "static {name}: [{}; {}] = [{}];\n",
            T::type_name(),
            items.len(),
            items.join(", ")
        ));
        format!("List::Static(&{name})")
    }
}

/// How a value is spelled in a vendor's folder, by the list of spellings that its reader knows.
pub(crate) fn spelling<T: PartialEq>(known: &[(&'static str, T)], value: &T) -> &'static str {
    known.iter().find(|(_, other)| other == value).map_or("", |(name, _)| name)
}

/// A struct of public fields that can be emitted, printed as JSON and compared.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Hash, serde::Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }

        impl $crate::record::Emit for $name {
            fn type_name() -> String { stringify!($name).to_owned() }
            fn emit(&self, statics: &mut $crate::record::Statics) -> String {
                let fields = [$(format!("{}: {}", stringify!($field), self.$field.emit(statics)),)*];
                format!("{} {{ {} }}", stringify!($name), fields.join(", "))
            }
        }
    };
}

/// An enum whose variants have no content or one unnamed field.
macro_rules! choice {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident $(($type:ty))?,)*
    }) => {
        #[derive(Debug, Clone, PartialEq, Hash, serde::Serialize)]
        #[serde(rename_all = "kebab-case")]
        $(#[$meta])*
        pub enum $name { $($(#[$variant_meta])* $variant $(($type))?,)* }

        impl $crate::record::Emit for $name {
            fn type_name() -> String { stringify!($name).to_owned() }
            fn emit(&self, statics: &mut $crate::record::Statics) -> String {
                let _ = &statics;
                $(choice!(@arm self statics $name $variant $(($type))?);)*
                unreachable!("every variant has an arm")
            }
        }
    };
    (@arm $self:ident $statics:ident $name:ident $variant:ident ($type:ty)) => {
        if let $name::$variant(value) = $self {
            return format!("{}::{}({})", stringify!($name), stringify!($variant), value.emit($statics));
        }
    };
    (@arm $self:ident $statics:ident $name:ident $variant:ident) => {
        if matches!($self, $name::$variant) {
            return format!("{}::{}", stringify!($name), stringify!($variant));
        }
    };
}

pub(crate) use {choice, record};
