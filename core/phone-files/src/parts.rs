//! `{{ part("rest.cfg.j2", n=line.number) -}}`: what many phones' files have alike is written by a template of its own,
//! once for all phones that say the same.
//!
//! A part sees the names of its file that it mentions, and what it is handed, but none that the file's template has
//! set. So what it writes depends on the values of these names alone; they are compared, and the text is taken
//! as it was written before. A part with a name that stands for lines, keys or settings is written anew for each phone.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{
    Enumerator, Kwargs, Object, ObjectExt, ObjectRepr, Value, ValueKind, from_args,
};
use minijinja::{Error, State};

use crate::names::{FieldNames, NameAt, Names, Secret, TEMPLATE_NAMES};
use crate::needs::words;

/// What templates call it.
pub(crate) const PART: &str = "part";

/// The other names in files; in a debug build each file is held to them.
const OTHERS: &[&str] = &[
    "MAC",
    "all_settings",
    "encrypted",
    "family",
    "keys",
    "lines",
    "mac",
    "mac_colon",
    "model",
    "own",
    "schemes",
    "settings",
    "sip_servers",
    "site",
    "time_servers",
    "url",
    "vars",
    "vendor",
    "vlan",
    "zone",
];

/// What filters look up without being told.
const UNSAID: [&str; 2] = ["schemes", "words"];

/// How many texts of one part are kept; another takes the place of the oldest.
const KEPT: usize = 16;

/// What was written for the phones of one maker at one site. Not locked while a part is written.
#[derive(Default)]
pub(crate) struct Parts(Mutex<Vec<Written>>);

/// A part, and its texts.
struct Written {
    /// The folder of the template that wants it, and its name there.
    template: (Box<str>, Box<str>),
    visible: Arc<Visible>,
    /// The oldest first.
    texts: VecDeque<(Inputs, Value)>,
}

/// The names that a part can look up.
#[derive(Debug)]
struct Visible {
    names: Vec<NameAt>,
    /// These are all: it can be known by its words.
    complete: bool,
}

/// What a text depends on: the values of the names, in their order, then what was handed over.
struct Inputs {
    values: Vec<Option<Value>>,
    handed: Vec<(Box<str>, Value)>,
}

/// The names of a file, and its function for parts.
pub(crate) struct FileNames {
    names: FieldNames,
    parts: Arc<Parts>,
}

impl FileNames {
    pub fn value(names: FieldNames, parts: &Arc<Parts>) -> Value {
        debug_assert!(names.names().all(|name| {
            [&TEMPLATE_NAMES[..], OTHERS, &UNSAID].iter().any(|known| known.contains(&name))
        }));
        Value::from_object(FileNames { names, parts: Arc::clone(parts) })
    }

    fn inputs(&self, visible: &Visible, handed: &[(Box<str>, Value)]) -> Inputs {
        let values = visible.names.iter().map(|name| self.names.at(name).cloned());
        Inputs { values: values.collect(), handed: handed.to_vec() }
    }
}

impl fmt::Debug for FileNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.names.fmt(f)
    }
}

impl Object for FileNames {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let part = || (key == PART).then(|| Value::from_object(Part(Arc::clone(self))));
        self.names.get(key).cloned().or_else(part)
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|this| Box::new(this.names.names().map(Value::from)))
    }
}

/// The function of one file.
#[derive(Debug)]
struct Part(Arc<FileNames>);

impl Object for Part {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (name, more): (&str, Kwargs) = from_args(args)?;
        let folder = state.name().split_inclusive('/').next().unwrap_or_default();
        let file = &*self.0;
        let visible = match file.parts.find(folder, name, file, &more) {
            Found::Text(text) => return Ok(text),
            Found::Part(visible) => visible,
            Found::Nothing => file.parts.add(folder, name, visible_in(state, folder, name)),
        };
        let mut handed = Vec::new();
        for key in more.args() {
            handed.push((key.into(), more.peek(key)?));
        }
        let template = state.get_template(name)?;
        let inside = PartNames { file: Arc::clone(&self.0), visible: Arc::clone(&visible), handed };
        let inputs = file.inputs(&visible, &inside.handed);
        let text = Value::from_safe_string(template.render(Value::from_object(inside))?);
        if visible.complete && inputs.is_plain() {
            file.parts.keep(folder, name, inputs, &text);
        }
        Ok(text)
    }
}

/// The names in a part.
#[derive(Debug)]
struct PartNames {
    file: Arc<FileNames>,
    visible: Arc<Visible>,
    handed: Vec<(Box<str>, Value)>,
}

impl Object for PartNames {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let handed = self.handed.iter().find(|(name, _)| **name == *key);
        let seen = || self.visible.names.iter().any(|name| name.is(key));
        let found = handed.map(|(_, value)| value);
        found.or_else(|| self.file.names.get(key).filter(|_| seen())).cloned()
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// The names that a part mentions, and those that filters look up.
fn visible_in(state: &State<'_, '_>, folder: &str, name: &str) -> Visible {
    let text = |path: &str| {
        let template = state.env().get_template(path).ok()?;
        Some(Cow::Owned(without_remarks(template.source())))
    };
    let path = if name.contains('/') { name.to_owned() } else { format!("{folder}{name}") };
    let words = words(&text, &path);
    let known = TEMPLATE_NAMES.iter().chain(OTHERS);
    let said = |name: &&&str| words.as_ref().is_none_or(|words| words.contains(**name));
    let names = known.filter(said).chain(&UNSAID).map(|name| NameAt::of(name)).collect();
    Visible { names, complete: words.is_some() }
}

/// A remark that mentions a phone's lines does not look them up.
fn without_remarks(text: &str) -> String {
    let mut parts = text.split("{#");
    let first = parts.next().unwrap_or_default();
    let behind = parts.filter_map(|part| part.split_once("#}")).map(|(_, behind)| behind);
    std::iter::once(first).chain(behind).collect()
}

impl Inputs {
    /// Whether it can be compared with what other phones say: no value is a phone's own object.
    fn is_plain(&self) -> bool {
        let handed = self.handed.iter().map(|(_, value)| value);
        self.values.iter().flatten().chain(handed).all(is_plain)
    }
}

fn is_plain(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Undefined
        | ValueKind::None
        | ValueKind::Bool
        | ValueKind::Number
        | ValueKind::String => true,
        ValueKind::Seq => {
            value.try_iter().is_ok_and(|mut all| all.all(|item| item.as_str().is_some()))
        }
        _ => {
            value.downcast_object_ref::<Names>().is_some()
                || value.downcast_object_ref::<Secret>().is_some()
        }
    }
}

/// Equal, and of one kind: 1 is not true. Names that hold for many phones are one object for all of them: to compare what
/// is in two of them takes longer than most parts.
fn is_same(one: &Value, other: &Value) -> bool {
    let secret = |value| Value::downcast_object_ref::<Secret>(value);
    let names = |value| Value::downcast_object_ref::<Names>(value);
    if let (Some(one), Some(other)) = (secret(one), secret(other)) {
        return one.0 == other.0;
    }
    if let (Some(one), Some(other)) = (names(one), names(other)) {
        return std::ptr::eq(one, other);
    }
    one == other && one.kind() == other.kind()
}

enum Found {
    Text(Value),
    Part(Arc<Visible>),
    Nothing,
}

/// Some of its texts hold secrets.
impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts")
    }
}

impl Written {
    fn is(&self, folder: &str, name: &str) -> bool {
        *self.template.0 == *folder && *self.template.1 == *name
    }
}

impl Parts {
    fn find(&self, folder: &str, name: &str, file: &FileNames, more: &Kwargs) -> Found {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(part) = parts.iter().find(|part| part.is(folder, name)) else {
            return Found::Nothing;
        };
        let same = |inputs: &Inputs| {
            let mut values = part.visible.names.iter().zip(&inputs.values);
            let mut handed = inputs.handed.iter();
            more.args().count() == handed.len()
                && handed.all(|(name, value)| more.peek(name).is_ok_and(|one| is_same(&one, value)))
                && values.all(|(name, value)| match (file.names.at(name), value) {
                    (Some(one), Some(other)) => is_same(one, other),
                    (one, other) => one.is_none() && other.is_none(),
                })
        };
        match part.texts.iter().find(|(inputs, _)| same(inputs)) {
            Some((_, text)) => Found::Text(text.clone()),
            None => Found::Part(Arc::clone(&part.visible)),
        }
    }

    fn add(&self, folder: &str, name: &str, visible: Visible) -> Arc<Visible> {
        let visible = Arc::new(visible);
        let (template, known) = ((folder.into(), name.into()), Arc::clone(&visible));
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push(Written { template, visible: known, texts: VecDeque::new() });
        visible
    }

    fn keep(&self, folder: &str, name: &str, inputs: Inputs, text: &Value) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(part) = parts.iter_mut().find(|part| part.is(folder, name)) else { return };
        if part.texts.len() == KEPT {
            part.texts.pop_front();
        }
        part.texts.push_back((inputs, text.clone()));
    }
}
