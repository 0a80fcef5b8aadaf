//! Commands of shell texts, written down as `name(args) flags`.

use proptest::prelude::*;

use super::*;
use crate::computed::testing::{partly, show, written};

/// Each command as `name args -flags [env] <from >redirects`, one a line.
fn listed(of: &Node, sources: &[Source]) -> Vec<String> {
    let list = child(of, sources);
    let items = list.as_ref().map_or(&[][..], Node::items);
    let text = |node: Option<&Node>| show(node.cloned());
    items
        .iter()
        .map(|command| {
            let Some(map) = command.as_map() else { return text(Some(command)) };
            let mut line = text(map.get("name"));
            for key in ["args", "flags", "packages", "env", "redirects"] {
                if let Some(value) = map.get(key) {
                    line += &format!(" {key}={}", text(Some(value)));
                }
            }
            for key in ["piped-from", "piped-to"] {
                if let Some(value) = map.get(key) {
                    let names: Vec<_> = value.items().iter().map(|other| text(other.get("name"))).collect();
                    line += &format!(" {key}={}", names.join(","));
                }
            }
            line
        })
        .collect()
}

fn commands_of(script: &str) -> String {
    let (node, source) = written(script);
    listed(&node, &[source]).join(" ; ")
}

#[test]
fn commands_words_and_flags() {
    for (script, expected) in [
        ("", ""),
        ("ls", "ls"),
        ("/usr/bin/curl -fsSL https://example.com", "curl args=[https://example.com] flags=[-fsSL, -f, -s, -S, -L]"),
        ("a; b && c || d & e\nf", "a ; b ; c ; d ; e ; f"),
        ("pip install --index-url=https://x -q", "pip args=[install] flags=[--index-url=https://x, --index-url, -q]"),
        ("rm -- -rf", "rm args=[--, -rf]"),
        ("echo 'a b' \"c d\" e\\ f 'g'\"h\"", "echo args=[a b, c d, e f, gh]"),
        ("echo \"a\\\"b\" # comment", "echo args=[a\"b]"),
        ("echo a#b '#c'", "echo args=[a#b, #c]"),
        ("A=1 B+=2 c d=3", "c args=[d=3] env={A: 1, B: 2}"),
        ("A=1", "none env={A: 1}"),
        ("export A=1", "export args=[A=1] env={A: 1}"),
        (
            "a > f 2>&1 < g",
            "a redirects=[{operator: >, target: f}, {operator: 2>&, target: 1}, {operator: <, target: g}]",
        ),
        ("a &>> f <<< w", "a redirects=[{operator: &>>, target: f}, {operator: <<<, target: w}]"),
        ("a \\\n  b", "a args=[b]"),
        ("a $B \"$C\" ${D}e", "a args=[?, ?, ?]"),
        ("$X a", "? args=[a]"),
        ("--config=f a", "? args=[a] flags=[--config=f, --config]"),
        ("$X/curl a", "curl args=[a]"),
        ("curl $CURL_OPTS u", "curl args=[?, u] flags=[??]"),
        ("mysql -p$P --password=$P", "mysql flags=[?, -p, ?, --password]"),
        ("a=(b c) d", "d env={a: ?}"),
        ("echo $((1 + 2)) $'a'", "echo args=[?, a]"),
    ] {
        assert_eq!(commands_of(script), expected, "{script}");
    }
}

#[test]
fn packages_are_what_an_installer_is_told_to_install() {
    for (command, expected) in [
        ("pip install --trusted-host pypi.org -r requirements.txt -qi https://x a 'b[c]==1' $D", "[a, b[c]==1, ?]"),
        ("pip3.13 --proxy p install -rfile --target=/t a", "[a]"),
        ("pip download a", "none"),
        ("sudo apt-get -o A=b -y install -t sid --no-install-recommends a b=1", "[a, b=1]"),
        ("apk add --no-cache -X https://x -t .build a", "[a]"),
        ("gem install a -v 1.0 -- --with-b", "[a]"),
        ("npm --prefix app install", "none"),
        ("npm i -g --registry https://x a@1", "[a@1]"),
        ("dnf install -y --setopt a=b c", "[c]"),
        ("cargo install a", "none"),
    ] {
        let (node, source) = written(command);
        let list = child(&node, &[source]);
        let last = list.as_ref().and_then(|list| list.items().last()).and_then(|command| command.get("packages"));
        assert_eq!(show(last.cloned()), expected, "{command}");
    }
}

#[test]
fn pipes_know_their_neighbours() {
    for (script, expected) in [
        ("curl u | sh", "curl args=[u] piped-to=sh ; sh piped-from=curl"),
        ("a | b |\n c; d", "a piped-to=b,c ; b piped-from=a piped-to=c ; c piped-from=b,a ; d"),
        ("(a; b) | c", "a piped-to=c ; b piped-to=c ; c piped-from=b,a"),
        ("a | { b; c; }", "a piped-to=b,c ; b piped-from=a ; c piped-from=a"),
        ("a | while read x; do b; done", "a piped-to=read,b ; read args=[x] piped-from=a ; b piped-from=a"),
        (
            "sudo curl u | sudo bash",
            "sudo args=[curl, u] piped-to=sudo,bash ; curl args=[u] piped-to=sudo,bash ; sudo args=[bash] piped-from=curl,sudo ; bash piped-from=curl,sudo",
        ),
        ("bash <(curl u)", "curl args=[u] piped-to=bash ; bash args=[?] piped-from=curl"),
        ("sh -c \"$(curl u)\"", "curl args=[u] piped-to=sh ; sh args=[?] flags=[-c] piped-from=curl"),
        ("eval \"$(a)\"", "a piped-to=eval ; eval args=[?] piped-from=a"),
        ("echo $(a)", "a ; echo args=[?]"),
        ("a || b | c && d", "a ; b piped-to=c ; c piped-from=b ; d"),
    ] {
        assert_eq!(commands_of(script), expected, "{script}");
    }
}

#[test]
fn commands_within_commands() {
    for (script, expected) in [
        (
            "sudo -u root env A=1 ls -l",
            "sudo args=[root, env, A=1, ls] flags=[-u, -l] ; env args=[A=1, ls] flags=[-l] ; ls flags=[-l] env={A: 1}",
        ),
        ("timeout -k 5 10 make", "timeout args=[5, 10, make] flags=[-k] ; make"),
        (
            "find . | xargs -n 1 rm",
            "find args=[.] piped-to=xargs,rm ; xargs args=[1, rm] flags=[-n] piped-from=find ; rm piped-from=find",
        ),
        ("sh -c 'a; b'", "sh args=[a; b] flags=[-c] ; a ; b"),
        ("bash -exc \"a \\\"b\\\"\"", "bash args=[a \"b\"] flags=[-exc, -e, -x, -c] ; a args=[b]"),
        ("su app -c 'a'", "su args=[app, a] flags=[-c] ; a"),
        ("echo `a` \"$(b `c`)\"", "a ; c ; b args=[?] ; echo args=[?, ?]"),
        ("bash <<'E'\na\nE\nb", "bash redirects=[{operator: <<, target: E}] ; a ; b"),
        ("cat <<-E | b\n\ta\n\tE\nc", "cat redirects=[{operator: <<-, target: E}] piped-to=b ; b piped-from=cat ; c"),
        ("X=$(a) b", "a ; b env={X: ?}"),
    ] {
        assert_eq!(commands_of(script), expected, "{script}");
    }
}

#[test]
fn keywords_are_no_commands() {
    for (script, expected) in [
        ("if a; then b; elif c; then d; else e; fi", "a ; b ; c ; d ; e"),
        ("if [ -f x ]; then b; fi", "[ args=[x, ]] flags=[-f] ; b"),
        ("if [[ a && b || c > d ]]; then e; fi", "[[ args=[a, b, c, d, ]]] ; e"),
        ("for x in a $(b); do c; done", "b ; c"),
        ("for ((i=0; i<3; i++)); do c; done", "c"),
        ("case $x in a|b) c ;; (d) e ;; *) f; esac; g", "c ; e ; f ; g"),
        ("f() { a; }; f", "a ; f"),
        ("function f { a; }\nf", "a ; f"),
        ("function f() {\n a\n}\nf", "a ; f"),
        ("! a", "a"),
        ("((x++)); a", "a"),
        ("while true; do a; done < f", "true ; a"),
        ("echo if then", "echo args=[if, then]"),
        ("} ) fi done a", "a"),
    ] {
        assert_eq!(commands_of(script), expected, "{script}");
    }
}

#[test]
fn what_the_host_format_leaves_open_is_unknown() {
    for (script, expected) in [
        ("echo ${{ github.event.issue.title }} b", "echo args=[?, b]"),
        ("echo \"a ${{ x }}\"", "echo args=[?]"),
        ("${{ inputs.cmd }} a", "? args=[a]"),
        ("echo \\${{ x }}", "echo args=[?]"),
        ("echo ${{ a && b | c }} | sh", "echo args=[?] piped-to=sh ; sh piped-from=echo"),
    ] {
        assert_eq!(listed(&partly(script), &[]).join(" ; "), expected, "{script}");
    }
}

#[test]
fn lists_of_words_are_commands_too() {
    let at = Location::default();
    let words = |words: &[&str]| words.iter().map(|word| Node::text(*word, at)).collect::<Vec<_>>();
    let show = |nodes: Vec<Node>| {
        let names: Vec<_> = nodes.iter().map(|node| show(node.get("text").cloned())).collect();
        names.join(" ; ")
    };
    assert_eq!(show(exec(&words(&["nginx", "-g", "daemon off;"]), at, &[])), "nginx -g daemon off;");
    assert_eq!(show(exec(&words(&["sh", "-c", "a && b"]), at, &[])), "sh -c a && b ; a ; b");
    assert_eq!(show(exec(&[], at, &[])), "");
}

#[test]
fn words_have_their_own_places() {
    let (node, source) = written("sudo \"curl\" -k 'a b' | sh");
    let commands = child(&node, std::slice::from_ref(&source)).expect("commands");
    let text = |node: &Node| source.text().expect("UTF-8")[node.at.span.range()].to_owned();
    let curl = &commands.items()[1];
    assert_eq!(text(curl), "\"curl\" -k 'a b'");
    assert_eq!(text(curl.get("name").expect("name")), "curl");
    assert_eq!(text(&curl.get("flags").expect("flags").items()[0]), "-k");
    assert_eq!(text(&curl.get("args").expect("args").items()[0]), "a b");
}

#[test]
fn limits_are_told() {
    for script in ["a;".repeat(3_000), "$(".repeat(1_000) + "a", "a ".repeat(200_000), "sudo ".repeat(10_000)] {
        let (node, source) = written(&script);
        let list = child(&node, &[source]).expect("commands");
        assert!(list.items().len() <= MAX_COMMANDS + 10, "bounded");
        let last = list.items().last().expect("at least one");
        assert_eq!(last.as_unresolved().is_some(), !script.starts_with("sudo"), "a cut list says so");
    }
}

#[test]
fn hostile_texts_end_in_time() {
    for piece in [
        "<<A ",
        "<<A\n",
        "$(",
        "`",
        "\"$(",
        "${",
        "(",
        "{ ",
        "if ",
        "case ",
        "case x in ",
        "a|",
        "sudo ",
        "sh -c '",
        "((",
        "a=(",
        "[[ ",
        "for ",
    ] {
        let script = piece.repeat(50_000 / piece.len());
        let (node, source) = written(&script);
        child(&node, &[source]);
    }
}

proptest! {
    #[test]
    fn any_text_is_read(script in r#"([ab$(){}'"`\\|&;<>\n #=\[\]-]|if|then|fi|case|esac|in|do|done|for|<<E|sudo |sh -c |\PC){0,80}"#) {
        let (node, source) = written(&script);
        let list = child(&node, std::slice::from_ref(&source));
        for command in list.iter().flat_map(Node::items) {
            prop_assert!(node.at.span.contains(command.at.span), "a command stands within its text");
        }
    }
}
