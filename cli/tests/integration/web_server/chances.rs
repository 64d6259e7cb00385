//! Chances that come again: the same in every run, unless `OFFHOOK_SEED` says otherwise, and more of
//! them with `OFFHOOK_ROUNDS`.

pub struct Chances(u64);

impl Chances {
    pub fn new() -> Chances {
        let seed = std::env::var("OFFHOOK_SEED").ok().and_then(|seed| seed.parse().ok());
        Chances(seed.unwrap_or(1) * 2 + 1)
    }

    /// How often to try by default.
    pub fn rounds(&self, usual: usize) -> usize {
        std::env::var("OFFHOOK_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
    }

    /// xorshift64* (Marsaglia, Vigna).
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next()).unwrap() % end
    }

    pub fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}
