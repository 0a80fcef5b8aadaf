use super::*;
use secscan_model::{Location, SourceId, Span};

struct None_;

impl Functions for None_ {
    fn call(&self, name: &str, arguments: &[Value], executor: &mut Executor<'_>) -> Option<Result<Value, Failure>> {
        match (name, arguments) {
            ("include", [name, dot]) => Some(executor.render(name.as_str()?, dot).map(Value::from)),
            ("tpl", [Value { data: Data::Text(text), .. }, dot]) => {
                Some(executor.render_text(text, dot).map(Value::from))
            }
            _ => None,
        }
    }
}

fn rendered(template: &str, dot: &Value) -> Result<Text, Failure> {
    let at = Location { source: SourceId(7), span: Span::new(0, template.len()) };
    let mut templates = Templates::default();
    let parsed = parse("main", &Text::of_file(template, at)).map_err(|error| Failure::from(error.message))?;
    parsed.into_iter().for_each(|definition| templates.add(definition));
    Executor::new(templates, &None_, Limits { steps: 20_000, bytes: 100_000, depth: 120 }).render("main", dot)
}

fn values() -> Value {
    let image = Text::of("nginx:1", Origin::at(Location { source: SourceId(1), span: Span::new(10, 17) }));
    Value::map([
        ("image", image.into()),
        ("port", 8080.0.into()),
        ("big", 1_234_567.0.into()),
        ("none", Value::nil()),
        ("list", vec![Value::from("a"), Value::from("b")].into()),
        ("map", Value::map([("y", 1.0.into()), ("x", true.into())])),
    ])
}

#[test]
fn templates_write_what_go_writes() {
    for (template, expected) in [
        ("a {{- 1 -}} b", "a1b"),
        ("a{{/* no */}}b {{- /* no */ -}} c", "abc"),
        ("{{ .port }} {{ .big }} {{ .none }}|{{ .missing }}|", "8080 1.234567e+06 ||"),
        ("{{ print 1 2 \"x\" 3 nil }}", "1 2x3 <nil>"),
        (
            "{{ printf \"%05d|%-4s|%q|%.2f|%v|%t|%x\" 42 \"ab\" \"q\\\"\" 1.5 .map true 255 }}",
            "00042|ab  |\"q\\\"\"|1.50|map[x:true y:1]|true|ff",
        ),
        ("{{ printf \"%d %s\" .port 1 }}", "%!d(float64=8080) %!s(int=1)"),
        ("{{ printf \"%d\" }}{{ printf \"x\" 1 }}", "%!d(MISSING)x%!(EXTRA int=1)"),
        ("{{ printf \"%[2]s%[1]*[3]d%[1]d\" 3 \"x\" 4 }}", "x  43"),
        ("{{ printf \"%[3]d %*d\" 1 2 }}", "%!d(BADINDEX) 2"),
        (
            "{{ printf \"%3v|%q|%.1f\" .list .list .map }}",
            "[  a   b]|[\"a\" \"b\"]|map[%!f(string=x):%!f(bool=true) %!f(string=y):1.0]",
        ),
        ("{{ range $i, $e := .list }}{{ $i }}={{ $e }};{{ end }}", "0=a;1=b;"),
        ("{{ range $k, $v := .map }}{{ $k }}{{ end }}{{ range .missing }}x{{ else }}none{{ end }}", "xynone"),
        ("{{ range .list }}{{ if eq . \"b\" }}{{ break }}{{ end }}{{ . }}{{ end }}", "a"),
        ("{{ range .list }}{{ if eq . \"a\" }}{{ continue }}{{ end }}{{ . }}{{ end }}", "b"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $y := 3 }}{{ end }}{{ $x }}", "2"),
        ("{{ if .none }}1{{ else if .image }}2{{ else }}3{{ end }}", "2"),
        (
            "{{ with .map }}{{ .x }}{{ $.port }}{{ end }}{{ with .none }}x{{ else with .list }}{{ len . }}{{ end }}",
            "true80802",
        ),
        ("{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" .port }}{{ include \"t\" \"x\" }}", "<8080><x>"),
        ("{{ block \"b\" 5 }}[{{ . }}]{{ end }}", "[5]"),
        ("{{ and 1 0 .missing.boom }}{{ or 0 \"x\" .missing.boom }}{{ not 0 }}", "0xtrue"),
        ("{{ (index .list 1) }}{{ index .map \"y\" }}{{ slice \"abcd\" 1 3 }}{{ slice .list 1 }}", "b1bc[b]"),
        ("{{ ((.missing).a).b }}{{ $n := .none }}{{ $n.a.b }}ok", "ok"),
        (
            "{{ eq 1 2 1 }}{{ ne \"a\" \"b\" }}{{ lt 1 2 }}{{ ge \"b\" \"a\" }}{{ eq .none nil }}{{ eq nil \"x\" }}",
            "truetruetruetruetruefalse",
        ),
        (
            "{{ 0x1p4 }} {{ 0x10 }} {{ 1_000 }} {{ 'a' }} {{ 1.50 }} {{ `r\"aw` }} {{ \"\\u00e9\\t\" }}{{ -3 }}",
            "16 16 1000 97 1.5 r\"aw é\t-3",
        ),
        (
            "{{ \"x\" | printf \"%s-%s\" \"a\" }}{{ tpl \"{{ .port }}{{ define `q` }}d{{ end }}{{ include `q` . }}\" . }}",
            "a-x8080d",
        ),
        ("{{ html \"<a>\" }}{{ urlquery \"a b&\" }}{{ println 1 \"x\" }}", "&lt;a&gt;a+b%261 x\n"),
        ("{{\n  .port\n}}", "8080"),
        ("{{ len \"é\" }}{{ range 3 }}{{ . }}{{ end }}", "2012"),
    ] {
        match rendered(template, &values()) {
            Ok(text) => assert_eq!(text.as_str(), expected, "{template}"),
            Err(failure) => panic!("{template}: {failure}"),
        }
    }
}

#[test]
fn what_go_refuses_is_refused_with_its_place() {
    for (template, written, message) in [
        ("a {{ .missing.b }}", ".missing.b", "nil pointer evaluating interface {}.b"),
        ("{{ .image.b }}", ".image.b", "can't evaluate field b in type string"),
        ("{{ eq .port 1 }}", "eq .port 1", "`eq`: incompatible types for comparison: float64 and int"),
        ("{{ if true }}{{ nope 1 }}{{ end }}", "nope 1", "there is no function `nope`"),
        ("{{ range .image }}{{ end }}", "{{ range .image }}", "range can't iterate over nginx:1"),
        ("{{ template \"no\" }}", "{{ template \"no\" }}", "there is no template `no`"),
        (
            "{{ define \"r\" }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}",
            "{{ template \"r\" . }}",
            "templates include one another without end, or nest too deep",
        ),
        (
            "{{ range 1000000000 }}{{ end }}",
            "{{ range 1000000000 }}",
            "the template takes more steps than a chart may take",
        ),
        (
            "{{ range 200 }}{{ range 50 }}0123456789012345{{ end }}{{ end }}",
            "{{ range 50 }}",
            "the templates write more text than a chart may write",
        ),
    ] {
        let failure = rendered(template, &values()).unwrap_err();
        let found = failure.at.map(|at| &template[at.span.range()]);
        assert!(failure.message.contains(message), "{template}: {failure}");
        assert_eq!(found, Some(written), "{template}");
    }
}

#[test]
fn what_does_not_follow_the_language_is_said_with_its_place() {
    for (template, written, message) in [
        ("{{ if x }}", "{{ if x }}", "no `end`"),
        ("{{ end }}", "{{ end }}", "closes nothing"),
        ("a {{ .x", "{{", "no end"),
        ("{{ \"x }}", "\"", "no closing quote"),
        ("{{ (1 }}", "(", "not closed"),
        ("{{ | x }}", "|", "missing"),
        ("{{ 1 ) }}", ")", "more than"),
        ("{{ define x }}{{ end }}", "{{ define x }}", "named by text"),
        ("{{ ~ }}", "~", "no meaning"),
        ("{{ break }}", "{{ break }}", "in no `range`"),
        ("{{ range . }}{{ define \"x\" }}{{ continue }}{{ end }}{{ end }}", "{{ continue }}", "in no `range`"),
        ("{{ with 1 }}{{ else if 2 }}{{ end }}", "if", "more than"),
        ("{{ if 1 }}{{ end 2 }}", "2", "more than"),
        ("{{ define `t` }}a{{ end }}{{ block `t` . }}b{{ end }}", "{{ block `t` . }}", "defined twice"),
        ("{{ 9223372036854775808 }}", "9", "no number"),
    ] {
        let error = parse("main", &Text::plain(template)).unwrap_err();
        assert_eq!(&template[error.span.range()], written, "{template}");
        assert!(error.message.contains(message), "{template}: {error}");
    }
}

#[test]
fn every_byte_knows_its_template_and_its_value() {
    let template = "image: {{ .image }} # {{ define \"t\" }}in t{{ end }}{{ include \"t\" . }}";
    let text = rendered(template, &values()).unwrap();
    assert_eq!(text.as_str(), "image: nginx:1 # in t");
    let at = |written: &str| {
        let start = text.as_str().find(written).unwrap();
        let found = text.whereabouts(start..start + written.len());
        (&template[found.template.unwrap().span.range()], found.origin.at.map(|at| at.span.start))
    };
    assert_eq!(at("image"), ("image", None));
    assert_eq!(at("nginx:1"), ("{{ .image }}", Some(10)));
    assert_eq!(at("in t"), ("in t", None), "the place in the named template, not that of its use");
}

#[test]
fn a_format_writes_little_more_than_a_print_may() {
    let list: Value = vec![Value::from(1); 10_000].into();
    let text = printf::format(&Text::plain("%10000d"), &[vec![list.clone(), list].into()]);
    assert!(text.as_str().ends_with("...]"));
    assert!(text.as_str().len() < print::MAX_PRINT + 100_000);
}

proptest::proptest! {
    #[test]
    fn no_template_panics(pieces in proptest::collection::vec("(\\{\\{|\\}\\}|-| |\\.a|\\$x|:=|=|\\||\\(|\\)|\"|`|'|if|else|end|range|with|define|template|printf|%d|/\\*|\\*/|1|é|\n|,)", 0..40)) {
        let template = pieces.concat();
        let _ = rendered(&template, &values());
    }
}

#[test]
fn values_nested_deeper_than_any_stack_are_dropped() {
    let (mut list, mut map) = (Value::nil(), Value::nil());
    for _ in 0..300_000 {
        list = vec![list].into();
        map = Value::map([("x", map)]);
    }
    assert!(!list.deep_equal(&map));
}
