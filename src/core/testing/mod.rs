//! For the tests of all layers: chance that repeats itself, and a model whose answers can be foretold.

pub mod dice;
pub mod fake_model;
