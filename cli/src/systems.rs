//! `offhook systems`: the presets for PBXs and provisioning servers.

use offhook_core::catalogue::{
    Condition, Parameter, ParameterKind, Serve, ServedVendors, System, Tables, Test,
};

use crate::input::{self, Catalogue, Failure};

/// Lists the PBXs and provisioning servers that a policy can name, with their parameters
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  offhook systems\n  offhook systems pascom\n  offhook systems pascom --json"
)]
pub struct Arguments {
    /// A system's id, such as pascom
    id: Option<String>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    catalogue: Catalogue,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let tables = arguments.catalogue.tables()?;
    match &arguments.id {
        Some(id) => one(&tables, id, arguments.json),
        None if arguments.json => {
            let list: Vec<&System> = tables.systems.iter().collect();
            input::json(&list)
        }
        None => {
            for system in &tables.systems {
                let parameters: Vec<String> = in_order(system).into_iter().map(short).collect();
                let parameters = parameters.join(", ");
                input::line(format!("{:18} {}  ({parameters})", system.id, system.name))?;
            }
            Ok(())
        }
    }
}

/// Those that a policy must give come first.
fn in_order(system: &System) -> Vec<&Parameter> {
    let (needed, optional): (Vec<_>, Vec<_>) = system.parameters.iter().partition(|p| p.required);
    [needed, optional].concat()
}

/// The name, in brackets if it may be left out.
fn short(parameter: &Parameter) -> String {
    match parameter.required {
        true => parameter.name.to_string(),
        false => format!("[{}]", parameter.name),
    }
}

fn one(tables: &Tables, id: &str, json: bool) -> Result<(), Failure> {
    let Some(system) = tables.system(id) else {
        let known: Vec<&str> = tables.systems.iter().map(|system| &*system.id).collect();
        let advice = offhook_core::reader::advice(id, &known);
        return Err(input::wrong(format!("there is no system {id:?}; {advice}")));
    };
    if json {
        return input::json(system);
    }
    input::line(format!("{} ({})", system.name, system.id))?;
    input::line("parameters:")?;
    for parameter in in_order(system) {
        input::line(format!("  {}: {}", parameter.name, in_words(parameter)))?;
    }
    input::line("serves, the first that fits:")?;
    for serve in &system.serves {
        input::line(format!("  {}", served(serve)))?;
        if let Some(url) = &serve.url {
            input::line(format!("    URL {url}"))?;
        }
        if let Some(file) = &serve.file {
            input::line(format!("    file {file}"))?;
        }
        for option in &serve.options {
            let value = serde_json::to_value(&option.value).map_err(input::wrong)?;
            input::line(format!("    option {} = {value}", option.code))?;
        }
    }
    input::line("sources:")?;
    for source in &system.sources {
        input::line(format!("  {}: {}", source.key, source.citation))?;
    }
    Ok(())
}

fn in_words(parameter: &Parameter) -> String {
    let kind = match parameter.kind {
        _ if !parameter.one_of.is_empty() => {
            let choices: Vec<String> =
                parameter.one_of.iter().map(|c| format!("\"{c}\"")).collect();
            choices.join(" or ")
        }
        ParameterKind::Text => "a text".to_owned(),
        ParameterKind::Host => "a host".to_owned(),
        ParameterKind::Url => "a URL".to_owned(),
        ParameterKind::Version => "a version".to_owned(),
    };
    let need = match (parameter.required, &parameter.default) {
        (true, _) => ", needed".to_owned(),
        (false, Some(default)) => format!(", default \"{default}\""),
        (false, None) => String::new(),
    };
    let note = parameter.note.as_ref().map_or(String::new(), |note| format!("; {note}"));
    format!("{kind}{need}{note}")
}

fn served(serve: &Serve) -> String {
    let mut whom = match &serve.vendors {
        ServedVendors::Every => "every vendor that takes a URL".to_owned(),
        ServedVendors::These(ids) => ids.join(", "),
    };
    if !serve.variants.is_empty() {
        whom += &format!(" ({})", serve.variants.join(", "));
    }
    let conditions: Vec<String> = serve.conditions.iter().map(condition).collect();
    match conditions.is_empty() {
        true => whom,
        false => format!("{whom}, if {}", conditions.join(" and ")),
    }
}

fn condition(condition: &Condition) -> String {
    let Condition { parameter, test, value } = condition;
    match test {
        Test::Equals => format!("{parameter} is \"{value}\""),
        Test::Below => format!("{parameter} is below {value}"),
        Test::From => format!("{parameter} is {value} or later"),
    }
}
