//! Every function and construct that charts use writes what the documentation says: `tests/helm/expressions.txt`.

#[path = "helm/printed.rs"]
mod printed;

use printed::printed;

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
        let found = printed(template, "").unwrap_or_else(|message| message);
        if found != expected {
            wrong.push(format!("{template}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
