//! The runtime with a model whose answers can be foretold and whose runs can be held.

mod cameras;
mod captions;
mod describe;
mod describe_ends;
mod fairness;
mod faults;
mod frames;
mod gate;
mod managed;
mod memory;
mod names;
mod places;
mod prompts;
mod requests;
mod reuse;
mod rig;
mod shutdown;
mod tracks;
