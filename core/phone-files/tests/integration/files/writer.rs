//! What is written for a list under a policy.

use std::collections::BTreeMap;

use offhook_catalogue::Vendor;
use offhook_catalogue::overlay::OverlayFile;
use offhook_core::token::KeyError;
use offhook_core::{Engine, Host, builtin};
use offhook_phone_files::{Makers, Reading, Renderer};
use serde_json::Value;

/// The vendors that have templates.
pub fn vendors() -> impl Iterator<Item = &'static Vendor> {
    let written = |vendor: &&Vendor| vendor.files.iter().any(|file| file.template.is_some());
    builtin::built_in().vendors.iter().filter(written)
}

/// Path and text of each file, or everything that is wrong.
pub type Written = Result<BTreeMap<String, String>, String>;

/// One policy, and what is written under it.
pub struct Site {
    makers: Makers,
    renderer: Renderer<'static>,
    engine: &'static Engine,
}

impl Site {
    pub fn new(policy: &Value) -> Site {
        let engine = Engine::new(builtin::shared(), &policy.to_string(), Host::ANY);
        // A test's policies are few.
        let engine: &'static Engine = Box::leak(Box::new(engine.expect("a policy")));
        let makers = Makers::new(&[]).expect("files.toml");
        Site { makers, renderer: renderer(engine, &[]), engine }
    }

    /// The same policy, and nothing written yet; with a user's own files.
    pub fn anew(&self, overlay: &[OverlayFile]) -> Site {
        let makers = Makers::new(overlay).expect("files.toml");
        Site { makers, renderer: renderer(self.engine, overlay), engine: self.engine }
    }

    pub fn write(&self, phones: &Value) -> Written {
        self.write_list(&phones.to_string())
    }

    /// Of a list as it is in a file.
    pub fn write_list(&self, list: &str) -> Written {
        written(self.engine, &self.makers, &self.renderer, list)
    }

    /// What was reported of all lists written so far.
    pub fn doubts(&self) -> Vec<String> {
        self.renderer.doubts()
    }
}

/// Hands over a writer of the files of whatever list, under one policy.
pub fn under<T>(policy: &Value, run: impl FnOnce(&dyn Fn(&Value) -> Written) -> T) -> T {
    let site = Site::new(policy);
    run(&|phones| site.write(phones))
}

fn renderer<'e>(engine: &'e Engine, overlay: &[OverlayFile]) -> Renderer<'e> {
    Renderer::new(engine, overlay, &|_: &str| Err(KeyError::File("no key here".to_owned())))
        .expect("templates")
}

fn written(engine: &Engine, makers: &Makers, renderer: &Renderer<'_>, list: &str) -> Written {
    let list = Reading::new(engine, makers).read(list.as_bytes());
    let told: Vec<String> = list.mistakes.iter().map(ToString::to_string).collect();
    if !told.is_empty() {
        return Err(told.join("\n"));
    }
    let mut files = BTreeMap::new();
    for phone in &list.phones {
        for placed in renderer.places(phone).map_err(|mistakes| mistakes.to_string())? {
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
