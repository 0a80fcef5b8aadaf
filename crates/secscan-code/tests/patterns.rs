//! Patterns against source: what they find, and what they leave alone.
#![cfg(feature = "engine")]

use secscan_code::{Condition, Damage, Dialect, Expression, Import, Language, Question, examine};

fn question(dialect: Dialect, imports: &[&str], any: &[&str]) -> Question {
    let any = any.iter().map(|pattern| (*pattern).to_owned()).collect();
    let mut question = Question::new(dialect.language(), any);
    question.imports = imports.iter().map(|import| Import::parse(import)).collect();
    assert_eq!(question.unreadable(), Vec::<&str>::new());
    question
}

/// What is found, as the text of the places.
fn found<'s>(dialect: Dialect, question: &Question, source: &'s str) -> Vec<&'s str> {
    let examined = examine(source.as_bytes(), dialect, &[question]);
    assert_eq!(examined.damage, None, "{source}");
    examined.hits.iter().map(|hit| &source[hit.at.range()]).collect()
}

#[test]
fn python_names_are_full_names() {
    let run = question(Dialect::Python, &["subprocess"], &["subprocess.run($$$, shell=True)"]);
    for source in [
        "import subprocess\nsubprocess.run(c, shell=True)",
        "import subprocess as sp\nsp.run(c, check=True, shell=True)",
        "from subprocess import run\nrun(c, shell=True)",
        "from subprocess import run as r\nx = r(c, shell=True, env=e)",
        "from subprocess import *\nrun(c, shell=True)",
        "import subprocess\ngo = subprocess.run\ngo(c, shell=True)",
        "import subprocess\nSHELL = True\nsubprocess.run(c, shell=SHELL)",
    ] {
        assert_eq!(found(Dialect::Python, &run, source).len(), 1, "{source}");
    }
    for source in [
        "subprocess.run(c, shell=True)",
        "from mine import subprocess\nsubprocess.run(c, shell=True)",
        "from . import subprocess\nsubprocess.run(c, shell=True)",
        "import subprocess\nsubprocess.run(c)",
        "import subprocess\nsubprocess.run(c, shell=False)",
        "import subprocess\n# subprocess.run(c, shell=True)\nx = 'subprocess.run(c, shell=True)'",
    ] {
        assert_eq!(found(Dialect::Python, &run, source).len(), 0, "{source}");
    }
}

#[test]
fn builtins_are_not_what_the_file_defines() {
    let eval = question(Dialect::Python, &[], &["eval($CODE)"]);
    assert_eq!(found(Dialect::Python, &eval, "eval(x)"), ["eval(x)"]);
    assert!(found(Dialect::Python, &eval, "def eval(a): pass\neval(x)").is_empty());
    assert_eq!(found(Dialect::Python, &eval, "class M:\n  def eval(self): pass\neval(x)"), ["eval(x)"]);
    assert!(found(Dialect::Python, &eval, "from safe import eval\neval(x)").is_empty());
    assert!(found(Dialect::Python, &eval, "model.eval(x)").is_empty());
}

#[test]
fn javascript_modules_have_many_doors() {
    let exec = question(Dialect::JavaScript, &["child_process"], &["child_process.exec($COMMAND, $$$)"]);
    for source in [
        "const cp = require('child_process'); cp.exec(a)",
        "const { exec } = require('node:child_process'); exec(a, b)",
        "const { exec: run } = require('child_process'); run(a)",
        "import { exec } from 'child_process'; exec(a)",
        "import * as cp from 'child_process'; cp.exec(a)",
        "import cp from 'node:child_process'; cp?.exec(a)",
        "require('child_process').exec(a)",
        "const run = require('child_process').exec; run(a)",
        "async function f() { const cp = await import('child_process'); cp.exec(a) }",
    ] {
        for dialect in [Dialect::JavaScript, Dialect::TypeScript, Dialect::Tsx] {
            assert_eq!(found(dialect, &exec, source).len(), 1, "{dialect:?}: {source}");
        }
    }
    for source in ["exec(a)", "/x/.exec(a)", "import { exec } from './mine'; exec(a)", "const { exec } = db; exec(a)"] {
        assert!(found(Dialect::JavaScript, &exec, source).is_empty(), "{source}");
    }
}

#[test]
fn go_packages_java_types_and_rust_paths_resolve() {
    let md5 = question(Dialect::Go, &["crypto/md5"], &["md5.New()", "md5.Sum($$$)"]);
    let go = |imports: &str, call: &str| format!("package p\nimport {imports}\nfunc f() {{ _ = {call} }}\n");
    assert_eq!(found(Dialect::Go, &md5, &go("\"crypto/md5\"", "md5.New()")).len(), 1);
    assert_eq!(found(Dialect::Go, &md5, &go("h \"crypto/md5\"", "h.Sum(b)")).len(), 1);
    assert!(found(Dialect::Go, &md5, &go("\"example.com/md5\"", "md5.New()")).is_empty());

    let digest = question(Dialect::Java, &["java.security.MessageDigest"], &["MessageDigest.getInstance(\"MD5\")"]);
    let java = |import: &str| format!("{import}\nclass A {{ void f() {{ MessageDigest.getInstance(\"MD5\"); }} }}");
    assert_eq!(found(Dialect::Java, &digest, &java("import java.security.MessageDigest;")).len(), 1);
    assert_eq!(found(Dialect::Java, &digest, &java("import java.security.*;")).len(), 1);
    assert!(found(Dialect::Java, &digest, &java("import my.MessageDigest;")).is_empty());

    let command = question(Dialect::Rust, &["std::process::Command"], &["Command::new(\"sh\")"]);
    for import in ["use std::process::Command;", "use std::process::{self, Command};", "use std::process::*;"] {
        let source = format!("{import}\nfn f() {{ Command::new(\"sh\").arg(\"-c\"); }}");
        assert_eq!(found(Dialect::Rust, &command, &source), ["Command::new(\"sh\")"], "{import}");
    }
    let full = "use std::process;\nfn f() { process::Command::new(\"sh\"); }";
    assert_eq!(found(Dialect::Rust, &command, full).len(), 1);
    assert!(found(Dialect::Rust, &command, "use clap::Command;\nfn f() { Command::new(\"sh\"); }").is_empty());
}

#[test]
fn keys_have_no_order_and_others_do_no_harm() {
    let tls = question(Dialect::Go, &["crypto/tls"], &["tls.Config{InsecureSkipVerify: true}"]);
    let source = "package p\nimport \"crypto/tls\"\nvar c = &tls.Config{MinVersion: 1, InsecureSkipVerify: true}\n";
    assert_eq!(found(Dialect::Go, &tls, source).len(), 1);
    let agent = question(Dialect::JavaScript, &[], &["{rejectUnauthorized: false}"]);
    assert_eq!(found(Dialect::JavaScript, &agent, "f({a: 1, 'rejectUnauthorized': false, ...b})").len(), 1);
    assert!(found(Dialect::JavaScript, &agent, "f({rejectUnauthorized: true})").is_empty());
}

#[test]
fn objects_are_followed_through_local_variables() {
    let client = question(Dialect::Python, &["paramiko"], &["paramiko.SSHClient().exec_command($C)"]);
    let source = "import paramiko\ndef f(c):\n  client = paramiko.SSHClient()\n  client.exec_command(c)\n";
    assert_eq!(found(Dialect::Python, &client, source), ["client.exec_command(c)"]);
    let other = "import paramiko\ndef f(client, c):\n  client.exec_command(c)\n";
    assert!(found(Dialect::Python, &client, other).is_empty());
}

/// What `X` of `f(X)` keeps.
fn keeps(dialect: Dialect, condition: &Condition, source: &str) -> bool {
    let mut question = question(dialect, &[], &["f($X)"]);
    question.conditions.push(("X".to_owned(), condition.clone()));
    question.at = Some("X".to_owned());
    !found(dialect, &question, source).is_empty()
}

#[test]
fn what_is_written_out_is_literal() {
    let literal = Condition { literal: Some(true), ..Condition::default() };
    for source in [
        "f('a')",
        "f('a' 'b')",
        "f(f'a{1}')",
        "f(['a', 2])",
        "x = 'a'\nf(x)",
        "f('a' + QUERY)",
        "x = 'a'\nx = 'b'\nf(x)",
        "f('{} {}'.format('a', 1))",
        "f('a' if y else 'b')",
    ] {
        assert!(keeps(Dialect::Python, &literal, source), "{source}");
    }
    for source in ["f(x)", "f('a' + x)", "f(f'{x}')", "def g(x='a'):\n  f(x)", "x = 'a'\nx += y\nf(x)", "f(g('a'))"] {
        assert!(!keeps(Dialect::Python, &literal, source), "{source}");
    }
}

#[test]
fn text_put_together_is_assembled() {
    let assembled = Condition { assembled: Some(true), ..Condition::default() };
    let go = |imports: &str, argument: &str| format!("package p\n{imports}\nfunc g() {{ f({argument}) }}\n");
    let sprintf = go("import \"fmt\"", "fmt.Sprintf(\"a%s\", x)");
    let added = go("", "\"a\" + x");
    for (dialect, sources) in [
        (Dialect::Python, &["f(f'a{x}')", "f('a' + x)", "f('a %s' % x)", "f('{}'.format(x))"][..]),
        (Dialect::Python, &["q = f'{x}'\nf(q)", "q = 'a'\nq += x\nf(q)", "f(f'{x}'.encode())"]),
        (Dialect::JavaScript, &["f(`a${x}`)", "f('a' + x)", "const q = 'a' + x; f(q)", "f('a'.concat(x))"]),
        (Dialect::Go, &[&sprintf, &added]),
        (Dialect::Java, &["class A { void g() { f(\"a\" + x); } }"]),
        (Dialect::Java, &["class A { void g() { f(String.format(\"a%s\", x)); } }"]),
        (Dialect::Rust, &["fn g() { f(&format!(\"a{}\", x)) }", "fn g() { f(&format!(\"a{x}\")) }"]),
    ] {
        for source in sources {
            assert!(keeps(dialect, &assembled, source), "{source}");
        }
    }
    let plain = go("", "\"a\"");
    for (dialect, sources) in [
        (Dialect::Python, &["f('a')", "f(x)", "f(f'a')", "f(x + 1)", "f('a' + 'b')", "f(f'{TABLE}')"][..]),
        (Dialect::JavaScript, &["f(`a`)", "f(a + b)", "f('a' + 'b')"]),
        (Dialect::Go, &[&plain]),
        (Dialect::Rust, &["fn g() { f(&format!(\"a\")) }", "fn g() { f(\"a\") }"]),
    ] {
        for source in sources {
            assert!(!keeps(dialect, &assembled, source), "{source}");
        }
    }
}

#[test]
fn mentions_follow_names_and_leave_strings() {
    let expression = Expression::Written(secscan_model::Expression::new(r"(^|[._])ssn\b|request\.args"));
    let mentions = Condition { mentions: Some(expression), ..Condition::default() };
    for source in [
        "f(ssn)",
        "f(patient.ssn)",
        "f(patient['ssn'])",
        "f(f'a {patientSSN}')",
        "f('a %s' % ssn)",
        "x = request.args.get('u')\nf('http://' + x)",
        "from flask import request\nf(request.args['u'])",
    ] {
        assert!(keeps(Dialect::Python, &mentions, source), "{source}");
    }
    for source in ["f('ssn')", "f(lesson)", "f('ssn: ' + x)", "f(request.path)"] {
        assert!(!keeps(Dialect::Python, &mentions, source), "{source}");
    }
}

#[test]
fn hostile_files_are_bounded() {
    let eval = question(Dialect::Python, &[], &["eval($X)"]);
    for source in ["(".repeat(200_000), "[".repeat(200_000) + &"]".repeat(200_000), "f(".repeat(50_000)] {
        for dialect in Language::Python.dialects().iter().chain(Language::JavaScript.dialects()) {
            drop(examine(source.as_bytes(), *dialect, &[&eval]));
        }
    }
    let large = vec![b'a'; 3 * 1024 * 1024];
    assert_eq!(examine(&large, Dialect::Go, &[]).damage, Some(Damage::Size));
    let nonsense = examine(b"\xff\xfe )( }{ def class", Dialect::Python, &[&eval]);
    assert!(matches!(nonsense.damage, Some(Damage::Syntax { .. })));
}
