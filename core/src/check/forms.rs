//! Options whose values are not of their standard's form.

use super::found::Found;
use crate::decode;
use crate::encode::{self, Form};
use crate::engine::Engine;
use crate::value::{OptionSpec, Value};

/// Options whose value is not of the form that the standards give them, and options that the server sets for
/// every client.
pub(super) fn find(engine: &Engine, found: &mut Found) {
    let devices = engine.policy().devices.layers();
    let own = devices.map(|(device, _)| (&*device.place, &device.layer));
    let layers = engine.policy().all_layers().map(|(_, layer)| ("", layer));
    for (prefix, layer) in layers.chain(own) {
        for option in &layer.options {
            let place = format!("{prefix}{}", option.place);
            let OptionSpec { code, value, nul, .. } = &option.value;
            if matches!(code, 3 | 6) {
                let what = if *code == 3 { "routers" } else { "name servers" };
                let text = format!(
                    "option {code} is the {what} of every client: the DHCP server's own configuration is the \
                     place for it"
                );
                found.add(&place, text);
            }
            let no_names = |_: &str| Err(encode::Fault::Absent(String::new()));
            let Ok(Form::Fixed(bytes)) = encode::compile(value, *nul, &no_names) else { continue };
            let is_text = matches!(value, Value::Text(_));
            if *value == Value::Remove || bytes.is_empty() {
                continue;
            }
            if let Some(expected) = decode::misfit(engine.tables(), *code, &bytes, is_text) {
                let what = if is_text { "the letters of a text are" } else { "this is" };
                let text = format!(
                    "option {code} ({}): {what} not its form: expected {expected}",
                    decode::name(*code)
                );
                found.add(&place, text);
            }
        }
    }
}
