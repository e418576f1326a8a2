//! Prints how much more than the unavoidable work ours costs.
//!
//! A group is a module with one function, from the number of rounds to its ratios, and one line in [`GROUPS`].

mod core;
mod edge;
mod postgres;
mod ratio;
mod service;
mod sled_writes;
mod store;

use clap::{Parser, builder::PossibleValuesParser};
use ratio::Ratio;

/// Ratios that belong together.
struct Group {
    name: &'static str,
    /// From the number of rounds.
    measure: fn(usize) -> Vec<Ratio>,
}

const GROUPS: [Group; 5] = [
    Group { name: "core", measure: core::measure },
    Group { name: "edge", measure: edge::measure },
    Group { name: "postgres", measure: postgres::measure },
    Group { name: "service", measure: service::measure },
    Group { name: "store", measure: store::measure },
];

/// Ratios of our work to the unavoidable part of it
#[derive(Parser)]
struct Arguments {
    /// What is measured; all groups unless some are named
    #[arg(value_name = "GROUP", value_parser = PossibleValuesParser::new(GROUPS.map(|group| group.name)))]
    groups: Vec<String>,
    /// Print a JSON list instead of a table
    #[arg(long)]
    json: bool,
    /// How often each pair is measured
    #[arg(long, default_value_t = 1000)]
    rounds: usize,
}

fn main() {
    let arguments = Arguments::parse();
    let is_wanted = |name: &str| arguments.groups.is_empty() || arguments.groups.iter().any(|g| g == name);
    let ratios: Vec<Ratio> = GROUPS
        .into_iter()
        .filter(|group| is_wanted(group.name))
        .flat_map(|group| (group.measure)(arguments.rounds))
        .collect();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&ratios).expect("numbers serialize"));
    } else {
        ratios.iter().for_each(|ratio| println!("{ratio}"));
    }
}
