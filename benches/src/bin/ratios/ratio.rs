//! A number, and what it should be.

use core::fmt;

use serde::Serialize;

/// How much one thing costs over another, and how much it may.
#[derive(Serialize)]
pub(crate) struct Ratio {
    name: &'static str,
    value: f64,
    /// `null` where the ratio is only reported.
    target: Option<f64>,
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
    Ratio { name, value, target: Some(target), bound: Bound::AtMost }
}

/// A ratio that is better the larger it is: throughput over the most that it could be.
pub(crate) const fn at_least(name: &'static str, target: f64, value: f64) -> Ratio {
    Ratio { name, value, target: Some(target), bound: Bound::AtLeast }
}

/// A ratio without a target, for reading beside the others.
pub(crate) const fn reported(name: &'static str, value: f64) -> Ratio {
    Ratio { name, value, target: None, bound: Bound::AtMost }
}

impl Ratio {
    fn is_met(&self, target: f64) -> bool {
        match self.bound {
            Bound::AtLeast => self.value >= target,
            Bound::AtMost => self.value <= target,
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
        write!(f, "{:<76} {:>7.3}", self.name, self.value)?;
        match self.target {
            Some(target) if self.is_met(target) => write!(f, "  {bound} {target}"),
            Some(target) => write!(f, "  {bound} {target}  MISSED"),
            None => Ok(()),
        }
    }
}
