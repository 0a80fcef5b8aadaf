//! What the fixture does not show: stages one by one, places, broken files.

use secscan_model::SourceId;

use super::*;
use crate::{FileReading, computed::testing::show, read_file};

fn read(text: &str) -> FileReading {
    read_file(Source::from_text(SourceId(0), "Dockerfile", text))
}

fn find<'r>(reading: &'r FileReading, kind: &str) -> Vec<&'r Resource> {
    reading.batch.resources.iter().filter(|resource| &*resource.kind == kind).collect()
}

/// An attribute of the last stage.
fn last(text: &str, attribute: &str) -> String {
    let reading = read(text);
    show(find(&reading, "stage").last().expect("a stage").value.get(attribute).cloned())
}

#[test]
fn stages_accumulate_and_inherit() {
    for (text, attribute, expected) in [
        ("FROM a", "name", "0"),
        ("FROM a AS b", "name", "b"),
        ("FROM a AS b\nFROM c AS B", "name-taken", "true"),
        ("FROM a AS b\nFROM b", "name-taken", "false"),
        ("FROM a", "user", "none"),
        ("FROM a", "user-set", "false"),
        ("FROM a\nUSER root\nUSER app:app", "user", "app"),
        ("FROM a AS b\nUSER app\nFROM B", "user", "app"),
        ("FROM a AS b\nUSER app\nFROM B", "user-set", "true"),
        ("FROM a AS b\nUSER app\nFROM a", "user", "none"),
        ("FROM a\nUSER $U", "user", "?"),
        ("ARG U=app\nFROM a\nARG U\nUSER ${U}", "user", "app"),
        ("ARG U=app\nFROM a\nUSER ${U}", "user", "?"),
        ("FROM a AS b\nARG U=x\nFROM b\nUSER ${U}", "user", "x"),
        ("FROM a\nWORKDIR /a\nWORKDIR b", "workdir", "/a/b"),
        ("FROM a\nENV A=1 B=$A\nENV C=$A", "env", "{A: 1, B: ?, C: 1}"),
        ("FROM a\nARG A=1\nENV A=2\nENV B=$A", "env", "{A: 2, B: 2}"),
        ("FROM a\nEXPOSE 22/tcp 53/udp", "exposes", "[22, 53/udp]"),
        ("FROM a\nHEALTHCHECK CMD x\nHEALTHCHECK none", "healthcheck", "none"),
        ("FROM a AS b\nFROM c", "final", "true"),
        ("ARG V=1\nFROM a:$V", "base", "a:1"),
        ("ARG V\nFROM a:${V:-2}", "base", "a:2"),
        ("FROM --platform=x a:$TARGETARCH", "base", "?"),
    ] {
        assert_eq!(last(text, attribute), expected, "{text}");
    }
}

#[test]
fn images_are_those_that_are_no_stages() {
    let text =
        "FROM scratch AS a\nFROM a\nFROM A AS c\nFROM b:1\nCOPY --from=c . .\nCOPY --from=1 . .\nCOPY --from=d . .\n";
    let reading = read(text);
    let images: Vec<_> = find(&reading, "image-ref")
        .iter()
        .map(|image| (show(image.value.get("role").cloned()), show(image.value.get("reference").cloned())))
        .collect();
    assert_eq!(images, [("base".into(), "b:1".into()), ("copy-from".into(), "d".to_owned())]);
}

#[test]
fn commands_know_their_user_and_shell() {
    let text = "FROM a\nRUN one\nUSER app\nRUN two\nCMD three\nSHELL [\"/bin/bash\", \"-c\"]\nUSER late\nRUN four\nRUN [\"five\"]\n";
    let reading = read(text);
    let commands = find(&reading, "command");
    let of = |name: &str| {
        let command = commands.iter().find(|command| show(command.value.get("name").cloned()) == name).expect(name);
        (show(command.value.get("user").cloned()), show(command.value.get("shell").cloned()))
    };
    assert_eq!(of("one"), ("none".into(), "sh".into()));
    assert_eq!(of("two"), ("app".into(), "sh".into()));
    assert_eq!(of("three"), ("late".into(), "sh".into()), "runs with the image, not while it is built");
    assert_eq!(of("four"), ("late".into(), "bash".into()));
    assert_eq!(of("five"), ("late".into(), "exec".into()));
}

#[test]
fn a_cmd_continues_the_entrypoint() {
    let text = "FROM a AS b\nENTRYPOINT [\"/bin/app\"]\nFROM b\nCMD [\"--port=1\"]\nFROM c\nCMD [\"--port=2\"]\n";
    let reading = read(text);
    let shown = find(&reading, "command");
    let shown = shown.iter().map(|command| {
        let attribute = |name: &str| show(command.value.get(name).cloned());
        (attribute("name"), attribute("text"))
    });
    let expected = [("app", "/bin/app"), ("app", "/bin/app --port=1"), ("?", "--port=2")];
    assert_eq!(shown.collect::<Vec<_>>(), expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
}

#[test]
fn other_shells_are_not_split() {
    let text =
        "FROM mcr.microsoft.com/windows/servercore\nRUN a && b\nSHELL [\"PowerShell.exe\", \"-Command\"]\nRUN c; d\n";
    let reading = read(text);
    let names: Vec<_> =
        find(&reading, "command").iter().map(|command| show(command.value.get("name").cloned())).collect();
    assert_eq!(names, ["cmd", "powershell"]);
}

#[test]
fn values_stand_where_they_are_written() {
    let text = "ARG BASE=nginx:latest\nFROM $BASE\nRUN a && \\\n  # why\n  curl -k x\nUSER app:app\n";
    let reading = read(text);
    let written = |at: Location| &text[at.span.range()];
    let stage = find(&reading, "stage")[0];
    let base = stage.value.get("base").expect("a base");
    assert_eq!(written(base.at), "nginx:latest");
    assert_eq!(base.via().iter().map(|at| written(*at)).collect::<Vec<_>>(), ["$BASE"]);
    assert_eq!(written(stage.header()), "FROM $BASE");
    assert_eq!(written(stage.value.get("user").expect("a user").at), "app");
    let image = find(&reading, "image-ref")[0];
    assert_eq!(written(image.value.get("tag").expect("a tag").at), "latest");
    let commands: Vec<_> = find(&reading, "command").iter().map(|command| written(command.at)).collect();
    assert_eq!(commands, ["a", "curl -k x"]);
}

#[test]
fn what_has_no_stage_says_so() {
    assert_eq!(read("ARG A=1\n").diagnostics.len(), 1);
    let reading = read("RUN x\nFROM a\n");
    assert_eq!(reading.diagnostics.len(), 1);
    assert_eq!(reading.diagnostics[0].blinds, [Platform::Dockerfile]);
    let many = read(&"FROM a AS b\nENV A=1\n".repeat(2_000));
    assert_eq!(find(&many, "stage").len(), MAX_STAGES);
    assert_eq!(many.diagnostics.len(), 1, "the rest is reported as not judged");
}

#[test]
fn what_is_copied_stands_apart_from_its_target() {
    let reading = read("FROM a\nARG V=2\nCOPY . app-$V.txt /srv/\nADD [\"a b\", \"/c\"]\nCOPY alone\n");
    let shown = |kind: &str, key: &str| -> Vec<_> {
        find(&reading, kind).iter().map(|found| show(found.value.get(key).cloned())).collect()
    };
    assert_eq!(shown("COPY", "sources"), ["[., app-2.txt]", "[]"]);
    assert_eq!(shown("COPY", "target"), ["/srv/", "alone"]);
    assert_eq!(shown("ADD", "sources"), ["[a b]"]);
}

#[test]
fn the_program_that_reads_the_file_is_named_at_its_top() {
    let image = |text: &str| show(find(&read(text), "syntax").first().and_then(|it| it.value.get("image").cloned()));
    assert_eq!(image("# syntax = docker/dockerfile:1 more words\nFROM a"), "docker/dockerfile:1");
    assert_eq!(image("# escape=`\n#SYNTAX=a/b\nFROM a"), "a/b");
    assert_eq!(image("# a comment\n# syntax=a/b\nFROM a"), "none");
}

#[test]
fn what_a_build_never_sees_is_a_list_of_patterns() {
    let source = Source::from_text(SourceId(0), "app/.dockerignore", "# notes\n\n  .git\n!keep\n");
    let reading = read_file(source);
    let patterns = find(&reading, "ignore-file")[0].value.get("patterns").cloned();
    assert_eq!(show(patterns.clone()), "[.git, !keep]");
    let places: Vec<_> = patterns.iter().flat_map(|list| list.items()).map(|it| it.at.span.start).collect();
    assert_eq!(places, [11, 16]);
}
