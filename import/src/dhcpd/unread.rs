//! What no declaration took: nothing of a file may be lost without a word.

use super::items::Item;
use super::statements::is_about_answers;
use super::tokens::Token;
use super::{BY_HAND, Reader, texts};
use crate::model::Place;

/// Blocks that `declarations` and `all_classes` know.
const DECLARATIONS: [&str; 13] = [
    "group",
    "shared-network",
    "subnet",
    "pool",
    "host",
    "class",
    "subclass",
    "subnet6",
    "pool6",
    "shared-network6",
    "failover",
    "key",
    "zone",
];

impl Reader {
    pub(super) fn look_at(&mut self, words: &[Token]) {
        self.looked_at.insert(words.as_ptr().addr());
    }

    /// Notes each statement about answers that belongs to no client that is known, and each block without a form.
    pub(super) fn unread(&mut self, items: &[Item], around: Option<(&str, &Place)>) {
        for item in items {
            match item {
                Item::Statement { at, words } => {
                    if let Some((block, begins)) = around
                        && is_about_answers(words)
                        && !self.looked_at.contains(&words.as_ptr().addr())
                    {
                        let text = format!(
                            "it belongs to the {block} of line {}, by which no client is sent it here",
                            begins.line
                        );
                        self.old.note(at, text, BY_HAND);
                    }
                }
                Item::If(branches) => {
                    for branch in branches {
                        self.unread(&branch.items, around);
                    }
                }
                Item::Block { at, head, items } => {
                    let words = texts(head);
                    let first = words.first().map_or("", String::as_str);
                    match first {
                        "on" => self.old.stays(at, "what the server does at an event of a lease"),
                        "omapi-key" => {}
                        _ if DECLARATIONS.contains(&first) => self.unread(items, Some((first, at))),
                        _ => {
                            let text = format!("a block \"{first}\" that offhook has no form for");
                            self.old.note(at, text, BY_HAND);
                            self.under_unknown(items, at);
                        }
                    }
                }
            }
        }
    }
}
