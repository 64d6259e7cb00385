//! Kea's file as its own reader takes it: included files are put in, and a comma too many is left out.

use std::path::{Path, PathBuf};

use offhook_core::json::{from_json, without_comments};
use offhook_edge::file::{self, Kind};

use crate::model::Refused;

/// The text, and what there is to say about it.
pub struct Read {
    pub text: String,
    /// Line, reason, and what to do.
    pub notes: Vec<(usize, String, &'static str)>,
}

const OPENS: &str = "<?include";
const CLOSES: &str = "?>";
/// Files inside one another.
const DEEPEST: usize = 16;
/// All files together.
const LARGEST: usize = 64 << 20;

/// Reads the file and those that it includes.
pub fn read(path: &Path) -> Result<Read, Refused> {
    let mut notes = Vec::new();
    let text = whole(path, &mut vec![path.to_owned()], &mut notes)?;
    let text = without_last_commas(&text);
    // What `config-get` answers is one line, in which no place could be looked up.
    if text.trim().contains('\n') {
        return Ok(Read { text, notes });
    }
    let tree = from_json(&text)
        .map_err(|error| Refused(error.in_file(&path.display().to_string()).to_string()))?;
    match serde_json::to_string_pretty(&tree) {
        Ok(pretty) => {
            let text = "the file is one line: the lines named here are those of \"jq . FILE\"";
            notes.push((1, text.to_owned(), "nothing"));
            Ok(Read { text: pretty, notes })
        }
        Err(_) => Ok(Read { text, notes }),
    }
}

/// An included file takes no line of its own, so that the lines of the first file stay true.
fn whole(
    path: &Path,
    open: &mut Vec<PathBuf>,
    notes: &mut Vec<(usize, String, &'static str)>,
) -> Result<String, Refused> {
    let shown = path.display().to_string();
    let text = file::text(path, Kind::FileOrPipe, file::LARGEST)
        .map_err(|error| Refused(format!("{shown}: {error}")))?;
    let text =
        without_comments(&text).map_err(|error| Refused(error.in_file(&shown).to_string()))?;
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once(OPENS) {
        out.push_str(before);
        let line = out.matches('\n').count() + 1;
        let place = format!("{shown}:{line}");
        let named = behind.split_once(CLOSES);
        let Some((named, behind)) = named.map(|(name, rest)| (name.trim().trim_matches('"'), rest))
        else {
            return Err(Refused(format!("{place}: {OPENS} never ends: expected {CLOSES}")));
        };
        rest = behind;
        let own = Path::new(named);
        let folder = path.parent().unwrap_or(Path::new(""));
        let beside = folder.join(own.file_name().unwrap_or_default());
        let found = [own.to_owned(), folder.join(own), beside].into_iter().find(|p| p.is_file());
        let Some(found) = found else {
            let text = format!("{named} is included here and is not there");
            notes.push((line, text, "copy it beside this file, and import again"));
            if out.trim_end().ends_with(':') {
                out.push_str("null");
            }
            continue;
        };
        if open.contains(&found) {
            return Err(Refused(format!("{place}: {named} includes itself: remove the circle")));
        }
        if open.len() > DEEPEST || out.len() > LARGEST {
            return Err(Refused(format!(
                "{place}: more than {DEEPEST} files inside one another, or more than 64 MiB: make it flatter"
            )));
        }
        open.push(found.clone());
        out.push_str(&whole(&found, open, notes)?.replace('\n', " "));
        open.pop();
        if open.len() == 1 {
            let text = format!("what is in {named} has this line's number here");
            notes.push((line, text, "nothing"));
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// A comma before `]` or `}` becomes a blank: Kea only warns of it.
fn without_last_commas(text: &str) -> String {
    let mut out: Vec<char> = Vec::with_capacity(text.len());
    let (mut inside, mut escaped, mut comma) = (false, false, None);
    for character in text.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
        match (character, comma) {
            (']' | '}', Some(at)) if !inside => {
                if let Some(comma) = out.get_mut(at) {
                    *comma = ' ';
                }
                comma = None;
            }
            (',', _) if !inside => comma = Some(out.len()),
            (blank, _) if blank.is_whitespace() => {}
            _ => comma = None,
        }
        out.push(character);
    }
    out.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_comma_before_an_end_goes() {
        let text = "{ \"a,]\": [1, 2,\n ], \"b\": \"\\\",}\", }";
        assert_eq!(without_last_commas(text), "{ \"a,]\": [1, 2 \n ], \"b\": \"\\\",}\"  }");
        assert_eq!(without_last_commas("[1, [2]]"), "[1, [2]]");
    }
}
