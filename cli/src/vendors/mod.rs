//! `offhook vendors`: the catalogue, and a draft for a new entry in it.

mod draft;
mod pack;
mod page;

use offhook_core::catalogue::{Field, Rule, Tables, Vendor};
use offhook_core::mac::Mac;

use crate::input::{self, Catalogue, Failure};

/// Lists the makers that are recognised, or prints all that is known of one
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  offhook vendors\n  offhook vendors yealink --json\n  offhook vendors new --from-packet unknown-phone.pcap",
    args_conflicts_with_subcommands = true
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// A vendor's id, such as yealink
    id: Option<String>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    /// Print the whole catalogue as a page (docs/vendors.md is made so)
    #[arg(long, conflicts_with_all = ["id", "json"])]
    markdown: bool,
    #[command(flatten)]
    catalogue: Catalogue,
}

#[derive(clap::Subcommand)]
enum Command {
    New(draft::Arguments),
    Pack(pack::Arguments),
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Some(Command::New(arguments)) => return draft::run(arguments),
        Some(Command::Pack(arguments)) => return pack::run(arguments),
        None => {}
    }
    let tables = arguments.catalogue.tables()?;
    if arguments.markdown {
        return input::line(page::page(&tables).map_err(input::wrong)?.trim_end());
    }
    match &arguments.id {
        Some(id) => one(&tables, id, arguments.json),
        None if arguments.json => {
            let list: Vec<_> = tables.vendors.iter().map(summary).collect();
            input::json(&list)
        }
        None => {
            for vendor in &tables.vendors {
                input::line(format!("{:18} {}", vendor.id, vendor.name))?;
            }
            Ok(())
        }
    }
}

fn summary(vendor: &Vendor) -> serde_json::Value {
    serde_json::json!({ "id": vendor.id, "name": vendor.name })
}

fn one(tables: &Tables, id: &str, json: bool) -> Result<(), Failure> {
    let Some(found) = tables.vendor(id) else {
        let known: Vec<&str> = tables.vendors.iter().map(|vendor| &*vendor.id).collect();
        let advice = offhook_core::reader::advice(id, &known);
        return Err(input::wrong(format!("there is no vendor {id:?}; {advice}")));
    };
    let vendor = tables.at(found);
    if json {
        return input::json(vendor);
    }
    input::line(format!("{} ({})", vendor.name, vendor.id))?;
    if let Some(why) = &vendor.left_alone {
        input::line(format!("left alone by default: {why}"))?;
    }
    input::line("recognised by:")?;
    for rule in &vendor.rules {
        input::line(format!("  {}", rule_in_words(rule)))?;
    }
    for mac in &vendor.macs {
        let (first, last) = (Mac::from_number(mac.first), Mac::from_number(mac.last));
        let shared = match &mac.shared {
            None => String::new(),
            Some(shared) => format!("  (shared, never decides alone: {shared})"),
        };
        input::line(format!("  hardware address {first} to {last}{shared}"))?;
    }
    input::line("sent by:")?;
    for tell in &vendor.tells {
        let what = serde_json::to_value(tell.what).map_err(input::wrong)?;
        let value = serde_json::to_value(&tell.option.value).map_err(input::wrong)?;
        let place = match tell.header {
            None => format!("option {}", tell.option.code),
            Some(field) => format!("header field {}", field.name()),
        };
        let how = match (tell.default, tell.recalled) {
            (true, false) => "",
            (true, true) => "  (recalled)",
            (false, _) => "  (known, not sent by default)",
        };
        input::line(format!("  {}: {place} = {value}{how}", what.as_str().unwrap_or_default()))?;
    }
    input::line("files:")?;
    for file in &vendor.files {
        let ours = if file.template.is_none() { "" } else { ", written by offhook generate" };
        let conditions = file.conditions(vendor);
        let conditions: String = conditions.iter().map(|text| format!("; {text}")).collect();
        let line = format!("  {} ({}, {}{conditions}){ours}", file.name, file.scope, file.format);
        input::line(line)?;
    }
    input::line("sources:")?;
    for source in &vendor.sources {
        input::line(format!("  {}: {}", source.key, source.citation))?;
    }
    Ok(())
}

fn rule_in_words(rule: &Rule) -> String {
    let field = match rule.field {
        Field::VendorClass => "option 60",
        Field::UserClass => "option 77",
        Field::HostName => "host name",
        Field::Enterprise => {
            return format!("enterprise number {}", rule.number.unwrap_or_default());
        }
    };
    let how = if rule.exact { "is" } else { "begins with" };
    let head = rule.head_in_words();
    let kind = match (rule.phone, rule.weak) {
        (false, _) => "  -> no phone",
        (true, true) => "  (a weak sign)",
        (true, false) => "",
    };
    format!("{field} {how} \"{head}\"{kind}")
}
