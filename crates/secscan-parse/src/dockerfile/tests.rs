//! What the lists of instructions hold, and that no input breaks the parser.

use super::*;
use secscan_model::{DiagnosticKind, Location, SourceId};

fn parsed(text: &str) -> Parsed {
    parse(&Source::from_text(SourceId(2), "Dockerfile", text))
}

fn instructions(text: &str) -> Vec<Node> {
    let parsed = parsed(text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    parsed.documents[0].as_list().unwrap().to_vec()
}

fn kinds(parsed: &Parsed) -> Vec<DiagnosticKind> {
    parsed.diagnostics.iter().map(|diagnostic| diagnostic.kind).collect()
}

fn texts(node: Option<&Node>) -> Vec<&str> {
    node.map(Node::items).unwrap_or_default().iter().filter_map(Node::as_str).collect()
}

fn slice(text: &str, at: Location) -> &str {
    &text[at.span.range()]
}

#[test]
fn names_that_are_claimed() {
    for path in ["Dockerfile", "a/dockerfile", "Dockerfile.web", "web.Dockerfile", "Containerfile", "Dockerfile-dev"] {
        assert!(claims(path), "{path}");
    }
    for path in [
        "Dockerfile.dockerignore",
        "Dockerfile.md",
        "dockerfiles/a",
        "mydockerfile",
        "Dockerfile.j2",
        "dockerfile_test.go",
    ] {
        assert!(!claims(path), "{path}");
    }
}

#[test]
fn words_flags_and_their_places() {
    let text = "FROM --platform=$P alpine:3.20@sha256:ab AS Build\nCOPY --link --chown=a:b --from=x a b /c/\n";
    let all = instructions(text);
    let from = &all[0];
    assert_eq!(slice(text, from.name_at), "FROM");
    assert_eq!(slice(text, from.at), "FROM --platform=$P alpine:3.20@sha256:ab AS Build");
    assert_eq!(texts(from.get("args")), ["alpine:3.20@sha256:ab", "AS", "Build"]);
    let platform = from.at_path(&["flags", "platform"]).unwrap();
    assert_eq!((slice(text, platform.name_at), slice(text, platform.at)), ("--platform", "$P"));
    let copy = &all[1];
    assert_eq!(copy.get("instruction").unwrap().as_str(), Some("COPY"));
    assert_eq!(copy.at_path(&["flags", "link"]).unwrap().as_bool(), Some(true));
    assert_eq!(copy.at_path(&["flags", "from"]).unwrap().as_str(), Some("x"));
    assert_eq!(texts(copy.get("args")), ["a", "b", "/c/"]);
    assert_eq!(slice(text, copy.get("args").unwrap().at), "a b /c/");
}

#[test]
fn joined_lines_lose_comments_and_keep_places() {
    let text = "# top\r\nrun --mount=type=cache,target=/c --mount=type=secret,id=k apt \\\r\n  # inner\r\n\r\n  install é \\ \r\n  x\r\nUSER me\r\n";
    let parsed = parsed(text);
    let all = parsed.documents[0].as_list().unwrap();
    let run = &all[0];
    assert_eq!(run.get("instruction").unwrap().as_str(), Some("RUN"));
    assert_eq!(run.get("form").unwrap().as_str(), Some("shell"));
    let command = run.get("text").unwrap();
    assert_eq!(command.as_str(), Some("apt   install é   x"));
    let written = slice(text, command.at);
    assert!(written.starts_with("apt \\\r\n") && written.ends_with("  x"), "{written:?}");
    let mounts = run.at_path(&["flags", "mount"]).unwrap();
    assert_eq!(texts(Some(mounts)), ["type=cache,target=/c", "type=secret,id=k"]);
    assert_eq!(slice(text, mounts.as_list().unwrap()[1].at), "type=secret,id=k");
    assert_eq!(texts(all[1].get("args")), ["me"]);
    let comments: Vec<_> = parsed.comments.iter().map(|comment| &text[comment.span.range()]).collect();
    assert_eq!(comments, ["# top", "# inner"]);
}

#[test]
fn a_word_across_two_lines_is_one_word() {
    let text = "FROM alp\\\nine\nRUN a\\\\\nUSER b";
    let all = instructions(text);
    let image = &all[0].get("args").unwrap().as_list().unwrap()[0];
    assert_eq!((image.as_str(), slice(text, image.at)), (Some("alpine"), "alp\\\nine"));
    assert_eq!(all[1].get("text").unwrap().as_str(), Some("a\\\\"), "two escape characters do not join lines");
    assert_eq!(all.len(), 3);
}

#[test]
fn the_escape_directive_counts_only_at_the_top() {
    let text = "# syntax=docker/dockerfile:1\n# escape=`\nRUN dir C:\\ `\n  x\n";
    assert_eq!(instructions(text)[0].get("text").unwrap().as_str(), Some("dir C:\\   x"));
    assert_eq!(escape_character(text), '`');
    assert_eq!(escape_character("FROM x\n# escape=`\n"), '\\');
    assert_eq!(escape_character("# a comment\n# escape=`\n"), '\\');
    assert_eq!(escape_character("\u{feff}# escape = `\n"), '`');
}

#[test]
fn exec_forms_are_lists_and_broken_ones_shell_commands() {
    let text = "CMD [ \"a\", \"b \\\"c\" ]\nENTRYPOINT [\"x\"\nSHELL [\"sh\", \"-c\"]\nVOLUME [\"/a\", \"/b\"]\nRUN []\nCMD ['a']\nADD [\"a b\", \"c\"]\n";
    let all = instructions(text);
    let form = |at: usize| all[at].get("form").and_then(Node::as_str);
    assert_eq!((texts(all[0].get("args")), form(0)), (vec!["a", "b \"c"], Some("exec")));
    assert_eq!(slice(text, all[0].get("args").unwrap().as_list().unwrap()[1].at), "\"b \\\"c\"");
    assert_eq!((all[1].get("text").unwrap().as_str(), form(1)), (Some("[\"x\""), Some("shell")));
    assert_eq!(texts(all[2].get("args")), ["sh", "-c"]);
    assert_eq!(texts(all[3].get("args")), ["/a", "/b"]);
    assert_eq!((texts(all[4].get("args")).len(), form(4)), (0, Some("exec")));
    assert_eq!(form(5), Some("shell"), "Docker takes what is not JSON for a command");
    assert_eq!(texts(all[6].get("args")), ["a b", "c"]);
}

#[test]
fn pairs_of_env_arg_and_label() {
    let text =
        "ENV A=1 B=\"x y\" C='$z' D=\nENV OLD all the  rest \nARG V\nARG W=1 X\nLABEL \"com.example\"=a \\\n  b=c\n";
    let all = instructions(text);
    let pair = |at: usize, name: &str| all[at].at_path(&["pairs", name]).unwrap().clone();
    assert_eq!(pair(0, "B").as_str(), Some("\"x y\""), "values are as written");
    assert_eq!((slice(text, pair(0, "B").name_at), slice(text, pair(0, "B").at)), ("B", "\"x y\""));
    assert_eq!((pair(0, "C").as_str(), pair(0, "D").as_str()), (Some("'$z'"), Some("")));
    assert_eq!(pair(1, "OLD").as_str(), Some("all the  rest"));
    assert!(pair(2, "V").is_null() && pair(3, "X").is_null());
    assert_eq!(pair(3, "W").as_str(), Some("1"));
    assert_eq!((pair(4, "com.example").as_str(), pair(4, "b").as_str()), (Some("a"), Some("c")));
}

#[test]
fn here_documents_are_read_with_their_instruction() {
    let text = "RUN <<EOF cat <<-'E2' 3<<x\necho $A\n# no comment\nEOF\n\ttabbed\n\tE2\nx\nCOPY <<\"f\" /etc/f\nbody\nf\nRUN echo $((1<<2)) a<<b \"<<q\" <<<here\nUSER u\n";
    let all = instructions(text);
    let documents = all[0].get("heredocs").unwrap().as_list().unwrap();
    let shown: Vec<_> = documents
        .iter()
        .map(|document| {
            let field = |name: &str| document.get(name).and_then(Node::as_str).unwrap_or("?");
            (field("delimiter"), field("text"), field("expand"))
        })
        .collect();
    assert_eq!(shown, [("EOF", "echo $A\n# no comment\n", "true"), ("E2", "tabbed\n", "false"), ("x", "", "true")]);
    assert_eq!(slice(text, documents[0].get("text").unwrap().at), "echo $A\n# no comment\n");
    assert_eq!(slice(text, documents[1].name_at), "<<-'E2'");
    assert!(slice(text, all[0].at).ends_with("E2\nx"), "the instruction ends with its last here-document");
    assert_eq!(texts(all[1].get("args")), ["<<\"f\"", "/etc/f"]);
    assert_eq!(all[1].get("heredocs").unwrap().as_list().unwrap()[0].get("expand").unwrap().as_bool(), Some(false));
    assert!(all[2].get("heredocs").is_none());
    assert_eq!(all.len(), 4);
}

#[test]
fn nested_instructions() {
    let text =
        "ONBUILD RUN <<E\nx\nE\nHEALTHCHECK --interval=5m CMD [\"a\"]\nHEALTHCHECK none\nONBUILD HEALTHCHECK CMD b\n";
    let all = instructions(text);
    let nested = all[0].get("nested").unwrap();
    assert_eq!(nested.get("instruction").unwrap().as_str(), Some("RUN"));
    assert_eq!(slice(text, nested.name_at), "RUN");
    assert_eq!(slice(text, all[0].at), "ONBUILD RUN <<E\nx\nE");
    assert_eq!(all[1].at_path(&["flags", "interval"]).unwrap().as_str(), Some("5m"));
    assert_eq!(all[1].at_path(&["nested", "form"]).unwrap().as_str(), Some("exec"));
    assert_eq!(texts(all[2].get("args")), ["none"]);
    assert_eq!(all[3].at_path(&["nested", "nested", "text"]).unwrap().as_str(), Some("b"));
}

#[test]
fn a_bad_line_loses_only_itself() {
    let text = "FROM a AS x\n~ what\nFROM b AS x\nRUN\nENV A\nSHELL sh\nHEALTHCHECK x\nONBUILD ONBUILD ONBUILD ONBUILD RUN a\nENV A=1 B\nRUN <<EOF\nlost";
    let parsed = parsed(text);
    assert_eq!(kinds(&parsed), [DiagnosticKind::Syntax; 8]);
    assert_eq!(slice(text, parsed.diagnostics[0].at.unwrap()), "~");
    let all = parsed.documents[0].as_list().unwrap();
    let names: Vec<_> = all.iter().filter_map(|node| node.get("instruction")?.as_str()).collect();
    assert_eq!(names, ["FROM", "FROM", "ENV", "RUN"]);
    assert_eq!(all[2].at_path(&["pairs", "A"]).unwrap().as_str(), Some("1"));
}

#[test]
fn hostile_inputs_stay_small() {
    let flags = format!("RUN {} x", "--a=b ".repeat(100_000));
    let all = instructions(&flags);
    assert_eq!(all[0].at_path(&["flags", "a"]).unwrap().as_list().unwrap().len(), 100_000);
    let line = format!("RUN {}\n", "x".repeat(10_000_000));
    assert_eq!(instructions(&line)[0].get("text").unwrap().as_str().unwrap().len(), 10_000_000);
    let joined = format!("RUN a{}\n", " \\\n".repeat(200_000));
    assert_eq!(instructions(&joined).len(), 1);
    let nested = format!("{}RUN a\n", "ONBUILD ".repeat(200_000));
    assert_eq!(kinds(&parsed(&nested)), [DiagnosticKind::Syntax]);
    let pairs: String = (0..100_000).map(|number| format!("A{number}=1 ")).collect();
    assert_eq!(instructions(&format!("ENV {pairs}"))[0].get("pairs").unwrap().entries().len(), 100_000);
    let list = format!("CMD {}\n", "[".repeat(200_000));
    assert_eq!(instructions(&list).len(), 1);
    let documents = format!("RUN {}\n", "<<E ".repeat(50_000));
    assert_eq!(parsed(&documents).diagnostics.len(), crate::MAX_DIAGNOSTICS);
    for text in ["", "\n", "\u{feff}", "# only\n", "\\", "RUN \\", "\0", "RUN \0", "FROM a\0b"] {
        parsed(text);
    }
    let mut source = Source::from_text(SourceId(1), "Dockerfile", "");
    source.bytes = b"FROM \xff\n".as_slice().into();
    assert_eq!(kinds(&parse(&source)), [DiagnosticKind::Unreadable]);
}

#[test]
fn what_only_has_the_name_is_no_dockerfile() {
    let colours = "syntax \"Dockerfile\" \"Dockerfile[^/]*$\"\nicolor red \"^(FROM|RUN)\"\n";
    let parsed = parse(&Source::from_text(SourceId(2), "Dockerfile.nanorc", colours));
    let said: Vec<_> = parsed.diagnostics.iter().map(|said| said.kind).collect();
    assert_eq!((parsed.documents.len(), &said[..]), (0, &[DiagnosticKind::Skipped][..]));
    assert!(is_one("Dockerfile.web", "ARG V=3\n  from alpine:$V\n") && is_one("Dockerfile", "RUN true\n"));
}
