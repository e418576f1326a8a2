//! That what measures edges works, with small stores.

use std::process::Command;

#[test]
fn edges_can_be_measured() {
    let folder = std::env::temp_dir().join(format!("certkeep-edges-{}", std::process::id()));
    let output = Command::new(env!("CARGO_BIN_EXE_edges"))
        .args(["--smoke", "--folder"])
        .arg(&folder)
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    std::fs::remove_dir_all(&folder).expect("it has left its stores there");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for said in
        ["start to ready", "memory of a name", "that has signed", "an unknown name", "replaced to served"]
    {
        assert!(text.contains(said), "{text}");
    }
    let loads = text.lines().find(|line| line.contains("loads that they caused")).expect("a line");
    assert!(loads.contains(" 0 "), "{loads}");
}
