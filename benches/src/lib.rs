//! Inputs and clocks that the suites, the ratios and the hostile inputs share.

pub mod certs;
pub mod edge;
pub mod fill;
pub mod handshake;
pub mod hostile;
pub mod measure;
pub mod sample;
