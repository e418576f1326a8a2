//! A number, and what it should be.

use core::fmt;

use serde::Serialize;

/// How much one thing costs over another, and how much it may.
#[derive(Serialize)]
pub(crate) struct Ratio {
    name: &'static str,
    value: f64,
    target: f64,
    bound: Bound,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Bound {
    AtLeast,
    AtMost,
}

/// A ratio that is better the smaller it is: cost over the least that it could be.
pub(crate) const fn at_most(name: &'static str, target: f64, value: f64) -> Ratio {
    Ratio { name, value, target, bound: Bound::AtMost }
}

/// A ratio that is better the larger it is: throughput over the most that it could be.
pub(crate) const fn at_least(name: &'static str, target: f64, value: f64) -> Ratio {
    Ratio { name, value, target, bound: Bound::AtLeast }
}

impl Ratio {
    fn is_met(&self) -> bool {
        match self.bound {
            Bound::AtLeast => self.value >= self.target,
            Bound::AtMost => self.value <= self.target,
        }
    }
}

/// A row of the table.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = match self.bound {
            Bound::AtLeast => "at least",
            Bound::AtMost => "at most",
        };
        let verdict = if self.is_met() { "" } else { "  MISSED" };
        write!(f, "{:<68} {:>7.3}  {bound} {}{verdict}", self.name, self.value, self.target)
    }
}
