//! What a policy says of single devices, packed: a policy may name a million of them.
//!
//! Most devices only set options whose values are known, or depend on nothing but the packet. Those
//! are stored as a few bytes in one arena, equal ones once. A device that sets more (a VLAN, its own
//! system, texts with `{{url}}`) keeps its layer, equal ones once; its answer is compiled when asked.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Layer;
use crate::catalogue::{VariantIx, VendorIx};
use crate::encode::{self, Fault, Filled, Form, Op};
use crate::mac::Mac;
use crate::recognise::Named;
use crate::text::Live;
use crate::value::{Existing, Send, Value};

/// All devices of a policy, by hardware address.
#[derive(Debug, Clone, Default)]
pub struct Devices {
    /// Open addressing: 1 + the address as a number, 0 where free; a power of two long.
    keys: Vec<u64>,
    /// Beside each key: where its record begins in `arena`.
    records: Vec<u32>,
    arena: Vec<u8>,
    layers: Vec<DeviceLayer>,
    count: usize,
}

/// A device's layer that is compiled when asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeviceLayer {
    /// Where it is written.
    pub place: String,
    /// Its own keys.
    pub layer: Layer,
}

/// One device.
#[derive(Debug, Clone, Copy)]
pub struct Device<'d> {
    /// The maker and variant, where the policy says it.
    pub named: Option<Named>,
    /// `ignore`.
    pub ignore: Option<bool>,
    /// Only for a device that sets more than plain options.
    pub layer: Option<&'d DeviceLayer>,
    /// Its position in `layers`, or [`NO_LAYER`].
    layer_at: u32,
    options: &'d [u8],
}

/// A plain option of a device.
#[derive(Debug, Clone, Copy)]
pub struct DeviceOption<'d> {
    /// The option's number.
    pub code: u8,
    /// It is taken out.
    pub remove: bool,
    /// Whether it is sent to phones that do not request it.
    pub send: Send,
    /// What happens to an option that the server put in.
    pub existing: Existing,
    /// A program, see [`encode::run`]; else the bytes themselves.
    pub live: bool,
    /// Its content, or a program's code if `live`.
    pub value: &'d [u8],
}

/// A record before its options.
const HEAD: usize = 10;
const NO_VENDOR: u16 = u16::MAX;
const NO_LAYER: u32 = u32::MAX;
const REMOVE: u8 = 1;
const LIVE: u8 = 2;
const SEND_ALWAYS: u8 = 4;
const SEND_REQUESTED: u8 = 8;
const REPLACE: u8 = 16;
const KEEP: u8 = 32;

impl Devices {
    /// How many devices there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of memory that the devices take.
    pub fn bytes(&self) -> usize {
        self.keys.capacity() * 8 + self.records.capacity() * 4 + self.arena.capacity()
    }

    /// The entry for a hardware address.
    pub fn get(&self, mac: Mac) -> Option<Device<'_>> {
        if self.count == 0 {
            return None;
        }
        let key = mac.number() + 1;
        let mask = self.keys.len() - 1;
        let mut slot = spread(key) & mask;
        loop {
            match self.keys.get(slot)? {
                0 => return None,
                found if *found == key => return self.record(*self.records.get(slot)?),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// All devices, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Mac, Device<'_>)> {
        let slots = self.keys.iter().zip(&self.records).filter(|(key, _)| **key != 0);
        slots.filter_map(|(key, at)| Some((Mac::from_number(key - 1), self.record(*at)?)))
    }

    /// The layers that are compiled when asked, each once, with what the policy says a device is that has it.
    pub fn layers(&self) -> impl Iterator<Item = (&DeviceLayer, Option<Named>)> {
        let mut all = vec![None; self.layers.len()];
        for (_, device) in self.iter() {
            if let Some(named) = device.named
                && let Some(slot) = all.get_mut(device.layer_at as usize)
            {
                *slot = Some(named);
            }
        }
        self.layers.iter().zip(all)
    }

    fn record(&self, at: u32) -> Option<Device<'_>> {
        let (head, rest) = self.arena.get(at as usize..)?.split_first_chunk::<HEAD>()?;
        let [v1, v2, variant, ignore, l1, l2, l3, l4, n1, n2] = *head;
        let vendor = u16::from_be_bytes([v1, v2]);
        let layer = u32::from_be_bytes([l1, l2, l3, l4]);
        Some(Device {
            named: (vendor != NO_VENDOR).then_some(Named {
                vendor: VendorIx(vendor),
                variant: VariantIx::of_column(variant),
            }),
            ignore: match ignore {
                0 => None,
                1 => Some(false),
                _ => Some(true),
            },
            layer: self.layers.get(layer as usize),
            layer_at: layer,
            options: rest.get(..u16::from_be_bytes([n1, n2]).into())?,
        })
    }
}

impl<'d> Device<'d> {
    /// The number of its layer: devices that set the same have the same one.
    pub fn layer_number(&self) -> Option<u32> {
        self.layer.map(|_| self.layer_at)
    }

    /// The plain options, sorted by code.
    pub fn options(&self) -> impl Iterator<Item = DeviceOption<'d>> + use<'d> {
        let mut rest = self.options;
        std::iter::from_fn(move || {
            let ([code, flags, l1, l2], tail) = rest.split_first_chunk::<4>()?;
            let (value, tail) = tail.split_at_checked(u16::from_be_bytes([*l1, *l2]).into())?;
            rest = tail;
            Some(DeviceOption {
                code: *code,
                remove: flags & REMOVE != 0,
                send: match flags & (SEND_ALWAYS | SEND_REQUESTED) {
                    SEND_ALWAYS => Send::Always,
                    SEND_REQUESTED => Send::Requested,
                    _ => Send::Unset,
                },
                existing: match flags & (REPLACE | KEEP) {
                    REPLACE => Existing::Replace,
                    KEEP => Existing::Keep,
                    _ => Existing::Unset,
                },
                live: flags & LIVE != 0,
                value,
            })
        })
    }
}

/// Spreads addresses, which come in rows, over the table.
fn spread(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize
}

/// Collects devices while a policy is read.
#[derive(Debug, Default)]
pub(crate) struct DevicesBuilder {
    devices: Devices,
    /// Hash of a record's bytes to where it is, so that equal ones are stored once.
    seen: HashMap<u64, u32>,
    seen_layers: HashMap<u64, u32>,
}

impl DevicesBuilder {
    /// Makes room for so many more devices.
    pub(crate) fn reserve(&mut self, count: usize) {
        // At most 70 % full.
        let slots = (count * 10 / 7 + 1).next_power_of_two();
        self.devices.keys = vec![0; slots];
        self.devices.records = vec![0; slots];
    }

    /// Adds a device; false if its address is there already.
    pub fn add(
        &mut self,
        mac: Mac,
        named: Option<Named>,
        layer: Layer,
        place: impl Fn() -> String,
    ) -> bool {
        if self.devices.keys.len() * 7 <= self.devices.count * 10 {
            self.grow();
        }
        let at = self.store(named, layer, place);
        let key = mac.number() + 1;
        let mask = self.devices.keys.len() - 1;
        let mut slot = spread(key) & mask;
        while self.devices.keys[slot] != 0 {
            if self.devices.keys[slot] == key {
                return false;
            }
            slot = (slot + 1) & mask;
        }
        self.devices.keys[slot] = key;
        self.devices.records[slot] = at;
        self.devices.count += 1;
        true
    }

    /// Sorts what was added.
    pub fn build(mut self) -> Devices {
        self.devices.arena.shrink_to_fit();
        self.devices
    }

    fn grow(&mut self) {
        let (keys, records) =
            (std::mem::take(&mut self.devices.keys), std::mem::take(&mut self.devices.records));
        self.reserve((keys.len() * 2).max(8));
        let mask = self.devices.keys.len() - 1;
        for (key, record) in keys.into_iter().zip(records).filter(|(key, _)| *key != 0) {
            let mut slot = spread(key) & mask;
            while self.devices.keys[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.devices.keys[slot] = key;
            self.devices.records[slot] = record;
        }
    }

    fn store(&mut self, named: Option<Named>, mut layer: Layer, place: impl Fn() -> String) -> u32 {
        let ignore = match layer.ignore.take() {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        };
        let packed = pack_options(&layer);
        let (layer, options) = match packed {
            Some(options) => (NO_LAYER, options),
            None => (self.store_layer(layer, place), Vec::new()),
        };
        let mut record = Vec::with_capacity(HEAD + options.len());
        let vendor = named.map_or(NO_VENDOR, |named| named.vendor.0);
        record.extend_from_slice(&vendor.to_be_bytes());
        record.push(named.map_or(0, |named| named.variant.column()));
        record.push(ignore);
        record.extend_from_slice(&layer.to_be_bytes());
        record.extend_from_slice(&(options.len() as u16).to_be_bytes());
        record.extend_from_slice(&options);
        let arena = &mut self.devices.arena;
        let next = arena.len() as u32;
        let at = *self.seen.entry(hash(&record)).or_insert(next);
        let same = arena.get(at as usize..).is_some_and(|there| there.starts_with(&record));
        if at != next && same {
            return at;
        }
        arena.extend_from_slice(&record);
        next
    }

    fn store_layer(&mut self, mut layer: Layer, place: impl Fn() -> String) -> u32 {
        // Places differ from device to device; without them equal layers are equal.
        let place = place();
        for option in &mut layer.options {
            option.place = option.place.strip_prefix(&place).unwrap_or_default().to_owned();
        }
        let layers = &mut self.devices.layers;
        let next = layers.len() as u32;
        let at = *self.seen_layers.entry(hash(&layer)).or_insert(next);
        if layers.get(at as usize).is_some_and(|other| other.layer == layer) {
            return at;
        }
        layers.push(DeviceLayer { place, layer });
        next
    }
}

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The options in their packed form, or none if the layer says more than that.
fn pack_options(layer: &Layer) -> Option<Vec<u8>> {
    let plain = Layer { options: layer.options.clone(), ..Layer::default() };
    if plain != *layer {
        return None;
    }
    let only_live = |name: &str| match Live::named(name) {
        // Whether the policy has tokens at all is known only when it is compiled.
        Some(live) if live != Live::Token => Ok(Filled::Text(vec![Op::Live(live)])),
        _ => Err(Fault::Absent(String::new())),
    };
    let mut options: Vec<_> = layer.options.iter().map(|option| &option.value).collect();
    options.sort_by_key(|option| option.code);
    let mut packed = Vec::new();
    for option in options {
        let form = encode::compile(&option.value, option.nul, &only_live).ok()?;
        let mut flags = 0;
        if option.value == Value::Remove {
            flags |= REMOVE;
        }
        if matches!(form, Form::Live(_)) {
            flags |= LIVE;
        }
        flags |= match option.send {
            Send::Unset => 0,
            Send::Always => SEND_ALWAYS,
            Send::Requested => SEND_REQUESTED,
        };
        flags |= match option.existing {
            Existing::Unset => 0,
            Existing::Replace => REPLACE,
            Existing::Keep => KEEP,
        };
        let code = form.code();
        packed.extend([option.code, flags]);
        packed.extend_from_slice(&u16::try_from(code.len()).ok()?.to_be_bytes());
        packed.extend_from_slice(code);
    }
    (packed.len() <= usize::from(u16::MAX)).then_some(packed)
}
