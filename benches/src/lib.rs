//! Inputs that the suites and the ratios share.

pub mod hostile;
pub mod sample;
