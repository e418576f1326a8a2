//! Medians over processes.

use std::{
    path::Path,
    process::{Command, Stdio},
};

/// Runs one measurement in so many processes, and prints the median of each of its numbers with the range.
pub(crate) fn print(title: &str, command: &str, folder: &Path, repeat: usize) {
    println!("{title}");
    // The first one finds nothing in the page cache, and a store that has just been filled.
    if command == "start" {
        run(command, folder);
    }
    let runs: Vec<Vec<Line>> = (0..repeat.max(1)).map(|_| run(command, folder)).collect();
    for (row, line) in runs[0].iter().enumerate() {
        let mut values: Vec<f64> = runs.iter().map(|run| run[row].value).collect();
        values.sort_by(f64::total_cmp);
        let (median, least, most) = (values[values.len() / 2], values[0], values[values.len() - 1]);
        println!("  {:<52} {median:>10} {:<3} ({least} to {most})", line.what, line.unit);
    }
}

struct Line {
    what: String,
    value: f64,
    unit: String,
}

fn run(command: &str, folder: &Path) -> Vec<Line> {
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new(program).arg(command).arg(folder).stderr(Stdio::inherit()).output();
    let output = output.expect("it starts");
    assert!(output.status.success(), "`{command}` failed");
    String::from_utf8_lossy(&output.stdout).lines().map(Line::parse).collect()
}

impl Line {
    /// As the processes print them, times in one unit.
    fn parse(text: &str) -> Self {
        let parts: Vec<_> = text.split('|').collect();
        let [what, value, unit] = parts[..] else { panic!("no line of a name, a number and a unit: {text}") };
        let value = value.parse().expect("a number");
        Self { what: what.to_owned(), value, unit: unit.to_owned() }
    }
}
