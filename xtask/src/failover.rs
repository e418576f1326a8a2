//! `cargo xtask failover`: what an automatic fail-over costs, and that it loses nothing.

use std::process::Command;

use crate::command;

/// Starts etcd and three Postgres under Patroni on this machine, a server on them, and kills primaries.
pub(crate) fn run() -> Result<(), String> {
    let has = |program| command::succeeds(Command::new(program).arg("--version"));
    if !(has("patroni") && has("etcd")) {
        return Err("this needs Patroni and etcd; as root: apt-get install patroni etcd-server".to_owned());
    }
    let test = ["test", "--locked", "--package", "certkeep", "--test", "patroni"];
    command::run(command::cargo(&test).args(["--", "--ignored", "--nocapture"]))
}
