//! Secrets: none in any output, one finding a file, suppressions anywhere, the index and the history of a repository.

use secscan_secrets::sample::expand;
use serde_json::Value;

use crate::since::{git, repository};
use crate::workspace::{Workspace, findings, list, text};

/// A credential that a detector accepts, made now.
fn made(template: &str) -> String {
    expand(template).expect("the template is right")
}

fn token() -> String {
    made("{{proof:github-crc32:ghp_}}")
}

/// The arguments that keep other rules out.
const ONLY_SECRETS: &[&str] = &["--only", "secret-in-source"];

fn secrets(workspace: &Workspace, arguments: &[&str]) -> Value {
    workspace.report(&[ONLY_SECRETS, arguments].concat())
}

#[test]
fn no_output_shows_a_secret_whatever_rule_quotes_its_line() {
    let (token, password) = (token(), "k9mQ2vLx7w");
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  hostPID: true # {token}\n  containers:\n  - name: c\n    \
         image: \"nginx:latest\" # {token}\n    env:\n    - {{name: URL, value: \"postgres://app:{password}@db.prod:5432/x\"}}\n"
    );
    let key = made("{{proof:der-key:RSA PRIVATE KEY}}");
    let workspace = Workspace::with(&[("pod.yaml", &pod), ("key.pem", &key), ("notes", &format!("t = {token}\n"))]);
    let outputs = ["json=r.json", "sarif=r.sarif", "text=r.txt"].map(|output| ["-o", output]);
    let run = workspace.scan(&[&["--show", "pass,unknown"], outputs.concat().as_slice()].concat());
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(workspace.run(&["baseline", "-o", "b.json"]).code, Some(0));
    let lines: Vec<&str> = key.lines().filter(|line| !line.starts_with('-')).collect();
    let files = ["r.json", "r.sarif", "r.txt", "b.json"].map(|file| workspace.read(file));
    for output in files.iter().chain([&run.stdout]) {
        assert!(!output.contains(&token) && !output.contains(password), "{output}");
        assert!(!lines.iter().any(|line| output.contains(line)), "{output}");
    }
    let found = findings(&workspace.report(&[]));
    for rule in [
        "k8s-host-pid pod.yaml:5",
        "secret-github-pat pod.yaml:5",
        "secret-postgres-uri pod.yaml:10",
        "secret-private-key-rsa key.pem:1",
    ] {
        assert!(found.iter().any(|line| line.starts_with(rule)), "{rule}: {found:#?}");
    }
    // Without the rules about secrets, what they know is masked all the same.
    let others = workspace.scan(&["--skip", "secret-in-source", "-f", "json"]);
    assert!(!others.stdout.contains(&token) && !others.stdout.contains(password), "{}", others.stdout);
}

#[test]
fn fingerprints_tell_nothing_about_a_password() {
    let report = |password: &str| {
        let text = format!("url = postgres://app:{password}@db.prod:5432/x\n");
        secrets(&Workspace::with(&[("a.conf", &text)]), &[])
    };
    let (one, other) = (report("k9mQ2vLx7w"), report("Z3rPw8sNb5"));
    assert_eq!(one["findings"][0]["fingerprint"], other["findings"][0]["fingerprint"]);
}

#[test]
fn one_secret_is_one_finding_a_file_with_the_others_related() {
    let token = token();
    let workspace = Workspace::with(&[
        ("a.conf", &format!("x = {token}\ny = {token}\n")),
        ("b.conf", &format!("\nx = {token}\n")),
        ("c.conf", &format!("x = {}\n", made("{{proof:github-crc32:ghp_}} ").trim())),
    ]);
    let report = secrets(&workspace, &[]);
    let expected =
        ["secret-github-pat a.conf:1 open", "secret-github-pat b.conf:2 open", "secret-github-pat c.conf:1 open"];
    assert_eq!(findings(&report), expected);
    let related = |index: usize| -> Vec<String> {
        let place = |related: &Value| format!("{}:{}", text(&related["path"]), related["start_line"]);
        list(&report["findings"][index]["related"]).iter().map(place).collect()
    };
    assert_eq!(related(0), ["a.conf:2", "b.conf:2"]);
    assert_eq!(related(1), ["a.conf:1"]);
    assert_eq!(related(2), [""; 0], "another secret");
}

#[test]
fn any_comment_style_sets_a_secret_aside() {
    let token = token();
    for (opener, closer) in
        [("#", ""), ("//", ""), ("--", ""), (";", ""), ("<!--", " -->"), ("/*", " */"), ("%", ""), ("REM", "")]
    {
        let above = format!("{opener} secscan:ignore secret-github-pat -- a test account{closer}\nx = {token}\n");
        let report = secrets(&Workspace::with(&[("file.odd", &above)]), &["--show", "suppressed"]);
        assert_eq!(findings(&report), ["secret-github-pat file.odd:2 suppressed"], "{opener}");
    }
}

#[test]
fn every_file_is_searched_or_counted() {
    let token = token();
    let workspace = Workspace::with(&[("plain", &format!("{token}\n"))]);
    let wide: Vec<u8> =
        format!("\u{FEFF}first\r\nkey = {token}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    workspace.write("wide.txt", wide);
    workspace.write("picture.png", [b"\x89PNG\0\0".as_slice(), token.as_bytes()].concat());
    let long = "x ".repeat(4 << 20);
    workspace.write("long.js", format!("{long}; const t = \"{token}\"; {long}"));
    workspace.write("large.txt", "y".repeat(11 << 20));
    workspace.write("large.zip", "z".repeat(11 << 20));
    let report = secrets(&workspace, &[]);
    let found = findings(&report);
    assert_eq!(found, ["secret-github-pat plain:1 open", "secret-github-pat wide.txt:2 open"].to_vec(), "{found:?}");
    let coverage = &report["coverage"];
    assert_eq!((&coverage["searched"], &coverage["binary"]), (&2.into(), &1.into()), "{coverage}");
    let said: Vec<_> = crate::workspace::diagnostics(&report);
    for start in ["limit large.txt: ", "limit long.js: ", "skipped large.zip: "] {
        assert!(said.iter().any(|line| line.starts_with(start)), "{start}: {said:?}");
    }
    workspace.write("secscan.toml", "max-file-size = 100000000\n");
    let found = findings(&secrets(&workspace, &[]));
    assert!(found.contains(&"secret-github-pat long.js:1 open".to_owned()), "{found:?}");
}

#[test]
fn what_is_staged_counts_and_nothing_else() {
    let Some(workspace) = repository(&[("old.conf", &format!("x = {}\n", token()))]) else { return };
    let other = made("{{random:dop_v1_[a-f0-9]{64}}}");
    workspace.write("new.conf", format!("y = {other}\n"));
    workspace.write("unstaged.conf", format!("y = {other}\n"));
    git(&workspace, ".", &["add", "new.conf"]);
    workspace.write("new.conf", "y = nothing\n");
    let report = secrets(&workspace, &["--staged"]);
    assert_eq!(
        findings(&report),
        ["secret-digitalocean-pat new.conf:1 open"],
        "the index counts, not the file on disk"
    );
    assert_eq!(workspace.scan(&["--staged"]).code, Some(1));
    // A line that was there does not keep a commit out.
    workspace.write("old.conf", format!("# a comment\n{}", workspace.read("old.conf")));
    git(&workspace, ".", &["rm", "-q", "-f", "new.conf"]);
    git(&workspace, ".", &["add", "old.conf"]);
    assert_eq!(workspace.scan(&["--staged"]).code, Some(0));
    git(&workspace, ".", &["reset", "-q", "--hard"]);
    assert_eq!(workspace.scan(&["--staged", "--strict"]).code, Some(0), "nothing staged is nothing wrong");
}

#[test]
fn history_tells_the_commit_that_brought_a_secret() {
    let token = token();
    let Some(workspace) = repository(&[("gone.conf", &format!("x = {token}\n")), ("kept.conf", "a = 1\n")]) else {
        return;
    };
    let first = git(&workspace, ".", &["rev-parse", "HEAD"]).stdout.trim().to_owned();
    let other = made("{{random:dop_v1_[a-f0-9]{64}}}");
    workspace.write("kept.conf", format!("a = 1\ny = {other}\n"));
    git(&workspace, ".", &["rm", "-q", "gone.conf"]);
    git(&workspace, ".", &["add", "--all"]);
    git(&workspace, ".", &["commit", "--quiet", "--message", "state"]);
    let second = git(&workspace, ".", &["rev-parse", "HEAD"]).stdout.trim().to_owned();
    workspace.write("kept.conf", format!("# moved\na = 1\ny = {other}\n"));
    assert_eq!(findings(&secrets(&workspace, &[])), ["secret-digitalocean-pat kept.conf:3 open"]);
    let report = secrets(&workspace, &["--history"]);
    assert_eq!(findings(&report), ["secret-github-pat gone.conf:1 open", "secret-digitalocean-pat kept.conf:3 open"]);
    let commits: Vec<_> =
        list(&report["findings"]).iter().map(|finding| text(&finding["introduced"]["commit"])).collect();
    assert_eq!(commits, [&first, &second]);
    assert!(text(&report["findings"][0]["introduced"]["author"]).contains('<'));
    let shown = workspace.scan(&["--history"]).stdout;
    assert!(shown.contains(&second) && !shown.contains(&other) && !shown.contains(&token), "{shown}");
}
