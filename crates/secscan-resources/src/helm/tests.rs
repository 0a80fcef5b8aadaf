use secscan_model::tree::MemoryTree;
use secscan_model::{Candidate, DiagnosticKind, FileTree, Platform, Resource, Source, SourceId};

use super::*;
use crate::{UnitReading, read_file_of, read_unit, units};

mod hostile;

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: \"4.5\"\n";

fn sources(files: &[(&str, &str)]) -> Vec<Source> {
    let mut files = files.to_vec();
    files.sort_unstable();
    let source = |(index, (path, text)): (usize, &(&str, &str))| Source::from_text(SourceId(index as u32), path, text);
    files.iter().enumerate().map(source).collect()
}

fn read(files: &[(&str, &str)], options: &Options) -> UnitReading {
    let sources = sources(files);
    let charts = Charts::of(sources.iter().map(|source| &*source.path));
    let readings: Vec<_> = sources.into_iter().map(|source| read_file_of(&charts, source)).collect();
    let units = units(&readings);
    let is_chart = |at: &usize| matches!(readings[*at].fragment, Some(crate::Fragment::Helm(_)));
    let unit = units.list.iter().find(|unit| unit.files.iter().any(is_chart));
    read_unit(unit.unwrap(), &units, &readings, None, options)
}

/// The text that a template of a chart renders to, with these values.
fn rendered(values: &str, template: &str) -> String {
    let printed = printed(
        &[("c/Chart.yaml", CHART), ("c/values.yaml", values), ("c/templates/a.yaml", template)],
        &Options::default(),
    );
    match printed.diagnostics.first() {
        Some(diagnostic) => format!("ERROR {}", diagnostic.message),
        None => printed.templates.into_iter().map(|(_, text)| text).collect(),
    }
}

fn printed(files: &[(&str, &str)], options: &Options) -> Printed {
    print(&sources(files), options)
}

fn kinds(reading: &UnitReading) -> Vec<String> {
    let resources = reading.batch.resources.iter().filter(|resource| resource.platform != Platform::Common);
    resources.map(|resource: &Resource| format!("{}:{}", resource.kind, resource.address)).collect()
}

const DEPLOYMENT: &str = r#"{{- if .Values.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.name" . }}
  labels: {{- include "web.labels" . | nindent 4 }}
spec:
  template:
    spec:
      containers:
        - name: web
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          securityContext: {{- toYaml .Values.security | nindent 12 }}
{{- end }}
"#;

const HELPERS: &str = r#"{{- define "web.name" -}}{{ .Release.Name }}-{{ .Chart.Name | trunc 63 }}{{- end }}
{{ define "web.labels" -}}
app: {{ include "web.name" . }}
chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
"#;

const VALUES: &str = "enabled: true\nimage:\n  repository: example/web\n  tag: \"\"\nsecurity:\n  privileged: true\n";

#[test]
fn a_chart_becomes_its_manifests_and_itself() {
    let files = [
        ("c/Chart.yaml", CHART),
        ("c/values.yaml", VALUES),
        ("c/templates/deployment.yaml", DEPLOYMENT),
        ("c/templates/_helpers.tpl", HELPERS),
    ];
    let reading = read(&files, &Options::default());
    assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    assert_eq!(kinds(&reading), ["chart:web", "Deployment:default/Deployment/release-name-web"]);
    let deployment = &reading.batch.resources[1];
    let container = &deployment.value.at_path(&["spec", "template", "spec", "containers"]).unwrap().items()[0];
    let privileged = container.at_path(&["securityContext", "privileged"]).unwrap();
    let written = |at: secscan_model::Location| {
        let source = sources(&files).into_iter().find(|source| source.id == at.source).unwrap();
        format!("{}: {}", source.path, &source.text().unwrap()[at.span.range()])
    };
    assert_eq!(written(privileged.at), "c/templates/deployment.yaml: {{- toYaml .Values.security | nindent 12 }}");
    assert_eq!(written(privileged.set_at().unwrap()), "c/values.yaml: true", "and the line of the values");
    let image = container.get("image").unwrap();
    assert_eq!(image.as_str(), Some("example/web:4.5"));
    assert_eq!(written(image.set_at().unwrap()), "c/values.yaml: example/web");
    let label = deployment.value.at_path(&["metadata", "labels", "chart"]).unwrap();
    assert_eq!(written(label.name_at), "c/templates/_helpers.tpl: chart");
}

#[test]
fn functions_do_what_helm_and_sprig_do() {
    let values = "a: 1\nb: text\nc: [x, z]\nd: {k: v, n: {m: 2}}\nt: '{{ .Values.b }}!'\nempty: {}\nbig: 12345678\non: yes\noct: 0644\nf: 1.5\n";
    for (template, expected) in [
        ("{{ .Values.b | upper | quote }}{{ squote 1 }}", "\"TEXT\"'1'"),
        ("{{ toYaml .Values.d }}", "k: v\n\"n\":\n  m: 2"),
        ("{{ toYaml .Values.c | indent 2 }}", "  - x\n  - z"),
        (
            "{{ toJson .Values.d }} {{ .Values.big }} {{ toYaml .Values.big }} {{ int .Values.big }}",
            "{\"k\":\"v\",\"n\":{\"m\":2}} 1.2345678e+07 12345678 12345678",
        ),
        ("{{ .Values.on }} {{ .Values.oct }} {{ .Values.f }}", "true 420 1.5"),
        ("{{ tpl .Values.t . }}", "text!"),
        ("{{ default \"z\" .Values.missing }}{{ .Values.missing | default 3 }}{{ coalesce nil \"\" \"q\" }}", "z3q"),
        (
            "{{ ternary \"a\" \"b\" true }}{{ empty .Values.empty }}{{ hasKey .Values.d \"k\" }}{{ hasKey .Values.missing \"k\" }}",
            "atruetruefalse",
        ),
        ("{{ dig \"n\" \"m\" 9 .Values.d }}{{ dig \"x\" \"m\" 9 .Values.d }}", "29"),
        ("{{ list 1 2 3 | join \",\" }}{{ splitList \".\" \"a.b\" | last }}{{ (split \"-\" \"p-q\")._1 }}", "1,2,3bq"),
        (
            "{{ $d := dict \"a\" 1 }}{{ $_ := set $d \"b\" 2 }}{{ keys $d | sortAlpha | join \"\" }}{{ $d }}",
            "abmap[a:1 b:2]",
        ),
        (
            "{{ merge (dict \"a\" 1) (dict \"a\" 2 \"b\" 3) }}{{ mergeOverwrite (dict \"a\" 1) (dict \"a\" 2) }}",
            "map[a:1 b:3]map[a:2]",
        ),
        (
            "{{ add 1 2 3 }}{{ sub 5 1 }}{{ mul 2 3 }}{{ div 7 2 }}{{ mod 7 4 }}{{ add1 1 }}{{ max 1 5 2 }}{{ round 1.25 1 }}",
            "64633251.3",
        ),
        (
            "{{ b64enc \"hi!\" }} {{ b64dec \"aGkh\" }} {{ sha256sum \"\" | trunc 8 }} {{ adler32sum \"a\" }}",
            "aGkh hi! e3b0c442 6422626",
        ),
        (
            "{{ trimSuffix \"-\" \"a-\" }}{{ trimPrefix \"v\" \"v1\" }}{{ trimAll \"$\" \"$5$\" }}{{ trunc -2 \"abc\" }}{{ substr 1 2 \"abc\" }}",
            "a15bcb",
        ),
        (
            "{{ replace \"+\" \"_\" \"1+2\" }}{{ contains \"b\" \"abc\" }}{{ hasPrefix \"a\" \"ab\" }}{{ repeat 2 \"x\" }}{{ nospace \" a b \" }}",
            "1_2truetruexxab",
        ),
        (
            "{{ camelcase \"foo_bar\" }} {{ kebabcase \"FooBar\" }} {{ snakecase \"FirstName\" }} {{ title \"a b\" }}",
            "FooBar foo-bar first_name A B",
        ),
        (
            "{{ semverCompare \">=1.19-0\" .Capabilities.KubeVersion.GitVersion }}{{ semverCompare \"^1.2\" \"2.0.0\" }}{{ semverCompare \"~1.2.3\" \"1.2.9\" }}{{ (semver \"1.2.3-b\").Minor }}",
            "truefalsetrue2",
        ),
        (
            "{{ regexMatch \"^a.c$\" \"abc\" }}{{ regexReplaceAll \"a(b)\" \"abab\" \"${1}x\" }}{{ regexFind \"[0-9]+\" \"a12\" }}",
            "truebxbx12",
        ),
        (
            "{{ kindOf .Values.c }}{{ typeOf 1 }}{{ kindIs \"map\" .Values.d }}{{ typeOf .Values.a }}",
            "sliceinttruefloat64",
        ),
        (
            "{{ (fromYaml \"a: {b: 1}\").a.b }}{{ (fromJson \"{\\\"x\\\": [1]}\").x }}{{ fromYamlArray \"[1, a]\" }}",
            "1[1][1 a]",
        ),
        (
            "{{ .Chart.Name }} {{ .Chart.AppVersion }} {{ .Release.Service }} {{ .Template.Name }} {{ .Template.BasePath }}",
            "web 4.5 Helm web/templates/a.yaml web/templates",
        ),
        (
            "{{ .Capabilities.APIVersions.Has \"apps/v1\" }}{{ .Capabilities.APIVersions.Has \"monitoring.coreos.com/v1\" }}{{ .Capabilities.KubeVersion }}",
            "truefalsev1.37.0",
        ),
        (
            "{{ has \"apps/v1\" .Capabilities.APIVersions }}{{ has \"example.com/v1\" .Capabilities.APIVersions }}{{ .Files.Get \"Chart.yaml\" }}",
            "truefalse",
        ),
        (
            "{{ range $i := until 3 }}{{ $i }}{{ end }}{{ untilStep 0 6 2 }}{{ seq 3 }}{{ first .Values.c }}{{ rest .Values.c }}{{ has \"x\" .Values.c }}",
            "012[0 2 4]1 2 3x[z]true",
        ),
        ("{{ toToml .Values.d }}", "k = \"v\"\n\n[n]\nm = 2\n"),
        (
            "{{ pick .Values.d \"k\" }}{{ omit .Values.d \"k\" | keys }}{{ without .Values.c \"x\" }}{{ uniq (list 1 1 2) }}{{ compact (list 0 1) }}",
            "map[k:v][n][z][1 2][1]",
        ),
        (
            "{{ (lookup \"v1\" \"Secret\" \"a\" \"b\").data }}|{{ toYaml (dict \"s\" \"true\" \"m\" \"a\\nb\\n\" \"e\" \"\" \"c\" \"a: b\") }}",
            "|c: 'a: b'\ne: \"\"\nm: |\n  a\n  b\ns: \"true\"",
        ),
        ("{{ required \"need it\" .Values.b }}{{ fail \"no\" }}", "ERROR this template was not rendered: `fail`: no"),
        (
            "{{ cat \"a\" 1 nil \"b\" }}{{ base \"a/b.c\" }}{{ dir \"a/b.c\" }}{{ ext \"a/b.c\" }}{{ clean \"a/../b\" }}",
            "a 1 bb.ca.cb",
        ),
        ("{{ (urlParse \"https://u@h:1/p?q=1#f\").host }}", "h:1"),
        ("{{ mustToJson (list 1 \"<\") }}{{ toRawJson \"<\" }}", "[1,\"\\u003c\"]\"<\""),
    ] {
        assert_eq!(rendered(values, template), expected, "{template}");
    }
}

#[test]
fn what_cannot_be_known_is_unresolved() {
    let template = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  a: {{ randAlphaNum 8 | b64enc }}\n  b: x-{{ now | date \"2006\" }}\n  c: {{ required \"set c\" .Values.c }}\n  d: known\n  e: {{ now.Unix }}\n  f: {{ now | dateModify \"1h\" | unixEpoch }}\n  g: {{ dateInZone \"15\" 0 \"Asia/Tokyo\" }}\n";
    let reading = read(&[("c/Chart.yaml", CHART), ("c/templates/a.yaml", template)], &Options::default());
    let data = reading.batch.resources[1].value.get("data").unwrap().clone();
    let why = |key: &str| data.get(key).unwrap().as_unresolved().map(|unresolved| unresolved.why.to_string());
    assert!(why("a").unwrap().contains("at random"));
    assert_eq!(data.get("b").unwrap().raw_text().unwrap(), "x-{{ }}");
    assert!(why("c").unwrap().contains("set c"));
    assert_eq!(why("d"), None);
    for key in ["e", "f"] {
        assert!(why(key).unwrap().contains("the time of the installation"), "{key}");
    }
    assert!(why("g").unwrap().contains("time zone"));
}

#[test]
fn the_metadata_has_the_names_of_go_in_templates_and_its_own_in_documents() {
    let chart = "name: web\nversion: 1.10\nmaintainers: [{name: Ann, email: a@example.org}, {url: 'https://example.org'}]\ndependencies: [{name: db, version: 1.x, condition: db.on, tags: [t], alias: store}]\nannotations: {a: b}\ndeprecated: true\nkeywords: [k]\n";
    let template = "{{ range .Chart.Maintainers }}{{ .Name }}<{{ .Email }}>{{ .URL }};{{ end }}{{ with index .Chart.Dependencies 0 }}{{ .Name }} {{ .Version }} {{ .Repository }}|{{ .Condition }} {{ .Tags }} {{ .Alias }} {{ .Enabled }} {{ .ImportValues }}{{ end }}\n{{ .Chart.Version }} {{ .Chart.Annotations.a }} {{ .Chart.Deprecated }} {{ .Chart.IsRoot }} {{ .Chart.Icon | quote }} {{ .Chart.Keywords }}\n{{ toYaml .Chart.Maintainers }}\n{{ toJson .Chart.Dependencies }}";
    let files =
        [("c/Chart.yaml", chart), ("c/templates/a.yaml", template), ("c/templates/b.yaml", "{{ .Chart.Nobody }}")];
    let printed = printed(&files, &Options::default());
    let expected = "Ann<a@example.org>;<>https://example.org;db 1.x |db.on [t] store false []\n1.1 b true true \"\" [k]\n- email: a@example.org\n  name: Ann\n- url: https://example.org\n[{\"alias\":\"store\",\"condition\":\"db.on\",\"name\":\"db\",\"tags\":[\"t\"],\"version\":\"1.x\"}]";
    assert_eq!(printed.templates, [("web/templates/a.yaml".to_owned(), expected.to_owned())]);
    assert!(printed.diagnostics.iter().any(|said| said.message.contains("`Nobody`")), "{:?}", printed.diagnostics);
}

#[test]
fn charts_for_other_releases_of_kubernetes_are_said_and_rendered() {
    let chart = "name: web\nversion: 1.0.0\nkubeVersion: '>=1.20.0-0 <1.30'\n";
    let files = [
        ("c/Chart.yaml", chart),
        ("c/templates/m.yaml", MAP),
        ("c/charts/db/Chart.yaml", "name: db\nversion: 1.0.0\nkubeVersion: <1.0\n"),
    ];
    for (kubernetes, refuses) in [(Some("1.29"), false), (Some("v1.19.3"), true), (None, true)] {
        let options = Options { kubernetes_version: kubernetes.map(Into::into), ..Options::default() };
        let printed = printed(&files, &options);
        assert_eq!(printed.templates.len(), 1);
        let said: Vec<_> =
            printed.diagnostics.iter().map(|said| (said.kind, &chart[said.at.unwrap().span.range()])).collect();
        let expected = [(DiagnosticKind::Configuration, "'>=1.20.0-0 <1.30'")];
        assert_eq!(said, if refuses { &expected[..] } else { &[] }, "{:?}", printed.diagnostics);
    }
}

#[test]
fn archives_that_hold_no_chart_are_said() {
    let empty = packed::packed(&[]);
    let other = packed::packed(&[("notes/readme.txt", b"nothing")]);
    let chart = "name: web\nversion: 1.0.0\n".as_bytes();
    let files: [(&str, &[u8]); 5] = [
        ("web/Chart.yaml", chart),
        ("web/charts/a.tgz", b"rubbish"),
        ("web/charts/b.tgz", b""),
        ("web/charts/c.tgz", &empty),
        ("web/charts/d.tgz", &other),
    ];
    let tree = MemoryTree::new(files);
    let said: Vec<_> = Unfolded::new(&tree)
        .list()
        .diagnostics
        .into_iter()
        .map(|said| (said.path.unwrap().to_string(), said.kind))
        .collect();
    let expected = ["a", "b", "c", "d"].map(|name| (format!("web/charts/{name}.tgz"), DiagnosticKind::Unreadable));
    assert_eq!(said, expected);
}

#[test]
fn quoted_text_may_go_on_anywhere_but_at_a_mark() {
    let values = "a: \"one\ntwo\"\nb:\n  c: 'three\n four'\n";
    assert_eq!(rendered(values, "{{ .Values.a }}, {{ .Values.b.c }}"), "one two, three four");
}

#[test]
fn a_template_that_fails_leaves_the_others_and_says_its_line() {
    let files = [
        ("c/Chart.yaml", CHART),
        ("c/templates/a.yaml", "x: 1\ny: {{ .Values.no.thing }}\n"),
        ("c/templates/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"),
        ("c/templates/c.yaml", "{{ if }}"),
        ("c/templates/d.yaml", "{{ include \"loop\" . }}{{ define \"loop\" }}{{ include \"loop\" . }}{{ end }}"),
        ("c/templates/e.yaml", "{{ range until 1000000000 }}x{{ end }}"),
        ("c/templates/NOTES.txt", "{{ fail \"not rendered\" }}"),
    ];
    let reading = read(&files, &Options::default());
    assert_eq!(kinds(&reading), ["chart:web", "ConfigMap:default/ConfigMap/b"]);
    let said: Vec<_> = reading
        .diagnostics
        .iter()
        .map(|diagnostic| (diagnostic.path.as_deref().unwrap_or_default(), diagnostic.kind))
        .collect();
    // What does not parse is said first, then the others in the order in which Helm takes them.
    let expected = [
        ("c/templates/c.yaml", DiagnosticKind::Syntax),
        ("c/templates/e.yaml", DiagnosticKind::Limit),
        ("c/templates/d.yaml", DiagnosticKind::Limit),
        ("c/templates/a.yaml", DiagnosticKind::Syntax),
    ];
    assert_eq!(said, expected, "{:?}", reading.diagnostics);
    let at = reading.diagnostics[3].at.unwrap();
    assert_eq!(&files[1].1[at.span.range()], ".Values.no.thing");
    assert!(reading.diagnostics.iter().all(|diagnostic| diagnostic.blinds == [Platform::Kubernetes]));
}

#[test]
fn charts_within_charts_take_values_conditions_aliases_and_globals() {
    let map = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  v: {{{{ .Values.v }}}}\n  g: {{{{ .Values.global.region }}}}\n  n: {{{{ .Chart.Name }}}}\n"
        )
    };
    let (db, off) = (map("{{ .Chart.Name }}"), map("off"));
    let files = [
        (
            "c/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: db, version: 1.x, alias: store, condition: store.enabled}\n- {name: off, version: '*', tags: [extra]}\n- {name: gone, version: 1.0.0}\n- {name: child, version: '>0', import-values: [data]}\n",
        ),
        ("c/values.yaml", "store: {v: from-parent}\ntags: {extra: false}\nglobal: {region: eu}\n"),
        ("c/charts/db/Chart.yaml", "name: db\nversion: 1.5.0\n"),
        ("c/charts/db/values.yaml", "v: own\nenabled: true\nglobal: {region: us}\n"),
        ("c/charts/db/templates/m.yaml", &db),
        ("c/charts/off/Chart.yaml", "name: off\nversion: 1.0.0\n"),
        ("c/charts/off/templates/m.yaml", &off),
        ("c/charts/child/Chart.yaml", "name: child\nversion: 2.0.0\ntype: library\n"),
        ("c/charts/child/values.yaml", "exports:\n  data:\n    imported: yes!\n"),
        ("c/charts/child/templates/_t.tpl", "{{ define \"shared\" }}from library{{ end }}"),
        (
            "c/templates/m.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: top}\ndata:\n  i: {{ .Values.imported }}\n  s: {{ include \"shared\" . }}\n  d: {{ .Values.store.v }}{{ .Subcharts.store.Chart.Name }}\n",
        ),
    ];
    let printed = printed(&files, &Options::default());
    let texts: Vec<_> = printed.templates.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!(texts[0].0, "web/charts/store/templates/m.yaml");
    assert!(texts[0].1.contains("v: from-parent\n  g: eu\n  n: store\n"), "{}", texts[0].1);
    assert!(texts[1].1.contains("i: yes!\n  s: from library\n  d: from-parentstore\n"), "{}", texts[1].1);
    assert!(printed.diagnostics.iter().any(|diagnostic| diagnostic.message.contains("`gone`")));
}

#[test]
fn the_user_sets_values_and_files_are_seen() {
    let options = Options {
        helm_values: vec![Source::from_text(SourceId(99), "prod.yaml", "a: {b: file}\nlist: [1]\nkill: null\n")],
        helm_set: vec!["a.c=1,s=x\\,y,list[1]=z,many={p,q},t=true".into()],
        kubernetes_version: Some("1.20".into()),
        ..Options::default()
    };
    let files = [
        ("c/Chart.yaml", CHART),
        ("c/values.yaml", "a: {b: own, k: kept}\nkill: 1\n"),
        ("c/.helmignore", "# no\n*.bak\n/templates/skip/\n"),
        ("c/conf/a.txt", "one\ntwo\n"),
        ("c/conf/b.bak", "no"),
        ("c/templates/skip/x.yaml", "{{ fail \"ignored\" }}"),
        ("c/templates/.hidden.yaml", "{{ fail \"ignored\" }}"),
        (
            "c/templates/a.yaml",
            "{{ .Values.a }} {{ .Values.s }} {{ .Values.list }} {{ .Values.many }} {{ .Values.t }} {{ .Values.kill }}|{{ .Capabilities.KubeVersion.Minor }}{{ .Capabilities.APIVersions.Has \"policy/v1beta1\" }}\n{{ .Files.Get \"conf/a.txt\" }}{{ (.Files.Glob \"conf/*\").AsConfig }}\n{{ range .Files.Lines \"conf/a.txt\" }}<{{ . }}>{{ end }}{{ range $p, $_ := .Files.Glob \"**.txt\" }}{{ $p }}{{ end }}",
        ),
    ];
    let printed = printed(&files, &options);
    assert_eq!(printed.diagnostics, []);
    assert_eq!(
        printed.templates[0].1,
        "map[b:file c:1 k:kept] x,y [1 z] [p q] true |20true\none\ntwo\na.txt: |\n  one\n  two\n<one><two>conf/a.txt"
    );
}

#[test]
fn templates_see_the_files_that_helm_does_not_read_itself() {
    let template = "{{ (.Files.Glob \"no/*\").AsConfig }}{{ (.Files.Glob \"no/*\").AsSecrets }}{{ if .Files.Glob \"no/*\" }}some{{ else }}none{{ end }}{{ range $path, $_ := .Files.Glob \"[\" }} {{ $path }}{{ end }}";
    let files = [
        ("c/Chart.yaml", CHART),
        ("c/Chart.lock", ""),
        ("c/charts/notes.txt", ""),
        ("c/crds/thing.yaml", ""),
        ("c/readme.md", ""),
        ("c/values.schema.json", "{}"),
        ("c/values.yaml", ""),
        ("c/templates/a.yaml", template),
    ];
    let printed = printed(&files, &Options::default());
    assert_eq!(printed.templates[0].1, "{}{}none crds/thing.yaml readme.md", "{:?}", printed.diagnostics);
}

#[test]
fn comments_of_templates_are_found_outside_of_actions() {
    let text = "a: 1 # one\n{{/* two */}}\nb: {{ \"#\" }} \n# three\nc: 'x # y'\n";
    let found: Vec<_> =
        places::comments(text).into_iter().map(|comment| (&text[comment.span.range()], comment.trailing)).collect();
    assert_eq!(found, [("# one", true), ("{{/* two */}}", false), ("# three", false)]);
}

/// The files of a tree, those of archives too.
fn unfolded(files: &[(&str, &[u8])]) -> Vec<Source> {
    let tree = MemoryTree::new(files.iter().copied());
    let tree = Unfolded::new(&tree);
    let source = |(index, file): (usize, &Candidate)| Source {
        bytes: tree.read(file).unwrap(),
        ..Source::from_text(SourceId(index as u32), &file.path, "")
    };
    tree.list().files.iter().enumerate().map(source).collect()
}

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {v: '{{ .Values.v }}'}\n";

#[test]
fn packed_charts_are_rendered_at_their_lines() {
    let db = packed::packed(&[
        ("db/Chart.yaml", b"name: db\nversion: 1.2.0\n"),
        ("db/values.yaml", b"v: packed\n"),
        ("db/templates/m.yaml", MAP.as_bytes()),
    ]);
    let chart =
        "name: web\nversion: 1.0.0\ndependencies: [{name: db, version: ^1.0.0, repository: 'https://example.com'}]\n";
    let sources =
        unfolded(&[("alone-1.2.0.tgz", &db), ("web/Chart.yaml", chart.as_bytes()), ("web/charts/db-1.2.0.tgz", &db)]);
    let printed = print(&sources, &Options::default());
    assert_eq!(printed.diagnostics, []);
    let names: Vec<_> =
        printed.templates.iter().map(|(name, text)| (name.as_str(), text.contains("v: 'packed'"))).collect();
    assert_eq!(names, [("db/templates/m.yaml", true), ("web/charts/db/templates/m.yaml", true)]);

    let other = chart.replace("^1.0.0", "^2.0.0");
    let sources = unfolded(&[("web/Chart.yaml", other.as_bytes()), ("web/charts/db-1.2.0.tgz", &db)]);
    let printed = print(&sources, &Options::default());
    assert!(printed.templates.is_empty());
    assert_eq!(printed.diagnostics.len(), 1);
    assert!(printed.diagnostics[0].message.contains("in another version"), "{:?}", printed.diagnostics);
    assert_eq!(printed.diagnostics[0].kind, DiagnosticKind::Unresolved);
}

#[test]
fn values_that_the_schema_refuses_are_said_at_their_line() {
    let files = [
        ("c/Chart.yaml", CHART),
        ("c/values.yaml", "image:\n  tag: 1\nport: 80\n"),
        (
            "c/values.schema.json",
            r#"{"properties": {"image": {"required": ["name"], "properties": {"tag": {"type": "string"}}}, "port": {"type": "integer"}}}"#,
        ),
        ("c/templates/m.yaml", MAP),
    ];
    let reading = read(&files, &Options::default());
    let said: Vec<_> = reading
        .diagnostics
        .iter()
        .map(|said| {
            let at = said.at.unwrap();
            let source = sources(&files).into_iter().find(|source| source.id == at.source).unwrap();
            (said.kind, source.path.to_string(), source.text().unwrap()[at.span.range()].to_owned())
        })
        .collect();
    let expected = |text: &str| (DiagnosticKind::Configuration, "c/values.yaml".to_owned(), text.to_owned());
    assert_eq!(said.len(), 2, "{:?}", reading.diagnostics);
    assert!(said.contains(&expected("1")), "{said:?}");
    assert_eq!(kinds(&reading), ["chart:web", "ConfigMap:default/ConfigMap/m"], "it is rendered all the same");
}

#[test]
fn one_template_can_prepare_what_the_others_see() {
    let files = [
        ("c/Chart.yaml", CHART),
        ("c/values.yaml", "defaults: {a: 1, b: 2}\nb: 3\n"),
        (
            "c/templates/zzz_profile.yaml",
            "{{ $_ := set $ \"Values\" (mustMergeOverwrite .Values.defaults (omit .Values \"defaults\")) }}",
        ),
        ("c/templates/a.yaml", "{{ .Values.a }}{{ .Values.b }}{{ .Template.Name }}"),
    ];
    let printed = printed(&files, &Options::default());
    let texts: Vec<_> = printed.templates.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["13web/templates/a.yaml", ""]);
}

#[test]
fn documents_are_cut_where_helm_cuts_them() {
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n{{- if true -}}\n# the next\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n{{- end }}\n---\n\n";
    let files = [("c/Chart.yaml", CHART), ("c/templates/a.yaml", template)];
    let reading = read(&files, &Options::default());
    assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    assert_eq!(kinds(&reading), ["chart:web", "ConfigMap:default/ConfigMap/a", "ConfigMap:default/ConfigMap/b"]);
    let second = &reading.batch.resources[2];
    assert_eq!(&template[second.at.span.range()][..10], "apiVersion");
}

#[test]
fn two_charts_are_two_deployments() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{name: a, image: a}]}\n";
    let sources = sources(&[
        ("a/Chart.yaml", CHART),
        ("a/templates/all.yaml", &format!("{service}---\n{pod}")),
        ("b/Chart.yaml", CHART),
        ("b/templates/pod.yaml", pod),
        ("pod.yaml", pod),
    ]);
    let charts = Charts::of(sources.iter().map(|source| &*source.path));
    let readings: Vec<_> = sources.into_iter().map(|source| read_file_of(&charts, source)).collect();
    let units = units(&readings);
    let read = units.list.iter().map(|unit| read_unit(unit, &units, &readings, None, &Options::default())).collect();
    let (graph, _) = crate::assemble(readings, read, Vec::new());
    let pods = graph.resources.iter().filter(|resource| &*resource.kind == "Pod").map(|pod| &*pod.unit);
    assert_eq!(pods.collect::<Vec<_>>(), ["kubernetes:default", "kubernetes:default@a", "kubernetes:default@b"]);
    let selected = graph.edges.iter().filter(|edge| &*edge.path == "spec.selector");
    let selected: Vec<_> = selected.map(|edge| &*graph.resource(edge.to).unit).collect();
    assert_eq!(selected, ["kubernetes:default@a"]);
}
