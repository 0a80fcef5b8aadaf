//! A folder that the binary runs in, and what a run gives.

use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// The day that all runs believe in.
pub(crate) const TODAY: &str = "2026-11-21";

/// A run that takes longer hangs; a busy machine makes others wait for minutes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// A folder with files, removed at the end.
pub(crate) struct Workspace {
    folder: TempDir,
}

/// What a run of the binary gave.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; none when a signal ended the run.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workspace {
    /// A folder with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let workspace = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        for (path, text) in files {
            workspace.write(path, text);
        }
        workspace
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file and the folders above it.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let file = self.path(path);
        std::fs::create_dir_all(file.parent().unwrap_or(Path::new("."))).expect("the folder can be made");
        std::fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The binary, ready to run in this folder with nothing of the caller's environment that it heeds.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_secscan"));
        command.current_dir(self.folder.path()).args(arguments).timeout(PATIENCE);
        command.env_remove("SOURCE_DATE_EPOCH").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command.env_remove("SECSCAN_DB").env("XDG_DATA_HOME", self.path(".no-data"));
        // As in CI, nothing is kept between runs but where a test asks for it.
        command.env_remove("SECSCAN_CACHE").env("CI", "true");
        command
    }

    /// Runs the binary.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }

    /// Runs `secscan scan` on [`TODAY`].
    pub(crate) fn scan(&self, arguments: &[&str]) -> Run {
        self.run(&[&["scan", "--now", TODAY], arguments].concat())
    }

    /// Runs `secscan scan -f json` on [`TODAY`] and reads what it prints.
    pub(crate) fn report(&self, arguments: &[&str]) -> Value {
        self.scan(&[&["-f", "json"], arguments].concat()).json()
    }
}

impl Run {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the binary runs");
        let text = |bytes| String::from_utf8(bytes).expect("outputs are UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in the output of {self:?}"))
    }
}

/// `rule path:line status` of all findings of a JSON report, in its order.
pub(crate) fn findings(report: &Value) -> Vec<String> {
    let line = |finding: &Value| {
        format!(
            "{} {}:{} {}",
            text(&finding["rule"]),
            text(&finding["path"]),
            finding["start_line"],
            text(&finding["status"])
        )
    };
    list(&report["findings"]).iter().map(line).collect()
}

/// `kind path: message` of all diagnostics of a JSON report, in its order.
pub(crate) fn diagnostics(report: &Value) -> Vec<String> {
    let line = |diagnostic: &Value| {
        let path = diagnostic["path"].as_str().unwrap_or("-");
        format!("{} {path}: {}", text(&diagnostic["kind"]), text(&diagnostic["message"]))
    };
    list(&report["diagnostics"]).iter().map(line).collect()
}

/// The status of a control of a JSON report.
pub(crate) fn status<'r>(report: &'r Value, pack: &str, control: &str) -> &'r str {
    let found = list(&report["controls"]).iter().find(|entry| entry["pack"] == pack && entry["id"] == control);
    text(&found.unwrap_or_else(|| panic!("the report has {pack}:{control}"))["status"])
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("a list, not {value}"))
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}"))
}

/// A pod whose one container runs privileged: `k8s-privileged-container` (critical) finds it in line 9.
pub(crate) fn privileged_pod(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{ name: {name} }}\nspec:\n  containers:\n    - name: {name}\n      \
         image: example/{name}:1.4\n      securityContext:\n        privileged: true\n"
    )
}
