//! Classes and subclasses: who is a member, and what members are sent.

use std::collections::HashMap;

use super::definitions::Definitions;
use super::items::Item;
use super::tokens::Token;
use super::{Level, Reader, Scope, expressions, texts};
use crate::kinds::hex;
use crate::model::{Cond, Expr, Old, Place};

/// What is known of a class before its statements are read.
#[derive(Debug, Default)]
pub struct Class {
    position: usize,
    /// `match if`.
    when: Option<Cond>,
    /// `match`: what subclasses are compared with.
    submatch: Option<Expr>,
}

/// All classes of the file, by name.
#[derive(Debug, Default)]
pub struct Classes {
    known: HashMap<String, Class>,
}

impl Classes {
    pub fn collect(&mut self, items: &[Item], old: &mut Old, names: &Definitions) {
        for item in items {
            let Item::Block { at, head, items: inner } = item else { continue };
            if let [Token::Word(class), name] = head.as_slice()
                && class == "class"
            {
                self.class(at, &texts(std::slice::from_ref(name)).concat(), inner, old, names);
            }
            self.collect(inner, old, names);
        }
    }

    fn class(
        &mut self,
        at: &Place,
        name: &str,
        items: &[Item],
        old: &mut Old,
        names: &Definitions,
    ) {
        let position = self.known.len();
        let class = self.known.entry(name.to_owned()).or_default();
        if class.position == 0 {
            class.position = position + 1;
        }
        for item in items {
            let Item::Statement { at, words } = item else { continue };
            let read = match words.as_slice() {
                [Token::Word(word), Token::Word(second), cond @ ..]
                    if word == "match" && second == "if" =>
                {
                    expressions::condition(cond, names).map(|cond| class.when = Some(cond))
                }
                [Token::Word(word), value @ ..] if word == "match" => {
                    expressions::value(value, names).map(|value| class.submatch = Some(value))
                }
                [Token::Word(word), ..] if word == "spawn" => {
                    Err("\"spawn\" makes classes while the server runs".to_owned())
                }
                _ => Ok(()),
            };
            if let Err(text) = read {
                old.note(
                    at,
                    format!("whom the class {name:?} means cannot be judged here: {text}"),
                    "say in the policy whom it means (vendors, sites or devices)",
                );
            }
        }
        if class.when.is_none() && class.submatch.is_none() {
            let matched = |item: &Item| {
                matches!(item, Item::Statement { words, .. }
                if matches!(words.first(), Some(Token::Word(word)) if word == "match" || word == "spawn"))
            };
            if !items.iter().any(matched) {
                old.note(
                    at,
                    format!("the class {name:?} has no \"match\", so no client is in it by itself"),
                    "nothing, if no \"add\" or \"subclass\" names it",
                );
            }
        }
    }
}

impl Reader {
    /// The rules of all classes.
    pub(super) fn all_classes(&mut self, items: &[Item]) {
        self.declare_classes(items, &[]);
        self.superclasses(items);
    }

    fn declare_classes(&mut self, items: &[Item], groups: &[&[Item]]) {
        for item in items {
            match item {
                Item::Block { at, head, items: inner } => {
                    let words = texts(head);
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    match words.as_slice() {
                        ["group", ..] => {
                            let mut groups = groups.to_vec();
                            groups.push(inner);
                            self.declare_classes(inner, &groups);
                        }
                        ["class", name] => {
                            let class = self.classes.known.get(*name);
                            let (level, when) = class.map_or((Level::Host, None), |class| {
                                (level(class), class.when.clone())
                            });
                            if let Some(when) = when {
                                self.scope(groups, inner, &Scope { level, when });
                            }
                            self.declare_classes(inner, &[]);
                        }
                        ["subclass", ..] => self.subclass(at, head, inner),
                        _ => self.declare_classes(inner, &[]),
                    }
                }
                Item::Statement { at, words } => {
                    if matches!(words.first(), Some(Token::Word(word)) if word == "subclass") {
                        self.subclass(at, words, &[]);
                    }
                }
                Item::If(_) => {}
            }
        }
    }

    /// A subclass: `subclass "NAME" VALUE`. dhcpd gives it the statements of its class, then its own; not
    /// those of a group around it (dhcpd 4.1 and later).
    fn subclass(&mut self, at: &Place, head: &[Token], items: &[Item]) {
        let Some((level, when)) = self.member(head) else {
            self.old.note(
                at,
                "a subclass whose class has no \"match\", or whose value is neither bytes nor a text",
                "say in the policy whom it means (vendors, sites or devices)",
            );
            return;
        };
        self.statements(items, &Scope { level, when });
    }

    fn member(&self, head: &[Token]) -> Option<(Level, Cond)> {
        let [_, name, value @ ..] = head else { return None };
        let class = self.classes.known.get(&texts(std::slice::from_ref(name)).concat())?;
        let bytes = match value {
            [Token::Quoted(text)] => text.clone(),
            [Token::Word(word)] => hex(word)?,
            _ => return None,
        };
        Some((level(class), Cond::Same(class.submatch.clone()?, Expr::Bytes(bytes))))
    }

    /// What a class says to the members of its subclasses. Before what the subclasses say themselves: the
    /// rules of one level keep their order, so these go first.
    fn superclasses(&mut self, items: &[Item]) {
        let mut members: HashMap<String, Vec<Cond>> = HashMap::new();
        collect_members(self, items, &mut members);
        let before = self.rules.len();
        self.of_superclasses(items, &[], &members);
        let own = self.rules.split_off(before);
        self.rules.splice(0..0, own);
    }

    fn of_superclasses(
        &mut self,
        items: &[Item],
        groups: &[&[Item]],
        members: &HashMap<String, Vec<Cond>>,
    ) {
        for item in items {
            let Item::Block { head, items: inner, .. } = item else { continue };
            let words = texts(head);
            match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["group", ..] => {
                    let mut groups = groups.to_vec();
                    groups.push(inner);
                    self.of_superclasses(inner, &groups, members);
                }
                ["class", name] => {
                    let Some((when, class)) = members.get(*name).zip(self.classes.known.get(*name))
                    else {
                        continue;
                    };
                    let (level, when) = (level(class), Cond::Any(when.clone()));
                    let says = inner.iter().any(|item| match item {
                        Item::Statement { words, .. } => super::statements::is_about_answers(words),
                        Item::If(_) => true,
                        Item::Block { .. } => false,
                    });
                    if says || !groups.is_empty() {
                        self.scope(groups, inner, &Scope { level, when });
                    }
                }
                _ => {}
            }
        }
    }
}

fn collect_members(reader: &Reader, items: &[Item], members: &mut HashMap<String, Vec<Cond>>) {
    for item in items {
        let head = match item {
            Item::Block { head, items: inner, .. } => {
                collect_members(reader, inner, members);
                head
            }
            Item::Statement { words, .. } => words,
            Item::If(_) => continue,
        };
        if let [Token::Word(word), name, ..] = head.as_slice()
            && word == "subclass"
            && let Some((_, when)) = reader.member(head)
        {
            members.entry(texts(std::slice::from_ref(name)).concat()).or_default().push(when);
        }
    }
}

fn level(class: &Class) -> Level {
    Level::Class(std::cmp::Reverse(class.position))
}
