//! A fleet's power-up: many phones from DHCPDISCOVER to DHCPACK, at a rate or as fast as the server
//! answers, through one relay.

mod run;
mod summary;

use std::io;
use std::time::Instant;

use offhook_catalogue::Mac;

use crate::exchange::Exchange;
use crate::phone::Phone;
use run::{Run, TICK};
pub use summary::Summary;

/// Which phones, how many, how fast.
#[derive(Debug)]
pub struct Fleet {
    /// One of each maker; the fleet takes them in turn, this one first.
    pub first: Phone,
    /// The other makers' phones.
    pub others: Vec<Phone>,
    /// How many phones are switched on.
    pub count: u32,
    /// Phones that are switched on each second; none: as fast as they are answered.
    pub rate: Option<f64>,
    /// The most that wait for an answer at a time.
    pub at_once: usize,
}

impl Fleet {
    fn makers(&self) -> usize {
        1 + self.others.len()
    }

    /// Switches the phones on; `progress` is called with the number that are done, with or without an address.
    ///
    /// # Errors
    /// The operating system refused to send or to receive.
    pub fn power_up(
        &self,
        exchange: &Exchange,
        progress: &mut dyn FnMut(u32),
    ) -> io::Result<Summary> {
        let socket = exchange.socket();
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(TICK))?;
        let count = usize::try_from(self.count).map_err(io::Error::other)?;
        let mut run = Run::new(self, exchange, socket, count);
        let start = Instant::now();
        run.all(start, progress)?;
        let elapsed = start.elapsed();
        Ok(Summary::of(self, run.outcome(), elapsed))
    }

    /// The phone of a number: makers in turn, each with addresses of its own.
    fn phone(&self, number: u32) -> (&Phone, Mac) {
        let makers = u32::try_from(self.makers()).unwrap_or(u32::MAX);
        let place = usize::try_from(number % makers).unwrap_or(0).checked_sub(1);
        let maker = place.and_then(|place| self.others.get(place));
        let maker = maker.unwrap_or(&self.first);
        // Makers without a range of their own share one, so every number is taken once there.
        let number = if maker.has_own_range() { number / makers } else { number };
        (maker, maker.mac_of(number))
    }
}
