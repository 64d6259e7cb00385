//! `offhook generate`: the phones' files as a tree for any web server.
//!
//! What is in a file the core says; here it is read from whom and written where. `work` finds out
//! what must be done, `tree` does it, `manifest` remembers it, `changes` shows it instead.

mod changes;
mod manifest;
mod tree;
mod work;

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use offhook_core::error::Mistake;
use offhook_core::{Engine, Host, check};
use offhook_phone_files::list::gathered;
use offhook_phone_files::{Format, Makers, PhoneList, Reading, Renderer};
use serde::Serialize;

use crate::input::{self, Catalogue, Failure, wrong};
use crate::keys;
use manifest::{Entry, Manifest};
use tree::{Staged, Tree};
use work::{Compared, Work};

/// Writes the phones' configuration files for any web server
///
/// The list of phones is JSON or CSV (docs/files.md); a MAC may be spelt in any usual way. Every
/// mistake in it is reported with its row, and nothing is written if there is one. Files are moved to
/// their place when all of them are there; what is as it should be is not touched.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook generate --policy offhook.json --phones phones.csv --out /srv/phones --group www-data
  psql -c \"COPY phones TO STDOUT CSV HEADER\" | offhook generate --policy offhook.json --phones - --out /srv/phones
  offhook generate --policy offhook.json --phones phones.json --out /srv/phones --prune --dry-run")]
pub struct Arguments {
    /// The policy; its system "files" says by which URL the phones ask
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The list of phones; - for standard input
    #[arg(long, value_name = "FILE")]
    phones: PathBuf,
    /// The format of the list; without it, its beginning decides
    #[arg(long, value_name = "FORMAT", value_parser = ["json", "csv"])]
    format: Option<String>,
    /// Skip columns of a CSV list that nothing is known of, instead of refusing the list
    #[arg(long)]
    ignore_unknown_columns: bool,
    /// The tree's root, the folder that the URL stands for
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Files are readable by this group (name or number) and no other
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Remove files of offhook that no phone of the list has any longer
    #[arg(long)]
    prune: bool,
    /// Take over files that others wrote where ours must be
    #[arg(long)]
    adopt: bool,
    /// Write what can be written even if there are mistakes; nothing is pruned then
    #[arg(long)]
    keep_going: bool,
    /// Write the password of each phone whose files are encrypted into this file (CSV, mode 0600), for
    /// putting it into the phone
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    file_passwords: Option<PathBuf>,
    /// Print what would change, without secrets, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    catalogue: Catalogue,
}

/// What was done.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Summary {
    phones: usize,
    files: usize,
    written: usize,
    unchanged: usize,
    removed: usize,
    /// Phones that were left out because of a mistake.
    left_out: usize,
    dry_run: bool,
    mistakes: Vec<String>,
    /// What is written, but may not do what its author thinks.
    doubts: Vec<String>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let engine = arguments.catalogue.engine(&arguments.policy, Host::ANY)?;
    let overlay = arguments.catalogue.overlay()?;
    let renderer = Renderer::new(&engine, &overlay, &offhook_edge::key::read).map_err(wrong)?;
    let group = arguments.group.as_deref().map(group).transpose()?;
    let list = read_list(arguments, &engine, renderer.makers())?;
    let mut tree = Tree::open(&arguments.out, group)?;
    let mut summary = Summary {
        phones: list.phones.len(),
        left_out: list.left_out,
        dry_run: arguments.dry_run,
        mistakes: told(&arguments.phones, &list.mistakes),
        ..Summary::default()
    };
    if !summary.mistakes.is_empty() && !arguments.keep_going {
        return refused(arguments, summary);
    }
    let mut work = Work::find(&list, &renderer);
    summary.doubts = renderer.doubts();
    let mut of_policy = check::own_folders(&engine);
    if list.has_secrets() {
        of_policy.extend(engine.file_map().doubts(engine.tables(), &engine.policy().file_access));
    }
    let of_policy = of_policy.into_iter();
    summary.doubts.extend(of_policy.map(|doubt| format!("{}: {}", doubt.place, doubt.value)));
    if !work.mistakes.is_empty() && !arguments.keep_going {
        summary.mistakes.extend(told(&arguments.phones, &work.mistakes));
        return refused(arguments, summary);
    }
    // A dry run leaves no trace, not even a lock.
    if !arguments.dry_run {
        tree.lock()?;
    }
    let manifest = tree.manifest()?;
    let adopt = arguments.adopt;
    work.compare(&list, &Compared { renderer: &renderer, tree: &tree, manifest: &manifest, adopt });
    summary.mistakes.extend(told(&arguments.phones, &work.mistakes));
    if !summary.mistakes.is_empty() && !arguments.keep_going {
        return refused(arguments, summary);
    }
    summary.files = work.jobs.len();
    let done = if arguments.dry_run {
        changes::show(&mut work, &list, &renderer, &tree, &manifest, arguments, &mut summary)
    } else {
        write(&mut work, &list, &renderer, &mut tree, manifest, arguments, &mut summary)
    };
    done?;
    if summary.mistakes.is_empty() || arguments.keep_going {
        tree.keep();
    }
    drop(tree);
    if let Some(path) = &arguments.file_passwords {
        keys::write(path, &passwords(&list, &renderer))?;
    }
    finish(arguments, summary)
}

/// The list, read and forgotten but for the phones.
fn read_list(
    arguments: &Arguments,
    engine: &Engine,
    makers: &Makers,
) -> Result<PhoneList, Failure> {
    let bytes = input::bytes_of(&arguments.phones)?;
    let format = arguments.format.as_deref().map(|format| match format {
        "json" => Format::Json,
        _ => Format::Csv,
    });
    let ignore_unknown_columns = arguments.ignore_unknown_columns;
    Ok(Reading { engine, makers, format, ignore_unknown_columns }.read(&bytes))
}

fn passwords(list: &PhoneList, renderer: &Renderer<'_>) -> String {
    let mut text = String::from("mac,password\n");
    for phone in &list.phones {
        if let Some(password) = renderer.password(phone) {
            text.push_str(&format!("{},{password}\n", phone.mac));
        }
    }
    text
}

fn group(name: &str) -> Result<u32, Failure> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    match nix::unistd::Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid.as_raw()),
        _ => Err(wrong(format!("--group: there is no group {name:?}"))),
    }
}

fn told(file: &Path, mistakes: &[Mistake]) -> Vec<String> {
    let name = file.display();
    let told = |mistake: &Mistake| match &mistake.file {
        // A mistake in a template.
        Some(_) => mistake.to_string(),
        None => format!("{name}: {mistake}"),
    };
    gathered(mistakes.to_vec()).iter().map(told).collect()
}

/// Everything of the list is as it should be, or the good ones count: writes them.
fn write(
    work: &mut Work,
    list: &PhoneList,
    renderer: &Renderer<'_>,
    tree: &mut Tree,
    mut manifest: Manifest,
    arguments: &Arguments,
    summary: &mut Summary,
) -> Result<(), Failure> {
    let due = work.due();
    let gone = gone(work, &manifest, arguments, summary);
    if due.is_empty() && gone.is_empty() {
        summary.unchanged = work.jobs.len();
        return Ok(());
    }
    if !due.is_empty() {
        tree.begin()?;
        let bar = bar(due.len(), "files");
        work.stage(&due, list, renderer, tree, &bar)?;
        bar.finish_and_clear();
        summary.mistakes.extend(told(&arguments.phones, &work.mistakes_of_values));
        if !summary.mistakes.is_empty() && !arguments.keep_going {
            tree.end()?;
            return Ok(());
        }
    }
    let staged: Vec<(Staged, &str)> = work.staged().collect();
    if !staged.is_empty() {
        tree.sync(&staged.iter().map(|(staged, _)| *staged).collect::<Vec<_>>())?;
        for (_, path) in &staged {
            manifest.0.entry((*path).to_owned()).or_insert_with(Entry::pending);
        }
        tree.save_manifest(&manifest)?;
        for (staged, path) in &staged {
            tree.publish(*staged, path)?;
        }
    }
    summary.written = staged.len();
    for path in &gone {
        tree.remove(path)?;
        manifest.0.remove(path);
    }
    for job in &mut work.jobs {
        if let Some(entry) = job.entry() {
            manifest.0.insert(job.placed.path.clone(), entry);
        }
    }
    tree.save_manifest(&manifest)?;
    if !due.is_empty() {
        tree.end()?;
    }
    summary.unchanged = work.jobs.len() - summary.written - work.refused();
    summary.removed = gone.len();
    Ok(())
}

/// Files of offhook that no phone needs any longer. With a mistake in the list this cannot be known.
fn gone(work: &Work, manifest: &Manifest, arguments: &Arguments, summary: &Summary) -> Vec<String> {
    if !arguments.prune || !summary.mistakes.is_empty() {
        return Vec::new();
    }
    let wanted: std::collections::HashSet<&str> =
        work.jobs.iter().map(|job| job.placed.path.as_str()).collect();
    let mut gone: Vec<String> =
        manifest.0.keys().filter(|path| !wanted.contains(path.as_str())).cloned().collect();
    gone.sort();
    gone
}

fn bar(length: usize, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

fn refused(arguments: &Arguments, summary: Summary) -> Result<(), Failure> {
    if arguments.json {
        input::json(&summary)?;
    }
    let count = summary.mistakes.len();
    let mut text = summary.mistakes.join("\n");
    text.push_str(&format!(
        "\n{count} mistakes; nothing was written (--keep-going writes the rest)"
    ));
    Err(wrong(text))
}

fn finish(arguments: &Arguments, summary: Summary) -> Result<(), Failure> {
    if !summary.mistakes.is_empty() && !arguments.keep_going {
        return refused(arguments, summary);
    }
    for doubt in &summary.doubts {
        input::error_line(format!("doubt: {doubt}"));
    }
    if arguments.json {
        input::json(&summary)?;
    } else {
        let would = if summary.dry_run { "would be " } else { "" };
        input::line(format!(
            "{} phones, {} files: {} {would}written, {} as they were, {} {would}removed",
            summary.phones, summary.files, summary.written, summary.unchanged, summary.removed
        ))?;
    }
    match summary.mistakes.is_empty() {
        true => Ok(()),
        false => {
            let count = summary.mistakes.len();
            let text = summary.mistakes.join("\n");
            Err(wrong(format!("{text}\n{count} mistakes; what they are about was left out")))
        }
    }
}
