//! dhcpd.conf as a tree: statements, conditions, blocks. No word has a meaning yet, but for `if` and `include`.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use offhook_edge::file::{self, Kind};

use super::tokens::{Found, Token, tokens};
use crate::model::{Place, Refused};

/// A part of the file.
#[derive(Debug)]
pub enum Item {
    /// Up to its `;`.
    Statement { at: Place, words: Vec<Token> },
    /// `if`, `elsif` and `else`.
    If(Vec<Branch>),
    /// What is written before `{`, and what is inside.
    Block { at: Place, head: Vec<Token>, items: Vec<Item> },
}

/// One branch; without a condition it is the `else`.
#[derive(Debug)]
pub struct Branch {
    pub at: Place,
    pub when: Option<Vec<Token>>,
    pub items: Vec<Item>,
}

/// Deeper than any configuration that people write.
const DEEPEST: usize = 48;
/// All files together, in words.
const MOST_WORDS: usize = 4_000_000;

/// A file and the files that it includes.
#[derive(Debug)]
pub struct Tree {
    pub items: Vec<Item>,
    /// Files that could not be read.
    pub missing: Vec<(Place, String)>,
}

struct Parser {
    open: Vec<PathBuf>,
    words: usize,
    missing: Vec<(Place, String)>,
}

/// Reads a file as a tree.
pub fn read(path: &Path) -> Result<Tree, Refused> {
    let mut parser = Parser { open: Vec::new(), words: 0, missing: Vec::new() };
    let items = parser.file(path)?;
    Ok(Tree { items, missing: parser.missing })
}

/// Words with the place where the reader is.
struct Cursor {
    file: Rc<str>,
    found: std::iter::Peekable<std::vec::IntoIter<Found>>,
    line: usize,
}

impl Cursor {
    fn at(&self, line: usize) -> Place {
        Place { file: Rc::clone(&self.file), line }
    }

    fn next(&mut self) -> Option<Found> {
        let found = self.found.next()?;
        self.line = found.line;
        Some(found)
    }

    fn next_is(&mut self, word: &str) -> bool {
        matches!(self.found.peek(), Some(Found { token: Token::Word(found), .. })
            if found.eq_ignore_ascii_case(word))
    }
}

impl Parser {
    fn file(&mut self, path: &Path) -> Result<Vec<Item>, Refused> {
        let shown: Rc<str> = path.display().to_string().into();
        let text = file::text(path, Kind::FileOrPipe, file::LARGEST)
            .map_err(|error| Refused(format!("{shown}: {error}")))?;
        let found = tokens(&shown, &text)?;
        self.words += found.len();
        if self.words > MOST_WORDS {
            return Err(Refused(format!(
                "{shown}: more than {MOST_WORDS} words with the files before it: split the configuration, and import each part"
            )));
        }
        self.open.push(path.to_owned());
        let mut cursor = Cursor { file: shown, found: found.into_iter().peekable(), line: 1 };
        let items = self.items(&mut cursor, 0)?;
        if let Some(found) = cursor.next() {
            let place = cursor.at(found.line);
            return Err(Refused(format!("{place}: this }} closes no block: remove it")));
        }
        self.open.pop();
        Ok(items)
    }

    /// Items up to the block's `}` (which stays) or the file's end.
    fn items(&mut self, cursor: &mut Cursor, depth: usize) -> Result<Vec<Item>, Refused> {
        let mut items = Vec::new();
        loop {
            match cursor.found.peek().map(|found| &found.token) {
                None | Some(Token::Sign("}")) => return Ok(items),
                Some(Token::Sign(";")) => _ = cursor.next(),
                Some(_) => self.item(cursor, depth, &mut items)?,
            }
        }
    }

    fn item(
        &mut self,
        cursor: &mut Cursor,
        depth: usize,
        out: &mut Vec<Item>,
    ) -> Result<(), Refused> {
        if depth > DEEPEST {
            let place = cursor.at(cursor.line);
            return Err(Refused(format!(
                "{place}: more than {DEEPEST} blocks inside one another: make it flatter"
            )));
        }
        if cursor.next_is("if") {
            let branches = self.branches(cursor, depth)?;
            out.push(Item::If(branches));
            return Ok(());
        }
        let line = cursor.found.peek().map_or(cursor.line, |found| found.line);
        let at = cursor.at(line);
        let mut words: Vec<Token> = Vec::new();
        let mut inside = 0usize;
        loop {
            let Some(found) = cursor.next() else {
                return Err(Refused(format!(
                    "{at}: this statement never ends: expected ; before the end of the file"
                )));
            };
            // The fields of a record: option x code 200 = { ip-address, integer 8 };
            let is_option = matches!(words.first(), Some(Token::Word(word)) if word == "option");
            match found.token {
                Token::Sign("{") if is_option => inside += 1,
                Token::Sign("}") if inside > 0 => inside -= 1,
                Token::Sign("{") => {
                    let items = self.items(cursor, depth + 1)?;
                    self.close(cursor, &at)?;
                    out.push(Item::Block { at, head: words, items });
                    return Ok(());
                }
                Token::Sign(";") => break,
                Token::Sign("}") => {
                    let place = cursor.at(found.line);
                    return Err(Refused(format!(
                        "{place}: found }} where ; was expected (the statement begins in line {line})"
                    )));
                }
                _ => {}
            }
            words.push(found.token);
        }
        if let [Token::Word(include), Token::Quoted(name)] = words.as_slice()
            && include == "include"
        {
            let name = String::from_utf8_lossy(name).into_owned();
            return self.include(&at, &name, cursor, out);
        }
        out.push(Item::Statement { at, words });
        Ok(())
    }

    fn close(&mut self, cursor: &mut Cursor, begins: &Place) -> Result<(), Refused> {
        match cursor.next() {
            Some(_) => Ok(()),
            None => Err(Refused(format!(
                "{begins}: the block that begins here never ends: expected }}"
            ))),
        }
    }

    fn branches(&mut self, cursor: &mut Cursor, depth: usize) -> Result<Vec<Branch>, Refused> {
        let mut branches = Vec::new();
        loop {
            let Some(first) = cursor.next() else { return Ok(branches) };
            let at = cursor.at(first.line);
            let is_else =
                matches!(&first.token, Token::Word(word) if word.eq_ignore_ascii_case("else"));
            let is_else = is_else && !cursor.next_is("if");
            if !is_else && cursor.next_is("if") {
                cursor.next();
            }
            let mut when = Vec::new();
            loop {
                match cursor.next() {
                    Some(Found { token: Token::Sign("{"), .. }) => break,
                    Some(found) => when.push(found.token),
                    None => {
                        return Err(Refused(format!(
                            "{at}: this condition never ends: expected {{"
                        )));
                    }
                }
            }
            let items = self.items(cursor, depth + 1)?;
            self.close(cursor, &at)?;
            branches.push(Branch { at, when: (!is_else).then_some(when), items });
            if is_else || !(cursor.next_is("elsif") || cursor.next_is("else")) {
                return Ok(branches);
            }
        }
    }

    /// dhcpd follows the name as it is written. Of a copy from another machine the file may be beside.
    fn include(
        &mut self,
        at: &Place,
        name: &str,
        cursor: &Cursor,
        out: &mut Vec<Item>,
    ) -> Result<(), Refused> {
        let named = Path::new(name);
        let beside = Path::new(&*cursor.file)
            .parent()
            .unwrap_or(Path::new(""))
            .join(named.file_name().unwrap_or_default());
        let found = [named.to_owned(), beside].into_iter().find(|path| path.is_file());
        match found {
            Some(path) if self.open.contains(&path) => {
                Err(Refused(format!("{at}: {name} includes itself: remove the circle")))
            }
            Some(_) if self.open.len() > DEEPEST => Err(Refused(format!(
                "{at}: more than {DEEPEST} files inside one another: make it flatter"
            ))),
            Some(path) => {
                out.extend(self.file(&path)?);
                Ok(())
            }
            None => {
                self.missing.push((at.clone(), name.to_owned()));
                Ok(())
            }
        }
    }
}
