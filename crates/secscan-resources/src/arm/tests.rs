//! Tables of templates: what a property evaluates to, and what hostile templates cost.

use secscan_model::{DiagnosticKind, Node};

use crate::for_tests::{resource, scan, show};

const HEAD: &str = r##"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "parameters": {
    "env": {"type": "string", "defaultValue": "dev"},
    "open": {"type": "string"},
    "none": {"type": "object", "nullable": true},
    "list": {"type": "array", "defaultValue": ["b", "a", "c"]},
    "map": {"type": "object", "defaultValue": {"x": 1, "y": {"z": true}}}
  },
  "variables": {"name": "[concat(parameters('env'), '-1')]", "self": "[variables('self')]"},
  "resources": [{"type": "A.B/c", "apiVersion": "1", "name": "n", "properties": {"x": "##;

/// What a property becomes when the template says so.
#[test]
fn functions_of_the_json_language() {
    let cases = [
        ("plain", "plain"),
        ("[[brackets]", "[brackets]"),
        ("[parameters('ENV')]", "dev"),
        ("[parameters('open')]", "?"),
        ("[concat('a', parameters('open'), 'b')]", "?a${parameters('open')}b"),
        ("[variables('name')]", "dev-1"),
        ("[variables('self')]", "?"),
        ("[format('{0}-{1:D3}-{{x}}', parameters('env'), 7)]", "dev-007-{x}"),
        ("[if(equals(parameters('env'), 'dev'), 'yes', parameters('open'))]", "yes"),
        ("[if(equals(parameters('open'), 'dev'), 'same', 'same')]", "same"),
        ("[if(equals(parameters('open'), 'dev'), 'one', null())]", "??"),
        ("[and(false(), equals(parameters('open'), 'x'))]", "false"),
        ("[or(true(), equals(parameters('open'), 'x'))]", "true"),
        ("[not(equals(parameters('open'), 'x'))]", "?"),
        ("[coalesce(parameters('none'), 'other')]", "other"),
        ("[parameters('list')[1]]", "a"),
        ("[parameters('list')[7]]", "?"),
        ("[parameters('map').y.z]", "true"),
        ("[parameters('map').y.?nothing]", "null"),
        ("[union(parameters('map'), createObject('x', 2))]", "{x: 2, y: {z: true}}"),
        ("[union(createObject('x', 2), parameters('open'))]", "{x: ?, ...}"),
        ("[intersection(createArray('a', 'b'), createArray('b', 'd'))]", "[b]"),
        ("[sort(parameters('list'), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))]", "[a, b, c]"),
        ("[map(range(1, 3), lambda('n', mul(lambdaVariables('n'), 2)))]", "[2, 4, 6]"),
        ("[filter(parameters('list'), lambda('n', not(equals(lambdaVariables('n'), 'a'))))]", "[b, c]"),
        ("[reduce(range(0, 4), 0, lambda('sum', 'n', add(lambdaVariables('sum'), lambdaVariables('n'))))]", "6"),
        ("[toLower('ABC')]", "abc"),
        ("[substring('abcdef', 2, 3)]", "cde"),
        ("[split('a,b', ',')]", "[a, b]"),
        ("[join(parameters('list'), '+')]", "b+a+c"),
        ("[contains(parameters('list'), 'a')]", "true"),
        ("[contains(parameters('map'), 'Y')]", "true"),
        ("[length(parameters('list'))]", "3"),
        ("[empty('')]", "true"),
        ("[take(parameters('list'), 1)]", "[b]"),
        ("[last('abc')]", "c"),
        ("[div(7, 0)]", "?"),
        ("[json('{\"a\": [1]}')]", "{a: [1]}"),
        ("[items(parameters('map'))[0].key]", "x"),
        ("[cidrSubnet('10.0.0.0/16', 24, 2)]", "10.0.2.0/24"),
        ("[uniqueString('x')]", "?"),
        ("[resourceId('A.B/c/d', 'one', 'two')]", "?${resourceGroup().id}/providers/A.B/c/one/d/two"),
        ("[concat('a', ]", "?"),
        ("['it''s']", "it's"),
    ];
    for (value, expected) in cases {
        let text = format!("{HEAD}{}}}}}]}}", serde_json_text(value));
        let (graph, _) = scan(&[("main.json", &text)]);
        let found = resource(&graph, "A.B/c/n").value.at_path(&["properties", "x"]).cloned();
        assert_eq!(show(found.as_ref()), expected, "{value}");
    }
}

#[test]
fn of_a_long_expression_the_beginning_is_shown() {
    let long = "ü".repeat(1_000);
    let text = format!("{HEAD}{}}}}}]}}", serde_json_text(&format!("[concat('a', uniqueString('{long}'))]")));
    let (graph, _) = scan(&[("main.json", &text)]);
    let found = resource(&graph, "A.B/c/n").value.at_path(&["properties", "x"]).cloned();
    // What stands before the `ü` is fourteen bytes long.
    assert_eq!(show(found.as_ref()), format!("?a${{uniqueString('{}...}}", &long[..1_024 - 14]));
}

/// A text as JSON writes it.
fn serde_json_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What an expression of Bicep becomes.
#[test]
fn expressions_of_bicep() {
    let cases = [
        ("env == 'dev' ? 1 : 2", "1"),
        ("env != 'dev' && open == 'x'", "false"),
        ("'${env}-${open}'", "?dev-${open}"),
        ("1 + 2 * 3 - 4", "3"),
        ("(1 + 2) * 3", "9"),
        ("-5 % 3", "-2"),
        ("!(1 < 2)", "false"),
        ("env =~ 'DEV'", "true"),
        ("none ?? 'other'", "other"),
        ("[\n 'a'\n 'b'\n]", "[a, b]"),
        ("[...list, 'd']", "[b, a, c, d]"),
        ("{ a: 1, ...map, y: 2 }", "{a: 1, x: 1, y: 2}"),
        ("[for (item, i) in list: '${item}${i}']", "[b0, a1, c2]"),
        ("[for n in range(0, 3): if (n > 0) { n: n }]", "[{n: 1}, {n: 2}]"),
        ("map(list, x => toUpper(x))", "[B, A, C]"),
        ("toObject(list, x => x, x => length(x))", "{b: 1, a: 1, c: 1}"),
        ("map.?nothing.?deeper", "null"),
        ("map.y!.z", "true"),
        ("list[0]", "b"),
        ("'''\nraw ${x}\n'''", "raw ${x}\n"),
        ("'\\'quoted\\' \\u{41}'", "'quoted' A"),
        ("own(2)", "4"),
        ("empty(list) ? 'none' : first(list)", "b"),
        ("union(map, { y: { w: 1 } })", "{x: 1, y: {z: true, w: 1}}"),
        ("nobody", "?"),
        ("sys.concat('a', 'b')", "ab"),
        ("env == 'dev'\n  ? 'first'\n  : 'second'", "first"),
        ("contains(list, 'a') ||\n  contains(list, 'z')", "true"),
    ];
    for (value, expected) in cases {
        let text = format!(
            "param env string = 'dev'\nparam open string\nparam none object?\nparam list array = ['b', 'a', 'c']\n\
             param map object = {{\n  x: 1\n  y: {{ z: true }}\n}}\nfunc own(n int) int => n * 2\n\
             resource r 'A.B/c@1' = {{\n  name: 'n'\n  properties: {{\n    x: {value}\n  }}\n}}\n"
        );
        let (graph, diagnostics) = scan(&[("main.bicep", &text)]);
        assert_eq!(diagnostics, [], "{value}");
        let found = resource(&graph, "A.B/c/n").value.at_path(&["properties", "x"]).cloned();
        assert_eq!(show(found.as_ref()), expected, "{value}");
    }
}

#[test]
fn places_are_those_of_what_is_written() {
    let text = "param tls string = 'TLS1_0'\nresource a 'A.B/c@1' = {\n  name: 'n'\n  properties: { tls: tls, on: false }\n}\n";
    let (graph, _) = scan(&[("main.bicep", text)]);
    let value = &resource(&graph, "A.B/c/n").value;
    let under = |node: &Node| &text[node.at.span.range()];
    let tls = value.at_path(&["properties", "tls"]).expect("a value");
    assert_eq!(under(tls), "'TLS1_0'", "a default stands where it is written");
    assert_eq!(&text[tls.via()[0].span.range()], "tls", "and was reached through its use");
    assert_eq!(&text[tls.name_at.span.range()], "tls", "under the key");
    assert_eq!(under(value.at_path(&["properties", "on"]).expect("a value")), "false");
    assert_eq!(&text[value.name_at.span.range()], "resource a 'A.B/c@1'", "the header is the line that declares it");
}

#[test]
fn each_parameter_file_makes_a_deployment() {
    let template = "param on bool = true\nresource a 'A.B/c@1' = {\n  name: 'n'\n  properties: { on: on }\n}\n";
    let given = |value: &str| format!("using 'main.bicep'\nparam on = {value}\n");
    let (graph, _) =
        scan(&[("main.bicep", template), ("one.bicepparam", &given("false")), ("two.bicepparam", &given("true"))]);
    let found = graph.resources.iter().filter(|resource| &*resource.kind == "A.B/c");
    let found: Vec<_> = found.map(|it| (&*it.unit, show(it.value.at_path(&["properties", "on"])))).collect();
    assert_eq!(found, [("arm:one.bicepparam", "false".to_owned()), ("arm:two.bicepparam", "true".to_owned())]);
}

/// What a secret is when its parameter is declared so, in both languages.
#[test]
fn an_empty_default_of_a_secure_parameter_is_given_at_deployment() {
    let bicep = |declared: &str| {
        format!("{declared}\nresource a 'A.B/c@1' = {{\n  name: 'n'\n  properties: {{ x: secret }}\n}}\n")
    };
    let json = |declared: &str| {
        let head = "\"$schema\": \"https://x/deploymentTemplate.json#\"";
        let resource =
            r#"{"type": "A.B/c", "apiVersion": "1", "name": "n", "properties": {"x": "[parameters('secret')]"}}"#;
        format!("{{{head}, \"parameters\": {{\"secret\": {declared}}}, \"resources\": [{resource}]}}")
    };
    let given = r#"{"$schema": "https://x/deploymentParameters.json#", "parameters": {"secret": {"value": "given"}}}"#;
    let module = "module m 'main.bicep' = {\n  name: 'm'\n}\n";
    let cases = [
        (vec![("main.bicep", bicep("@secure()\nparam secret string = ''"))], "??"),
        (vec![("main.bicep", bicep("@secure()\nparam secret object = {}"))], "??"),
        (vec![("main.bicep", bicep("@secure()\nparam secret string?"))], "??"),
        (vec![("main.bicep", bicep("param secret string = ''"))], ""),
        (vec![("main.bicep", bicep("@secure()\nparam secret string = 'written'"))], "written"),
        (vec![("main.bicep", bicep("@secure()\nparam secret string = ''")), ("outer.bicep", module.to_owned())], ""),
        (vec![("main.json", json(r#"{"type": "secureString", "defaultValue": ""}"#))], "??"),
        (vec![("main.json", json(r#"{"type": "securestring", "defaultValue": "[json('null')]"}"#))], "??"),
        (vec![("main.json", json(r#"{"type": "string", "defaultValue": ""}"#))], ""),
        (vec![("main.json", json(r#"{"type": "secureString", "defaultValue": "written"}"#))], "written"),
        (
            vec![
                ("main.json", json(r#"{"type": "secureString", "defaultValue": ""}"#)),
                ("main.parameters.json", given.to_owned()),
            ],
            "given",
        ),
    ];
    for (files, expected) in cases {
        let files: Vec<_> = files.iter().map(|(path, text)| (*path, &**text)).collect();
        let (graph, _) = scan(&files);
        let found = resource(&graph, "A.B/c/n").value.at_path(&["properties", "x"]).cloned();
        assert_eq!(show(found.as_ref()), expected, "{files:?}");
        let why = found.as_ref().and_then(Node::as_unresolved).map(|unknown| &*unknown.why);
        assert!(why.is_none_or(|why| why == "secure parameter `secret` is given at deployment"), "{why:?}");
    }
}

#[test]
fn what_a_bicep_file_was_built_to_is_not_judged_twice() {
    let built = r#"{"$schema": "https://x/deploymentTemplate.json#", "metadata": {"_generator": {"name": "bicep"}},
        "resources": [{"type": "A.B/c", "apiVersion": "1", "name": "n"}]}"#;
    let (graph, diagnostics) =
        scan(&[("main.bicep", "resource a 'A.B/c@1' = {\n  name: 'n'\n}\n"), ("main.json", built)]);
    assert_eq!(graph.resources.iter().filter(|resource| &*resource.kind == "A.B/c").count(), 1);
    assert_eq!(diagnostics[0].kind, DiagnosticKind::Skipped);
    let (graph, _) = scan(&[("main.json", built)]);
    assert_eq!(graph.resources.iter().filter(|resource| &*resource.kind == "A.B/c").count(), 1, "alone it is");
}

#[test]
fn hostile_templates_end() {
    let schema = "\"$schema\": \"https://x/deploymentTemplate.json#\"";
    let chain: Vec<String> =
        (0..40).map(|i| format!("\"v{i}\": \"[createArray(variables('v{0}'), variables('v{0}'))]\"", i + 1)).collect();
    let deep = format!("[{}1{}]", "createArray(".repeat(3_000), ")".repeat(3_000));
    let body = r#"{"type": "A.B/c", "apiVersion": "1", "name": "n", "properties": {"x": "VALUE"}}"#;
    let resources = r#"{"type": "A.B/c", "apiVersion": "1", "name": "[string(copyIndex())]",
        "copy": {"name": "l", "count": 1000000000}}"#;
    let properties = r#"{"type": "A.B/c", "apiVersion": "1", "name": "n",
        "properties": {"copy": [{"name": "p", "count": 1000000000, "input": "[copyIndex('p')]"}]}}"#;
    let nested = r#"{"type": "Microsoft.Resources/deployments", "apiVersion": "1", "name": "[string(copyIndex())]",
        "copy": {"name": "l", "count": 200}, "properties": {"templateLink": {"relativePath": "other.json"}}}"#;
    let template =
        |resource: &str| format!("{{{schema}, \"variables\": {{{}}}, \"resources\": [{resource}]}}", chain.join(","));
    let cases = [
        ("main.json", template(&body.replace("VALUE", "[variables('v0')]"))),
        ("main.json", template(&body.replace("VALUE", &deep))),
        ("main.json", template(resources)),
        ("main.json", template(properties)),
        ("main.bicep", format!("var x = {}1{}\n", "[".repeat(20_000), "]".repeat(20_000))),
        ("main.bicep", format!("var x = {}1\n", "!".repeat(20_000))),
        ("main.bicep", format!("var x = {}\n", "a ? b : ".repeat(20_000))),
        ("main.bicep", format!("var x = {}\n", "1 + ".repeat(20_000))),
        ("main.bicep", format!("var x = a{}\n", ".b".repeat(20_000))),
        ("main.bicep", "{".repeat(20_000)),
        ("main.bicep", format!("var x = '{}", "${'".repeat(5_000))),
        ("main.bicep", "resource a 'A.B/c@1' = [for i in range(0, 1000000000): { name: '${i}' }]\n".to_owned()),
        ("main.bicep", "var a = b\nvar b = a\nresource r 'A.B/c@1' = {\n  name: a\n  x: r.x\n}\n".to_owned()),
        ("main.bicep", "module m 'main.bicep' = [for i in range(0, 1000): {\n  name: 'm'\n}]\n".to_owned()),
    ];
    for (path, text) in &cases {
        scan(&[(path, text)]);
    }
    let (graph, _) = scan(&[
        ("main.json", &template(nested)),
        ("other.json", &template(nested).replace("other.json", "third.json")),
        ("third.json", &template(nested).replace("other.json", "main.json")),
    ]);
    assert!(graph.resources.len() < 50_000, "what deploys what deploys many is cut");
}
