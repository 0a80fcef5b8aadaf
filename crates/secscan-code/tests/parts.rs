//! A file of which only parts are parsed gives the places that the whole file gives.
#![cfg(feature = "engine")]

use proptest::prelude::*;
use secscan_code::{
    Asked, Atom, Condition, Dialect, Examined, Expression, Gate, Import, Language, Occurrence, Question, examine,
    examine_parts,
};

fn question(imports: &[&str], any: &[&str], conditions: &[(&str, Condition)]) -> Question {
    let mut question = Question::new(Language::Go, any.iter().map(|pattern| (*pattern).to_owned()).collect());
    question.imports = imports.iter().map(|import| Import::parse(import)).collect();
    question.conditions = conditions.iter().map(|(name, condition)| ((*name).to_owned(), condition.clone())).collect();
    question.derive_atoms();
    question.derive_words(&|_| None);
    question
}

fn expression(text: &str) -> Expression {
    Expression::Written(secscan_model::Expression::new(text))
}

fn matches(text: &str) -> Condition {
    Condition { matches: Some(expression(text)), ..Condition::default() }
}

fn mentions(text: &str) -> Condition {
    Condition { mentions: Some(expression(text)), ..Condition::default() }
}

/// Questions that look through variables, constants, imports and the functions of the file.
fn questions() -> Vec<Question> {
    let assembled = Condition { assembled: Some(true), ..matches("(?i)select|^[a-z]+$") };
    let literal = |wanted| Condition { literal: Some(wanted), ..Condition::default() };
    let mut skips_verify = question(&[], &["$CONFIG.InsecureSkipVerify = true"], &[]);
    skips_verify.present = vec!["import \"crypto/tls\"".to_owned()];
    skips_verify.derive_atoms();
    vec![
        question(&["crypto/md5"], &["md5.New()"], &[]),
        question(&[], &["$LOG.Print($$$ARGS)"], &[("LOG", matches("(^|\\.)log$")), ("ARGS", mentions("password"))]),
        question(&[], &["$DB.Query($QUERY)"], &[("QUERY", assembled)]),
        question(&["net/http"], &["http.ListenAndServe(\":80\", $H)"], &[]),
        question(&["os/exec"], &["exec.Command($PROGRAM, $$$)"], &[("PROGRAM", literal(true))]),
        question(&[], &["check($X)"], &[("X", literal(false))]),
        question(&[], &["import \"net/http/pprof\""], &[]),
        skips_verify,
    ]
}

/// The gates of questions, and where their words occur in a file.
fn gated(questions: &[Question], source: &str) -> (Vec<Gate>, Vec<Occurrence>) {
    let mut atoms: Vec<&Atom> = questions.iter().flat_map(|of| of.atoms.iter().chain(&of.words)).flatten().collect();
    atoms.sort();
    atoms.dedup();
    let number = |atom: &Atom| atoms.binary_search(&atom).ok();
    let lower = source.to_ascii_lowercase();
    let mut words = Vec::new();
    for (word, atom) in (0..).zip(&atoms) {
        let starts = (0..lower.len()).filter(|start| lower.as_bytes()[*start..].starts_with(lowered(atom).as_bytes()));
        let stands = starts.filter(|start| atom.form.stands(&atom.text, source.as_bytes(), *start));
        words.extend(stands.map(|start| Occurrence { start: start as u32, word }));
    }
    words.sort();
    (questions.iter().map(|question| Gate::new(question, &number)).collect(), words)
}

fn lowered(atom: &Atom) -> String {
    atom.text.to_ascii_lowercase()
}

fn examine_both(source: &str) -> (Examined, Examined) {
    let questions = questions();
    let (gates, words) = gated(&questions, source);
    let asked: Vec<_> = questions.iter().zip(&gates).map(|(question, gate)| Asked { question, gate }).collect();
    let whole = examine(source.as_bytes(), Dialect::Go, &questions.iter().collect::<Vec<_>>());
    (whole, examine_parts(source.as_bytes(), Dialect::Go, &asked, &words))
}

const HEAD: &str = "package p\n\nimport (\n\t\"crypto/md5\"\n\t\"crypto/tls\"\n\t\"net/http\"\n\t\"os/exec\"\n)\n";

/// Declarations that find something, or make others find something, or hide it, or look like others.
static DECLARATIONS: &[&str] = &[
    "import _ \"net/http/pprof\"\n",
    "import secret \"example.com/password\"\nfunc secrets() {\n\tlog.Print(secret.One)\n}\n",
    "func hash() { _ = md5.New() }\n",
    "var hasher = md5.New()\n",
    "func show(password string) {\n\tlog.Print(password) // shown\n}\n",
    "func quiet() {\n\tlog.Print(\"nothing\")\n}\n",
    "var token = config.Password\n",
    "var (\n\tother = token\n\tthird, fourth = 1, other\n)\n",
    "func later() {\n\tlog.Print(token)\n\tlog.Print(fourth)\n}\n",
    "var log, logger = logrus.New(), 1\n",
    "func local() {\n\ttoken := 1\n\tlog.Print(token)\n}\n",
    "const (\n\tport = \":80\"\n\tname\n)\n",
    "func serve() {\n\thttp.ListenAndServe(port, nil)\n}\n",
    "func check(x int) {}\n",
    "func (t T) check() {}\n",
    "func calls(x int) {\n\tcheck(x)\n}\n",
    "var checked = check(size)\n",
    "const size = 1\n",
    "var size = len(os.Args)\n",
    "var query = fmt.Sprintf(\"select %s\", name)\n",
    "func ask() {\n\tdb.Query(query)\n}\n",
    "func askNow(id string) {\n\tdb.Query(\"select \" + id)\n}\n",
    "type Log interface {\n\tPrint(password, port, query string)\n}\n",
    "type Do func(token string)\nvar do func(port int)\n",
    "var raw = `\n}\nfunc check() {\n`\n",
    "func rawly(password int) {\n\tx := `\n}\nfunc check() {\n`\n\tlog.Print(x, password)\n}\n",
    "// } func check() {\n",
    "/* { */\n",
    "var run = exec.Command\n",
    "func start() {\n\trun(\"sh\", query)\n}\n",
    "var c = &tls.Config{InsecureSkipVerify: true}\n",
    "func insecure() {\n\tc.InsecureSkipVerify = true\n}\n",
    "var late = func(password int) {\n\tlog.Print(password)\n}\n",
];

/// What opens and closes something, or looks as if it did.
static NOISE: &[&str] = &[
    "func f() {\n",
    "}\n",
    "{\n",
    "var (\n",
    ")\n",
    "var a = ",
    "const a, b = 1, password\n",
    "func() {",
    "}()",
    "\tlog.Print(password)\n",
    "\tlog.Print(a)\n",
    "1",
    "`",
    "\"",
    "'{'",
    "'\\''",
    "// ",
    "/* ",
    "*/",
    "\n",
    ";",
    ",",
    "[]int{1,\n}\n",
    "import . \"x\"\n",
    "type T struct {\n",
    "\t_ = `}\n`\n",
    "é := 1\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn parts_give_what_the_whole_gives(chosen in prop::collection::vec(prop::sample::select(DECLARATIONS), 0..12)) {
        let source = format!("{HEAD}{}", chosen.concat());
        let (whole, parts) = examine_both(&source);
        prop_assert_eq!(whole.hits, parts.hits, "{}", source);
        prop_assert_eq!(parts.damage, None, "{}", source);
    }

    #[test]
    fn noise_hides_nothing(chosen in prop::collection::vec(prop::sample::select(NOISE), 0..30)) {
        let source = format!("{HEAD}{}", chosen.concat());
        let (whole, parts) = examine_both(&source);
        if whole.damage.is_none() {
            prop_assert_eq!(whole.hits, parts.hits, "{}", source);
        }
    }
}

#[test]
fn all_declarations_together_are_found_in() {
    let (whole, parts) = examine_both(&format!("{HEAD}{}", DECLARATIONS.concat()));
    assert_eq!(whole.hits, parts.hits);
    let asked: std::collections::BTreeSet<_> = whole.hits.iter().map(|hit| hit.question).collect();
    // What is called `check` is a function of the file here.
    assert_eq!(asked.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 6, 7]);
}

#[test]
fn what_no_word_points_at_is_not_parsed() {
    let comments = |source: &str| {
        let (_, Examined { comments, .. }) = examine_both(&format!("{HEAD}{source}"));
        comments.len()
    };
    assert_eq!(comments("func f() {\n\tg() // left out\n}\n"), 0);
    assert_eq!(comments("func f(password int) {\n\tlog.Print(password) // here\n}\n"), 1);
    assert_eq!(
        comments("func f(password int) {\n\tg(password) // left out\n}\nfunc g() {\n\tlog.Print(1) // too\n}\n"),
        0
    );
    assert_eq!(comments("func f() {\n\tlog.Print(a)\n}\nvar a = password // here\nvar b = 1 // left out\n"), 1);
    assert_eq!(
        comments("func f(password int) {\n\tlog.Print(password +) // here\n}\nfunc g() {} // too: it is no Go\n"),
        2
    );
}
