//! What a catalogue and a policy come to: the core as its users call it.

mod catalogue;
mod collections;
mod decode;
mod diff;
mod doubts;
mod explain;
mod keys_reach;
mod layers;
mod messages;
mod models;
mod policy;
mod policy_page;
mod properties;
mod shapes;
mod unlisted;
mod urls;
