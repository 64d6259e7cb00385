//! What is written for a list under a policy.

use std::collections::BTreeMap;

use offhook_catalogue::Vendor;
use offhook_core::{Engine, Host, builtin};
use offhook_phone_files::{PhoneList, Renderer, json_list};
use serde_json::Value;

/// The vendors that have templates.
pub fn vendors() -> impl Iterator<Item = &'static Vendor> {
    let written = |vendor: &&Vendor| vendor.files.iter().any(|file| !file.template.is_empty());
    builtin::built_in().vendors.iter().filter(written)
}

/// Path and text of each file, or everything that is wrong.
pub type Written = Result<BTreeMap<String, String>, String>;

/// Hands over a writer of the files of whatever list, under one policy.
pub fn under<T>(policy: &Value, run: impl FnOnce(&dyn Fn(&Value) -> Written) -> T) -> T {
    let engine = Engine::new(builtin::shared(), &policy.to_string(), Host::ANY).expect("a policy");
    let no_key = |_: &str| Err("no key here".to_owned());
    let renderer = Renderer::new(&engine, &[], &no_key).expect("templates");
    run(&|phones| written(&engine, &renderer, phones))
}

fn written(engine: &Engine, renderer: &Renderer<'_>, phones: &Value) -> Written {
    let list: PhoneList = json_list::read(&phones.to_string(), engine);
    let told: Vec<String> = list.mistakes.iter().map(ToString::to_string).collect();
    if !told.is_empty() {
        return Err(told.join("\n"));
    }
    let mut files = BTreeMap::new();
    for phone in &list.phones {
        for placed in renderer.places(phone).map_err(|mistake| mistake.to_string())? {
            let rendered = renderer.render(phone, &placed).map_err(|error| error.to_string())?;
            let text = String::from_utf8(rendered.bytes).expect("UTF-8");
            for (start, end) in rendered.secrets {
                assert!(
                    text.is_char_boundary(start as usize) && text.is_char_boundary(end as usize)
                );
            }
            files.insert(placed.path, text);
        }
    }
    Ok(files)
}
