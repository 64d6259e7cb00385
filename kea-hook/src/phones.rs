//! The phones seen since Kea was started, and what only looks like one: who, when, what they sent and
//! what they were sent.
//!
//! Bounded in phones and in bytes, and says what it had to forget. Packet threads write to it at every answer, so it is cut
//! into shards with a lock each, held for the few instructions that one entry takes; a command that lists
//! the phones holds one shard at a time. What a phone is (vendor, model, site) is not kept: the parts
//! of its packet that the core looks at are, and listing runs the core on them once more.

pub(crate) mod evidence;
pub(crate) mod guarded;
mod record;
mod seen;

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use offhook_core::{Mac, MessageType};

pub(crate) use record::{Phone, Saw, Sighting};
pub(crate) use seen::Seen;

/// The most phones that are remembered.
pub(crate) const MOST: usize = 100_000;

/// The most devices that look like phones and are not recognised.
pub(crate) const MOST_UNKNOWN: usize = 10_000;

/// What their records may hold together, in bytes. A phone's record is about 250 bytes; a client that sends
/// all it can makes one of 2,000. Of a device that is not recognised its packet is kept too, at most
/// [`record::LONGEST_PACKET`] bytes.
const MOST_BYTES: usize = 48 << 20;
const MOST_BYTES_UNKNOWN: usize = 4 << 20;

const SHARDS: usize = 64;

/// Not the quick kind: of its hashes the last bits, by which a place is chosen, are alike for addresses in a row in one
/// process of several hundred.
type Keyed = foldhash::quality::SeedableRandomState;

pub(crate) struct Phones {
    shards: Box<[Mutex<Shard>]>,
    count: AtomicUsize,
    /// As many as have ever come.
    added: AtomicUsize,
    most: usize,
    /// Of all records.
    bytes: AtomicUsize,
    most_bytes: usize,
    /// For the marks of records, and for where an address has its place: a client chooses both.
    keyed: Keyed,
}

#[derive(Default)]
struct Shard {
    places: HashMap<u64, u32, foldhash::fast::RandomState>,
    phones: Vec<Phone>,
    turn: usize,
    /// Where a record is written before its length is known.
    scratch: Vec<u8>,
}

impl Phones {
    pub(crate) fn new(most: usize, most_bytes: usize) -> Phones {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        let keyed = Keyed::random();
        let [count, added, bytes] = [0; 3].map(AtomicUsize::new);
        Phones { shards, count, added, most, bytes, most_bytes, keyed }
    }

    pub(crate) fn most(&self) -> usize {
        self.most
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn most_bytes(&self) -> usize {
        self.most_bytes
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Notes that a phone got an answer.
    pub(crate) fn saw(&self, sighting: Sighting<'_>) -> Saw {
        let key = sighting.mac.number();
        let mark = sighting.mark(&self.keyed);
        // An OFFER is not news: its ACK follows.
        let told = sighting.reply != MessageType::Offer;
        let saying = (mark ^ sighting.policy).max(1);
        let mut shard = self.shard(key);
        let Shard { places, phones, scratch, .. } = &mut *shard;
        if let Some(place) = places.get(&key).copied()
            && let Some(phone) = phones.get_mut(place as usize)
        {
            phone.last = sighting.now;
            phone.answers += 1;
            phone.reply = sighting.reply;
            let news = told && phone.said != saying;
            if news {
                phone.said = saying;
            }
            if phone.record.mark == mark {
                return Saw { forgot: false, news };
            }
            self.bytes.fetch_sub(phone.record.len(), Ordering::Relaxed);
            phone.record = sighting.record(mark, scratch);
            self.bytes.fetch_add(phone.record.len(), Ordering::Relaxed);
            return Saw { forgot: self.make_room(&mut shard, key), news };
        }
        let phone = Phone {
            mac: sighting.mac,
            first: sighting.now,
            last: sighting.now,
            answers: 1,
            reply: sighting.reply,
            said: if told { saying } else { 0 },
            record: sighting.record(mark, scratch),
        };
        self.bytes.fetch_add(phone.record.len(), Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
        // Under the shard's lock: what reads the count before it reads the shards misses no phone.
        self.added.fetch_add(1, Ordering::Release);
        shard.add(key, phone);
        Saw { forgot: self.make_room(&mut shard, key), news: told }
    }

    /// Forgets old phones of a shard while there are too many, or their records are too long; never the one
    /// of this key. True if some were forgotten.
    fn make_room(&self, shard: &mut Shard, key: u64) -> bool {
        let mut forgotten = false;
        while self.len() > self.most || self.bytes() > self.most_bytes {
            let Some(old) = shard.take_an_old_one(key) else { break };
            self.bytes.fetch_sub(old.record.len(), Ordering::Relaxed);
            self.count.fetch_sub(1, Ordering::Relaxed);
            forgotten = true;
        }
        forgotten
    }

    pub(crate) fn get(&self, mac: Mac) -> Option<Phone> {
        let shard = self.shard(mac.number());
        let place = *shard.places.get(&mac.number())?;
        shard.phones.get(place as usize).cloned()
    }

    /// The addresses after `from`, in no order.
    fn addresses(&self, from: Option<Mac>) -> Vec<Mac> {
        let mut all = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            let macs = shard.phones.iter().map(|phone| phone.mac);
            all.extend(macs.filter(|mac| from.is_none_or(|from| *mac > from)));
        }
        all
    }

    fn shard(&self, key: u64) -> MutexGuard<'_, Shard> {
        lock(&self.shards[self.place(key)])
    }

    fn place(&self, key: u64) -> usize {
        self.keyed.hash_one(key) as usize % SHARDS
    }
}

impl Shard {
    fn add(&mut self, key: u64, phone: Phone) {
        if let Ok(place) = u32::try_from(self.phones.len()) {
            self.phones.push(phone);
            self.places.insert(key, place);
        }
    }

    /// Of a handful of phones, a different one each time, the one not seen for longest is removed.
    /// Exact order would cost every packet more than it is worth.
    fn take_an_old_one(&mut self, but: u64) -> Option<Phone> {
        const HANDFUL: usize = 8;
        let count = self.phones.len();
        if count < 2 {
            return None;
        }
        self.turn = self.turn.wrapping_add(HANDFUL);
        let candidates = (0..HANDFUL).map(|step| (self.turn + step) % count);
        let others = candidates.filter(|at| self.phones[*at].mac.number() != but);
        let oldest = others.min_by_key(|at| self.phones[*at].last)?;
        let old = self.phones.swap_remove(oldest);
        self.places.remove(&old.mac.number());
        if let (Some(moved), Ok(place)) = (self.phones.get(oldest), u32::try_from(oldest)) {
            self.places.insert(moved.mac.number(), place);
        }
        Some(old)
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // Nothing in here can panic between two changes that belong together.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use MessageType::{Ack as ACK, Offer as OFFER};
    use foldhash::SharedSeed;
    use offhook_core::{Edits, Engine, Query};

    use super::*;

    pub(super) fn mac(number: u64) -> Mac {
        Mac::from_number(number)
    }

    pub(super) fn engine() -> Engine {
        Engine::new(offhook_core::builtin::shared(), "{}", offhook_core::Host::ANY).unwrap()
    }

    pub(super) fn see(
        engine: &Engine,
        phones: &Phones,
        number: u64,
        now: u64,
        host_name: &[u8],
    ) -> bool {
        let query = Query { host_name: Some(host_name.into()), ..Query::default() };
        let edits = Edits::default();
        let mac = mac(number);
        let (reply, policy, query, edits) = (ACK, 1, &query, &edits);
        phones.saw(Sighting { mac, now, reply, policy, query, engine, edits, packet: &[] }).forgot
    }

    #[test]
    fn news_is_what_the_log_was_not_told_yet() {
        let (engine, phones, edits) = (engine(), Phones::new(10, MOST_BYTES), Edits::default());
        let see = |reply, policy, host_name: &'static [u8]| {
            let query = Query { host_name: Some(host_name.into()), ..Query::default() };
            let (query, engine, edits) = (&query, &engine, &edits);
            phones
                .saw(Sighting {
                    mac: mac(7),
                    now: 1,
                    reply,
                    policy,
                    query,
                    engine,
                    edits,
                    packet: &[],
                })
                .news
        };
        assert!(!see(OFFER, 1, b"a") && see(ACK, 1, b"a") && !see(ACK, 1, b"a"));
        assert!(
            !see(OFFER, 1, b"b") && see(ACK, 1, b"b") && !see(OFFER, 1, b"b") && !see(ACK, 1, b"b")
        );
        assert!(see(ACK, 2, b"b") && !see(ACK, 2, b"b"), "another policy");
    }

    #[test]
    fn one_entry_per_phone_and_the_last_word_counts() {
        let (engine, phones) = (engine(), Phones::new(10, MOST_BYTES));
        assert!(!see(&engine, &phones, 7, 100, b"a"));
        assert!(!see(&engine, &phones, 7, 130, b"b"));
        let phone = phones.get(mac(7)).unwrap();
        assert_eq!((phone.first, phone.last, phone.answers), (100, 130, 2));
        let parts = evidence::read(phone.mac, phone.evidence());
        assert_eq!(parts.options, [(12, b"b".to_vec())]);
        assert_eq!(phones.len(), 1);
        assert_eq!(phones.get(mac(8)), None);
    }

    #[test]
    fn it_never_holds_more_than_it_says_and_forgets_old_ones_first() {
        let (engine, phones) = (engine(), Phones::new(6400, MOST_BYTES));
        for number in 0..6400 {
            see(&engine, &phones, number * 3, number, b"");
        }
        let mut forgotten = 0;
        for number in 0..3200 {
            forgotten += u64::from(see(&engine, &phones, 1_000_000 + number, 10_000 + number, b""));
        }
        assert!(phones.len() <= 6400 + SHARDS);
        assert!(forgotten >= 3200 - SHARDS as u64);
        let survivors = |range: std::ops::Range<u64>| {
            range.filter(|number| phones.get(mac(number * 3)).is_some()).count()
        };
        assert!(survivors(4800..6400) > survivors(0..1600));
        assert!((0..3200).filter(|n| phones.get(mac(1_000_000 + n)).is_some()).count() > 2500);
    }

    #[test]
    fn a_packet_is_kept_without_padding_up_to_a_length_and_counted() {
        let (engine, phones, edits) = (engine(), Phones::new(10, MOST_BYTES), Edits::default());
        let see = |number, host_name: &'static [u8], packet: &[u8]| {
            let query = Query { host_name: Some(host_name.into()), ..Query::default() };
            let (mac, query, engine, edits) = (mac(number), &query, &engine, &edits);
            let (now, reply, policy) = (1, ACK, 1);
            phones.saw(Sighting { mac, now, reply, policy, query, engine, edits, packet });
            phones.get(mac).unwrap()
        };
        let padded = [&b"packet\xff"[..], &[0; 300]].concat();
        let bare = see(1, b"a", b"").record.len();
        assert_eq!(see(2, b"a", &padded).packet(), b"packet\xff");
        assert_eq!(phones.bytes(), 2 * bare + 7);
        // The one that first showed something new stays.
        assert_eq!(see(2, b"a", b"the same again").packet(), b"packet\xff");
        assert_eq!(see(2, b"b", b"another").packet(), b"another");
        assert_eq!(
            see(3, b"a", &[7; record::LONGEST_PACKET]).packet().len(),
            record::LONGEST_PACKET
        );
        assert_eq!(see(4, b"a", &[7; record::LONGEST_PACKET + 1]).packet(), b"");
    }

    #[test]
    fn records_are_bounded_in_bytes() {
        let (engine, phones) = (engine(), Phones::new(100_000, 1 << 20));
        for number in 0..10_000 {
            see(&engine, &phones, number, number, &[b'x'; 1000]);
            // What a phone sends may grow, and its record with it.
            see(&engine, &phones, number, number, &[b'x'; 2000]);
        }
        let all: Vec<Phone> =
            phones.addresses(None).into_iter().filter_map(|mac| phones.get(mac)).collect();
        let bytes: usize = all.iter().map(|phone| phone.record.len()).sum();
        assert_eq!((bytes, all.len()), (phones.bytes(), phones.len()));
        assert!(bytes <= (1 << 20) + SHARDS * 4096, "{bytes}");
        let parts = evidence::read(all[0].mac, all[0].evidence());
        assert_eq!(parts.options[0].1.len(), evidence::LONGEST);
    }

    /// A client that knew it could choose addresses that all have the same place.
    #[test]
    fn no_client_knows_where_an_address_is_kept() {
        let places = |phones: &Phones| -> Vec<usize> {
            (0..1000u64).map(|number| phones.place(number)).collect()
        };
        let [one, other] = [0; 2].map(|_| places(&Phones::new(10, MOST_BYTES)));
        let same = one.iter().zip(&other).filter(|(one, other)| one == other).count();
        assert!(same < 100, "{same} of 1000 addresses have the same place in two servers");
    }

    /// Under whichever key: a place that has more than its share forgets new phones before old ones.
    #[test]
    fn addresses_in_a_row_are_spread_evenly() {
        for seed in 0..2000 {
            let shared = Box::leak(Box::new(SharedSeed::from_u64(seed)));
            let phones = Phones { keyed: Keyed::with_seed(seed, shared), ..Phones::new(10, 10) };
            for step in [1, 3] {
                let mut places = [0; SHARDS];
                for number in 0..640u64 {
                    places[phones.place(number * step)] += 1;
                }
                let most = places.into_iter().max().unwrap();
                assert!(most < 40, "{seed}: {most} of 640 addresses are in one of {SHARDS} places");
            }
        }
    }
}
