//! `--dry-run`: what would change, line by line, without a secret. Where secrets are in a new file
//! the renderer says; where they are in the present file the manifest says, if no other program
//! has changed it since. Otherwise its content is not shown.

use std::io::{self, Write};

use offhook_phone_files::{PhoneList, Renderer};
use similar::TextDiff;

use super::manifest::Manifest;
use super::tree::{Found, Tree};
use super::work::{Todo, Work};
use super::{Arguments, Summary, gone, told};
use crate::input::Failure;

const MASK: &str = "********";

pub fn show(
    work: &mut Work,
    list: &PhoneList,
    renderer: &Renderer<'_>,
    tree: &Tree,
    manifest: &Manifest,
    arguments: &Arguments,
    summary: &mut Summary,
) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for index in work.due() {
        let Some(job) = work.jobs.get_mut(index) else { continue };
        let Some(phone) = list.phones.get(job.phone) else { continue };
        let path = &job.placed.path;
        let rendered = match renderer.render(phone, &job.placed) {
            Ok(rendered) => rendered,
            Err(mistake) => {
                job.todo = Todo::Refused;
                work.refuse(mistake);
                continue;
            }
        };
        let found = tree.look(path);
        let old = if found == Found::Nothing { None } else { tree.read(path).ok() };
        if let (Some(old), Found::File { as_wanted: true, size, written }) = (&old, found)
            && *old == rendered.bytes
        {
            job.todo = Todo::Note { size, written };
            continue;
        }
        summary.written += 1;
        if arguments.json {
            continue;
        }
        let new = masked(&rendered.bytes, &rendered.secrets);
        let known = manifest.0.get(path).filter(|entry| {
            matches!(found, Found::File { size, written, .. } if (size, written) == (entry.size, entry.written))
        });
        match (&old, known) {
            (None, _) => print(&mut out, "/dev/null", path, "", &new)?,
            (Some(old), Some(entry)) => {
                print(&mut out, path, path, &masked(old, &entry.secrets), &new)?;
            }
            (Some(_), None) => {
                writeln!(out, "--- {path} (changed since by another program; not shown)")?;
                print(&mut out, "/dev/null", path, "", &new)?;
            }
        }
    }
    summary.mistakes.extend(told(&arguments.phones, &work.mistakes_of_values));
    let gone = gone(work, manifest, arguments, summary);
    if !arguments.json {
        for path in &gone {
            writeln!(out, "--- {path} (removed)")?;
        }
    }
    summary.removed = gone.len();
    summary.unchanged = work.jobs.len() - summary.written - work.refused();
    out.flush()?;
    Ok(())
}

fn print(out: &mut impl Write, from: &str, to: &str, old: &str, new: &str) -> io::Result<()> {
    if old == new {
        // Nothing but secrets, or its mode or group.
        return writeln!(out, "--- {from}\n+++ {to} (only secrets, or its mode or group)");
    }
    let diff = TextDiff::from_lines(old, new);
    write!(out, "{}", diff.unified_diff().context_radius(1).header(from, to))
}

/// A file's text with its secrets made unreadable; one that is not a text is not shown.
fn masked(bytes: &[u8], secrets: &[(u32, u32)]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else { return format!("{MASK}\n") };
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for (from, to) in secrets {
        out.push_str(text.get(end..*from as usize).unwrap_or(MASK));
        out.push_str(MASK);
        end = *to as usize;
    }
    out.push_str(text.get(end..).unwrap_or(MASK));
    out
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn no_secret_is_shown() {
        let text = b"user = 1001\npassword = geheim\nadmin = \xc3\xa4x\n";
        let shown = masked(text, &[(23, 29), (38, 41)]);
        assert_eq!(shown, "user = 1001\npassword = ********\nadmin = ********\n");
        // Ranges that do not fit the text show nothing rather than too much.
        assert!(!masked(text, &[(39, 60)]).contains('x'));
        assert_eq!(masked(b"\xff\xfe", &[]), "********\n");
    }
}
