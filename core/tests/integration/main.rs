//! What a catalogue and a policy come to: the core as its users call it.

mod catalogue;
mod collections;
mod diff;
mod doubts;
mod explain;
mod layers;
mod policy;
mod policy_page;
mod properties;
