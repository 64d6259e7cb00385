//! Names and what they stand for, as minijinja's values; secrets among them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectExt, ObjectRepr, Value};

/// A secret: printed where a template prints it, marked; nothing else can be done with it.
#[derive(Debug)]
pub(crate) struct Secret(pub String);

/// What a secret looks like to everything but printing; no value may hold it.
pub(crate) const SECRET_FACE: char = '\u{fdd2}';

impl Object for Secret {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SECRET_FACE}")
    }
}

/// Names and what they stand for. Templates look up hundreds of them for a phone, so that a name is found by
/// a few of its letters.
#[derive(Clone)]
pub(crate) struct Names {
    all: Vec<(Name, Value)>,
    /// Positions in `all`, from 1, by [`slot`] or in the next free place; later names than the 255th are looked
    /// for one by one.
    places: [u8; SLOTS],
}

/// Twice as many as a phone has names, and a power of two.
const SLOTS: usize = 128;
/// So many names are in `places`, which must not become full.
const PLACED: usize = 100;

/// A field's name, or one out of the policy.
pub(crate) type Name = Cow<'static, str>;

fn slot(name: &str) -> usize {
    let letters = name.as_bytes();
    let at = |at: usize| letters.get(at).map_or(0, |letter| usize::from(*letter));
    let last = at(letters.len().wrapping_sub(1));
    (letters.len() * 37 + at(0) * 5 + at(letters.len() / 2) * 17 + last * 3) % SLOTS
}

impl Default for Names {
    fn default() -> Names {
        Names { all: Vec::new(), places: [0; SLOTS] }
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.iter().map(|(name, _)| name)).finish()
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.get(key).cloned()
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|this| {
            Box::new(this.all.iter().map(|(name, _)| Value::from(name.as_ref())))
        })
    }
}

impl Names {
    /// With room for so many.
    pub fn with_room(count: usize) -> Names {
        Names { all: Vec::with_capacity(count), ..Names::default() }
    }

    /// What a name stands for; the first of its kind counts.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut slot = slot(name);
        while let Some(place @ 1..) = self.places.get(slot) {
            if let Some((other, value)) = self.all.get(usize::from(*place) - 1)
                && other == name
            {
                return Some(value);
            }
            slot = (slot + 1) % SLOTS;
        }
        let late = self.all.iter().skip(PLACED).find(|(other, _)| other == name);
        late.map(|(_, value)| value)
    }

    pub fn set(&mut self, name: impl Into<Name>, value: impl Into<Value>) {
        let name = name.into();
        let position = self.all.len() + 1;
        if position <= PLACED
            && let Ok(position) = u8::try_from(position)
        {
            let mut slot = slot(&name);
            while self.places.get(slot).is_some_and(|place| *place > 0) {
                slot = (slot + 1) % SLOTS;
            }
            if let Some(place) = self.places.get_mut(slot) {
                *place = position;
            }
        }
        self.all.push((name, value.into()));
    }

    /// Names as they are in another.
    pub fn extend(&mut self, other: &Names) {
        for (name, value) in &other.all {
            self.set(name.clone(), value.clone());
        }
    }

    pub fn into_value(self) -> Value {
        Value::from_object(self)
    }
}

/// A text, or nothing for an empty one.
pub(crate) fn text_or_none(text: &str) -> Value {
    if text.is_empty() { Value::from(()) } else { Value::from(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_many() {
        for count in [0_u32, 1, 90, 100, 101, 300] {
            let mut names = Names::default();
            for at in 0..count {
                names.set(format!("name-{at}"), at);
            }
            // The first of a kind counts.
            names.set("name-0", 9_999_u32);
            for at in 1..count {
                assert_eq!(names.get(&format!("name-{at}")), Some(&Value::from(at)), "{count}");
            }
            let first = if count == 0 { 9_999 } else { 0 };
            assert_eq!(names.get("name-0"), Some(&Value::from(first)));
            assert_eq!(names.get("name"), None);
        }
    }
}
