//! The hook flex_option; other hooks say nothing that phones are sent.

use offhook_core::tree::Kind as Node;

use super::options::{self, Object, get, objects, text};
use super::{BY_HAND, Level, Reader, expressions};
use crate::model::{Cond, Expr, Mode, Rule, Target};

impl Reader {
    pub(super) fn hooks(&mut self, dhcp4: &Object) {
        for (line, hook) in objects(dhcp4, "hooks-libraries") {
            let library = text(hook, "library").unwrap_or_default();
            let name = library.rsplit('/').next().unwrap_or_default();
            let parameters = match get(hook, "parameters").map(|tree| &tree.kind) {
                Some(Node::Table(entries)) => entries.as_slice(),
                _ => &[],
            };
            match name {
                name if name.contains("flex_option") => {
                    for (line, option) in objects(parameters, "options") {
                        if let Err(text) = self.flex(line, option) {
                            self.note(line, format!("flex_option: {text}"), BY_HAND);
                        }
                    }
                }
                name if name.contains("offhook") => {
                    self.note(line, "offhook's own hook", "nothing: its policy is not read here");
                }
                _ => {
                    let at = self.at(line);
                    self.old.stays(&at, &format!("the hook {name}"));
                }
            }
        }
    }

    /// One option of the hook flex_option.
    fn flex(&mut self, line: usize, option: &Object) -> Result<(), String> {
        let word = text(option, "name").map(str::to_owned);
        let word = word.or_else(|| options::number(option, "code").map(|code| code.to_string()));
        let word = word.ok_or("an entry without code or name")?;
        if get(option, "sub-options").is_some()
            || text(option, "space").is_some_and(|space| space != "dhcp4")
        {
            return Err("sub-options".to_owned());
        }
        let code =
            self.names.code_of(&word).ok_or_else(|| format!("the option {word:?} is not known"))?;
        let when = match text(option, "client-class") {
            None | Some("") => Cond::EVERY,
            Some(name) => expressions::Members::member(&self.classes, name)
                .ok_or_else(|| format!("the class {name:?} is not known"))?,
        };
        for (key, mode) in [("supersede", Mode::Set), ("add", Mode::Default)] {
            let Some(written) = text(option, key) else { continue };
            let value = expressions::value(written, &self.names, &self.classes)?;
            // Kea leaves the option out if the value comes out empty; the old value stays then.
            let rule = Rule {
                at: self.at(line),
                when: when.clone(),
                target: Target::Option(code),
                mode,
                value,
            };
            self.rules.push((Level::Flex, rule));
        }
        if let Some(written) = text(option, "remove") {
            let cond = expressions::condition(written, &self.names, &self.classes)?;
            let value = Expr::Bytes(Vec::new());
            let when = when.and(cond);
            let rule = Rule {
                at: self.at(line),
                when,
                target: Target::Option(code),
                mode: Mode::Remove,
                value,
            };
            self.rules.push((Level::Flex, rule));
        }
        Ok(())
    }
}
