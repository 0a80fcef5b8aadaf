//! What scans keep for the next one, on disk.

use crate::workspace::Workspace;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true}\n";

fn records(workspace: &Workspace) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(workspace.path("kept")) else { return Vec::new() };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_second_scan_says_what_the_first_said() {
    let workspace = Workspace::with(&[("tree/pod.yaml", POD), ("tree/a.py", "x = eval(input())\n")]);
    let plain = workspace.scan(&["tree", "-f", "json", "--no-cache"]);
    let cached = ["tree", "-f", "json", "--cache-dir", "kept"];
    assert_eq!(workspace.scan(&cached).stdout, plain.stdout);
    assert_eq!(records(&workspace).len(), 2, "a report and texts");
    assert_eq!(workspace.scan(&cached).stdout, plain.stdout);
    workspace.write("tree/pod.yaml", POD.replace("hostPID: true", "hostPID: false"));
    let after = workspace.scan(&cached);
    assert_eq!(after.stdout, workspace.scan(&["tree", "-f", "json", "--no-cache"]).stdout);
    assert_ne!(after.stdout, plain.stdout);
    assert_eq!(records(&workspace).len(), 2, "records are replaced");
}

#[test]
fn damaged_records_are_ignored() {
    let workspace = Workspace::with(&[("tree/pod.yaml", POD)]);
    let cached = ["tree", "-f", "json", "--cache-dir", "kept"];
    let right = workspace.scan(&cached).stdout;
    let names = records(&workspace);
    for name in &names {
        let file = format!("kept/{name}");
        let whole = std::fs::read(workspace.path(&file)).expect("a record");
        for at in [0, 16, whole.len() / 2, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            // Without a report, the texts are asked for.
            std::fs::remove_file(workspace.path(&format!("kept/{}", names[0]))).expect("the report comes first");
            workspace.write(&file, &damaged);
            assert_eq!(workspace.scan(&cached).stdout, right, "{name} damaged at {at}");
            assert_eq!(std::fs::read(workspace.path(&file)).ok(), Some(whole.clone()), "{name} is mended");
        }
    }
}

#[test]
fn nothing_is_kept_in_ci_or_when_nobody_wants_it() {
    let workspace = Workspace::with(&[("tree/pod.yaml", POD)]);
    let home = workspace.path("home");
    let run = |arguments: &[&str], ci: Option<&str>| {
        let mut command = workspace.command(&[&["scan", "tree"], arguments].concat());
        command.env("XDG_CACHE_HOME", &home);
        match ci {
            Some(ci) => command.env("CI", ci),
            None => command.env_remove("CI"),
        };
        command.output().expect("the binary runs");
        home.join("secscan").is_dir()
    };
    assert!(!run(&[], Some("true")), "in CI");
    assert!(!run(&["--no-cache"], None), "switched off");
    assert!(run(&[], None), "in the user's folder");
}
