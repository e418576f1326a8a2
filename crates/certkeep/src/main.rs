//! The certkeep binary.

fn main() {}
