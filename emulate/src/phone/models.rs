//! A model as its maker writes it, however it is typed.

use offhook_catalogue::Vendor;
use offhook_catalogue::examples::Example;

/// Whether a text can be a model, and so a part of a file's name.
pub(super) fn is_one(model: &str) -> bool {
    let allowed = |sign: char| sign.is_ascii_alphanumeric() || " -_+./".contains(sign);
    !model.is_empty() && model.chars().all(allowed) && !model.contains("..")
}

/// A model as the catalogue's files have it.
pub(super) fn known<'v>(vendor: &'v Vendor, typed: &str) -> Option<&'v str> {
    let mut of_files = vendor.files.iter().flat_map(|file| {
        let codes = file.codes.iter().map(|code| &*code.model);
        codes.chain(file.models.iter().map(|model| &**model))
    });
    of_files.find(|known| known.eq_ignore_ascii_case(typed.trim()))
}

/// A model after the pattern of an example (`d735` by `snomD785`, `504g` by `SPA525G2`), else as it was
/// typed.
pub(super) fn spelled(examples: &[&Example], typed: &str) -> String {
    let typed = typed.trim();
    let of_examples = examples.iter().filter_map(|example| {
        let model = example.model.as_deref()?;
        let class = example.packet.options.iter().find(|(code, _)| *code == 60);
        let class = class.map(|(_, class)| String::from_utf8_lossy(class).into_owned());
        let class = class.filter(|class| class.contains(model));
        after(class.as_deref().unwrap_or(model), model, typed)
    });
    of_examples.into_iter().next().unwrap_or_else(|| typed.to_owned())
}

/// The typed model after the pattern of `model` in `class`: letters are the same but for their case,
/// digits are any, and what was left away is added.
fn after(class: &str, model: &str, typed: &str) -> Option<String> {
    let begin = class.find(model)?;
    let (class, typed): (Vec<char>, Vec<char>) = (class.chars().collect(), typed.chars().collect());
    let begin = class.get(..begin).map(<[char]>::len)?;
    let end = begin + model.chars().count();
    let fits = |at: usize| {
        let place = class.get(at..at + typed.len())?;
        let same = place.iter().zip(&typed).all(|(own, typed)| {
            own.eq_ignore_ascii_case(typed) || (own.is_ascii_digit() && typed.is_ascii_digit())
        });
        // It must hold the digits of the model: they are what makes a model another.
        let digits = class.get(begin..end)?.iter().position(char::is_ascii_digit)? + begin;
        (same && at <= digits && at + typed.len() > digits).then_some(at)
    };
    let at = (0..end).find_map(fits)?;
    let own = |index: usize| class.get(index).copied();
    // What is left away at the end is added if it is a part of its own: `-3PCC`.
    let typed_end = at + typed.len();
    let end = if class.get(typed_end) == Some(&'-') { end } else { end.min(typed_end) };
    let spelled = (begin..end).map_while(|index| {
        let typed = index.checked_sub(at).and_then(|index| typed.get(index));
        match (own(index)?, typed) {
            (own, Some(typed)) if own.is_ascii_digit() => Some(*typed),
            (own, _) => Some(own),
        }
    });
    Some(spelled.collect())
}

/// The options of a phone of another model: where the old model is, the new one is.
pub(super) fn rename(options: &mut [(u8, Vec<u8>)], old: &str, new: &str) {
    for (code, value) in options {
        // Option 60 and 77 are texts; others have lengths inside.
        if !matches!(code, 12 | 60) {
            continue;
        }
        let found = value.windows(old.len().max(1)).position(|window| window == old.as_bytes());
        if let Some(at) = found {
            value.splice(at..at + old.len(), new.bytes());
        }
    }
}
