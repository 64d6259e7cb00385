//! Numbers and short texts, one behind the other in a single text. A list may have a million phones, and a text of its own
//! for each value would cost several times the value.

/// Numbers and texts, in the order in which they were put in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Packed(String);

/// How many bits of a number a byte holds. The bit above says that there are more, and the highest is never set: so a
/// number is ASCII.
const BITS: u32 = 6;
const MORE: u8 = 1 << BITS;
const MASK: u8 = MORE - 1;

impl Packed {
    pub fn push_number(&mut self, mut number: u64) {
        loop {
            let low = u8::try_from(number & u64::from(MASK)).unwrap_or(MASK);
            number >>= BITS;
            if number == 0 {
                self.0.push(char::from(low));
                return;
            }
            self.0.push(char::from(low | MORE));
        }
    }

    pub fn push_text(&mut self, text: &str) {
        self.push_number(text.len() as u64);
        self.0.push_str(text);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives back memory that is not used.
    pub fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    pub fn read(&self) -> Unpacked<'_> {
        Unpacked(&self.0)
    }
}

/// What is left to read. Reading in the order of writing is the writer's task; what is not there is `None`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unpacked<'p>(&'p str);

impl<'p> Unpacked<'p> {
    #[inline]
    pub fn number(&mut self) -> Option<u64> {
        // Most are small.
        let first = *self.0.as_bytes().first()?;
        if first & MORE == 0 {
            self.0 = self.0.get(1..)?;
            return Some(first.into());
        }
        self.large_number()
    }

    fn large_number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        for (at, byte) in self.0.bytes().enumerate() {
            number |= u64::from(byte & MASK).checked_shl(shift)?;
            shift += BITS;
            if byte & MORE == 0 {
                self.0 = self.0.get(at + 1..)?;
                return Some(number);
            }
        }
        None
    }

    /// A number that was put in as one of this size.
    #[inline]
    pub fn small<N: TryFrom<u64>>(&mut self) -> Option<N> {
        N::try_from(self.number()?).ok()
    }

    #[inline]
    pub fn text(&mut self) -> Option<&'p str> {
        let length = self.small()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out() {
        let numbers = [0, 1, 63, 64, 4095, 4096, 65_535, u64::from(u32::MAX), u64::MAX];
        let long = "é".repeat(5000);
        let texts = ["", "1002", "Zoë <&\"'%🎧", &long];
        let mut packed = Packed::default();
        assert!(packed.is_empty());
        for (number, text) in numbers.iter().zip(texts.iter().cycle()) {
            packed.push_number(*number);
            packed.push_text(text);
        }
        packed.shrink();
        let mut left = packed.read();
        for (number, text) in numbers.iter().zip(texts.iter().cycle()) {
            assert_eq!((left.number(), left.text()), (Some(*number), Some(*text)));
        }
        assert_eq!((left.number(), left.text()), (None, None));
    }

    #[test]
    fn what_is_short_takes_little() {
        let mut packed = Packed::default();
        packed.push_number(8);
        packed.push_text("1002");
        assert_eq!(packed.0.len(), 6);
    }
}
