//! Charts that mean harm or are broken: bounded, said, and the rest goes on.

use super::*;

#[test]
fn dependencies_beside_a_chart_are_found_and_never_outside_of_the_scan() {
    let chart = |repository: &str| {
        format!(
            "name: web\nversion: 1.0.0\ndependencies:\n- {{name: db, version: 1.0.0, repository: 'file://{repository}'}}\n"
        )
    };
    let (beside, outside, absolute) = (chart("../db"), chart("../../../../etc"), chart("/etc"));
    let back = "name: db\nversion: 1.0.0\ndependencies: [{name: web, version: 1.0.0, repository: 'file://../web'}]\n";
    for (metadata, other, rendered, said) in [
        (&beside, "name: db\nversion: 1.0.0\n", 2, None),
        (&beside, "name: db\nversion: 2.0.0\n", 1, Some("another name or version")),
        (&beside, back, 2, Some("depends on this one in turn")),
        (&outside, "name: db\nversion: 1.0.0\n", 1, Some("outside of what is scanned")),
        (&absolute, "name: db\nversion: 1.0.0\n", 1, Some("outside of what is scanned")),
    ] {
        let files =
            [("c/web/Chart.yaml", metadata.as_str()), ("c/db/Chart.yaml", other), ("c/db/templates/m.yaml", MAP)];
        let printed = printed(&files, &Options::default());
        assert_eq!(printed.templates.len(), rendered, "{metadata}{other}");
        let messages: Vec<_> = printed.diagnostics.iter().map(|said| &*said.message).collect();
        assert_eq!(said.is_some(), !messages.is_empty(), "{messages:?}");
        assert!(said.is_none_or(|said| messages.iter().any(|message| message.contains(said))), "{messages:?}");
    }
}

#[test]
fn hostile_charts_are_bounded_said_and_leave_the_rest() {
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n";
    let good = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good}\n";
    let grow = "{{ $x := list 1 }}{{ range until 60 }}{{ $x = list $x $x }}{{ end }}";
    let copies = "{{ $d := dict }}{{ range until 60 }}{{ $_ := set $d (print .) (deepCopy $d) }}{{ end }}";
    let (yaml, json, printed_out, equal) = (
        format!("{grow}{{{{ toYaml $x }}}}"),
        format!("{grow}{{{{ toJson $x }}}}"),
        format!("{grow}{{{{ $x }}}}"),
        format!("{grow}{{{{ deepEqual $x (list $x) }}}}"),
    );
    for template in [
        &yaml,
        &json,
        &printed_out,
        &equal,
        copies,
        "{{ define \"a\" }}{{ template \"b\" . }}{{ end }}{{ define \"b\" }}{{ include \"a\" . }}{{ end }}{{ template \"a\" . }}",
        "{{ tpl \"{{ tpl .t . }}\" (dict \"t\" \"{{ tpl .t . }}\") }}",
        "{{ range until 1000000000 }}x{{ end }}",
        "{{ range untilStep 0 1000000000 1 }}x{{ end }}",
        "{{ seq 1000000000 }}",
        "{{ range 1000000000 }}{{ end }}",
        "{{ repeat 1000000000 \"x\" }}",
        "{{ indent 1000000000 \"x\" }}",
        "{{ $a := repeat 100000 \"x\" }}{{ replace \"x\" $a $a }}",
        "{{ $a := repeat 100000 \"x\" }}{{ regexReplaceAll \"x\" $a $a }}",
        "{{ $a := repeat 100000 \"x\" }}{{ regexReplaceAll \".*\" $a (repeat 10000 \"$0\") }}",
        "{{ $a := repeat 100000 \"x \" }}{{ wrapWith 1 $a $a }}",
        "{{ $a := repeat 1000000 \"x\" }}{{ range until 1000000 }}{{ $_ := contains \"y\" $a }}{{ end }}",
        "{{ $a := list }}{{ range until 1000000 }}{{ $a = append $a . }}{{ end }}",
        "{{ $x := dict }}{{ $_ := set $x \"x\" $x }}{{ $_ := set $x \"y\" $x }}{{ toYaml $x }}",
        "{{ $a := repeat 10000 \"- a\\n\" }}{{ range until 100000 }}{{ $_ := fromYamlArray $a }}{{ end }}",
        "{{ $a := repeat 10000 \"a = 1\\n\" }}{{ range until 100000 }}{{ $_ := fromToml $a }}{{ end }}",
        "{{ $a := dict \"a\" (repeat 40000 \"x\") }}{{ range until 100000 }}{{ $_ := toYaml $a }}{{ end }}",
        "{{ range until 100000 }}{{ $_ := fromJson \"{}\" }}{{ end }}",
        "{{ range until 1000000 }}{{ $_ := regexMatch (print \"a{100}\" .) \"b\" }}{{ end }}",
    ] {
        let files = [("c/Chart.yaml", CHART), ("c/templates/a-bad.yaml", template), ("c/templates/good.yaml", good)];
        let limits = Limits { steps: 200_000, bytes: 4 << 20, ..Limits::default() };
        let printed = print_within(&sources(&files), &Options::default(), limits);
        let names: Vec<_> = printed.templates.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["web/templates/good.yaml"], "{template}");
        let limits: Vec<_> = printed.diagnostics.iter().map(|said| said.kind).collect();
        assert_eq!(limits, [DiagnosticKind::Limit], "{template}: {:?}", printed.diagnostics);
    }
    let files = [("c/Chart.yaml", CHART), ("c/values.yaml", bomb), ("c/templates/good.yaml", good)];
    let printed = printed(&files, &Options::default());
    assert_eq!(printed.templates.len(), 1);
    let kinds: Vec<_> = printed.diagnostics.iter().map(|said| said.kind).collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| *kind == DiagnosticKind::Limit), "{:?}", printed.diagnostics);
}

#[test]
fn values_of_wrong_types_are_diagnostics_and_what_cannot_be_read_is_said() {
    for (values, template) in [
        ("a: text\n", "{{ .Values.a.b }}"),
        ("a: text\n", "{{ range .Values.a }}x{{ end }}"),
        ("a: [1]\n", "{{ .Values.a | upper }}"),
        ("a: {}\n", "{{ index .Values.a 3 }}"),
        ("a: 1\n", "{{ hasKey .Values.a \"x\" }}"),
        ("a: [1]\n", "{{ eq .Values.a 1 }}"),
    ] {
        assert!(rendered(values, template).starts_with("ERROR this template was not rendered: "), "{template}");
    }
    for (path, text) in [("c/values.yaml", "a: [1"), ("c/Chart.yaml", "name: 'web"), ("c/values.yaml", "a: *nobody\n")]
    {
        let files = [("c/Chart.yaml", CHART), ("c/values.yaml", ""), ("c/templates/m.yaml", "a: 1\n")];
        let files = files.map(|(known, content)| (known, if known == path { text } else { content }));
        let printed = printed(&files, &Options::default());
        assert_eq!(printed.templates.len(), 1, "{path}");
        let said: Vec<_> = printed.diagnostics.iter().map(|said| (said.kind, said.blinds.clone())).collect();
        assert_eq!(said, [(DiagnosticKind::Syntax, vec![Platform::Kubernetes])], "{path}: {:?}", printed.diagnostics);
    }
}

#[test]
fn charts_that_multiply_are_bounded() {
    let aliases: String = (0..300).map(|at| format!("- {{name: db, version: '*', alias: a{at}}}\n")).collect();
    let chart = |name: &str, inner: &str| {
        format!("name: {name}\nversion: 1.0.0\ndependencies:\n{}", aliases.replace("db", inner))
    };
    let (a, b, c) = (chart("a", "b"), chart("b", "c"), chart("c", "d"));
    let files = [
        ("a/Chart.yaml", a.as_str()),
        ("a/charts/b/Chart.yaml", b.as_str()),
        ("a/charts/b/charts/c/Chart.yaml", c.as_str()),
        ("a/charts/b/charts/c/charts/d/Chart.yaml", "name: d\nversion: 1.0.0\n"),
        ("a/templates/m.yaml", "a: 1\n"),
    ];
    let printed = printed(&files, &Options::default());
    assert_eq!(printed.templates.len(), 1);
    assert!(printed.diagnostics.iter().any(|said| said.message.contains("more than a chart may be made of")));
}
