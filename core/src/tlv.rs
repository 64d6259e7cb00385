//! The one walker of code, length, value: the options of a packet, and the sub-options of options 43, 82 and
//! 125 (RFC 2132, section 2 and 8.4; RFC 3046, section 2.0; RFC 3925, section 4). Code and length are one
//! byte each.

/// One step of a walk; `at` counts bytes from the beginning of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// An option or a sub-option.
    Value {
        /// Where its code is.
        at: usize,
        /// Its code.
        code: u8,
        /// Its content, without code and length.
        value: &'a [u8],
    },
    /// A row of fillers (code 0, no length).
    Fillers {
        /// Where the first one is.
        at: usize,
        /// How many there are.
        count: usize,
    },
    /// The end (code 255, no length) and what follows it.
    End {
        /// Where the code is.
        at: usize,
        /// The code and all that follows it.
        rest: &'a [u8],
    },
    /// A code without a length, or a length beyond the field's end. Nothing follows.
    Cut {
        /// Where the code is.
        at: usize,
        /// The code and all that follows it.
        rest: &'a [u8],
    },
}

/// A walk over a field. It ends at the first byte that does not fit, and never fails.
#[derive(Debug, Clone)]
pub struct Tlv<'a> {
    rest: &'a [u8],
    at: usize,
    /// Whether code 0 is a filler and 255 the end.
    marks: bool,
}

impl<'a> Tlv<'a> {
    /// Options of a packet, or sub-options of option 43: code 0 is a filler and 255 the end.
    pub fn with_fillers(field: &'a [u8]) -> Tlv<'a> {
        Tlv { rest: field, at: 0, marks: true }
    }

    /// Sub-options of option 82 or 125, where every code has a length.
    pub fn plain(field: &'a [u8]) -> Tlv<'a> {
        Tlv { rest: field, at: 0, marks: false }
    }

    /// Codes and values alone.
    pub fn values(self) -> impl Iterator<Item = (u8, &'a [u8])> {
        self.filter_map(|step| match step {
            Step::Value { code, value, .. } => Some((code, value)),
            _ => None,
        })
    }
}

impl<'a> Iterator for Tlv<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let (at, rest) = (self.at, self.rest);
        let (code, tail) = rest.split_first()?;
        match code {
            0 if self.marks => {
                let count = rest.iter().take_while(|byte| **byte == 0).count();
                self.at += count;
                self.rest = rest.get(count..).unwrap_or_default();
                Some(Step::Fillers { at, count })
            }
            255 if self.marks => {
                self.rest = &[];
                Some(Step::End { at, rest })
            }
            code => {
                let value = tail
                    .split_first()
                    .and_then(|(length, tail)| tail.split_at_checked(usize::from(*length)));
                let Some((value, next)) = value else {
                    self.rest = &[];
                    return Some(Step::Cut { at, rest });
                };
                self.at += 2 + value.len();
                self.rest = next;
                Some(Step::Value { at, code: *code, value })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fillers_and_the_end_are_seen() {
        let field = b"\x00\x00\x01\x02ab\xff\x00x";
        let steps: Vec<_> = Tlv::with_fillers(field).collect();
        let expected = [
            Step::Fillers { at: 0, count: 2 },
            Step::Value { at: 2, code: 1, value: b"ab" },
            Step::End { at: 6, rest: b"\xff\x00x" },
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn without_marks_every_code_has_a_length() {
        let values: Vec<_> = Tlv::plain(b"\x00\x01a\xff\x00\x02\x01b").values().collect();
        assert_eq!(values, [(0, &b"a"[..]), (255, b""), (2, b"b")]);
    }

    #[test]
    fn a_cut_ends_the_walk() {
        for field in [&b"\x01\x01a\x02"[..], b"\x01\x01a\x02\x05b"] {
            let steps: Vec<_> = Tlv::with_fillers(field).collect();
            assert_eq!(steps.len(), 2, "{field:?}");
            assert_eq!(steps[1], Step::Cut { at: 3, rest: &field[3..] });
        }
    }
}
