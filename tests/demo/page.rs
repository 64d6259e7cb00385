//! How the demo looks: headings, commands, lines; colours on a terminal, none in a pipe.

use std::io::{IsTerminal, Write};

pub struct Page {
    colours: bool,
}

impl Page {
    pub fn new() -> Page {
        Page { colours: std::io::stdout().is_terminal() }
    }

    pub fn heading(&self, text: &str, about: &str) {
        self.line("");
        self.line(&self.paint("1", text));
        wrapped(about).iter().for_each(|line| self.line(&self.paint("2", line)));
    }

    pub fn command(&self, text: &str) {
        self.line(&format!("  {}", self.paint("36", &format!("$ {text}"))));
    }

    /// A line of a program's output: its first word says how a step ended.
    pub fn output(&self, line: &str) {
        let painted = [("passed", "32"), ("FAILED", "31;1"), ("not reached", "33")]
            .into_iter()
            .find_map(|(word, code)| {
                let rest = line.trim_start().strip_prefix(word)?;
                Some(format!("    {}{rest}", self.paint(code, word)))
            });
        self.line(&painted.unwrap_or_else(|| format!("  {}", self.paint("1", line))));
    }

    pub fn good(&self, text: &str) {
        self.line(&self.paint("32", text));
    }

    /// A reader that has gone (`| head`) ends the demo, and that is not a failure.
    pub fn line(&self, text: &str) {
        if writeln!(std::io::stdout(), "{text}").is_err() {
            std::process::exit(0);
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Lines that a terminal holds.
fn wrapped(text: &str) -> Vec<String> {
    const WIDTH: usize = 100;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| line.len() + word.len() < WIDTH) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}
