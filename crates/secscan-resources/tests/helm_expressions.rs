//! Every function and construct that charts use writes what the documentation says: `tests/helm/expressions.txt`.

use secscan_model::{Source, SourceId};
use secscan_resources::Options;
use secscan_resources::helm;

const EXPRESSIONS: &str = include_str!("helm/expressions.txt");

/// The templates with what they write.
fn expressions() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = EXPRESSIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(" ==> ").expect("a template, `==>`, a text"))
}

#[test]
fn templates_write_what_the_documentation_says() {
    let mut wrong = Vec::new();
    for (template, expected) in expressions() {
        let chart = Source::from_text(SourceId(0), "c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");
        let template_file = Source::from_text(SourceId(1), "c/templates/t.yaml", template);
        let printed = helm::print(&[chart, template_file], &Options::default());
        let found = match printed.templates.first() {
            Some((_, text)) => text.clone(),
            None => printed.diagnostics.iter().map(|said| said.message.to_string()).collect(),
        };
        if found != expected {
            wrong.push(format!("{template}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
