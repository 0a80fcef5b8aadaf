//! Conditions: maps of paths to matchers, as the truth tables want them.

use std::collections::BTreeSet;

use secscan_model::{Expression, vocabulary};
use secscan_parse::load::{Located, Raw};

use super::{Problem, path, select_words};
use crate::bind::asks_of_parameter;
use crate::check::{
    Link, Literal, Matcher, Operand, Order, Other, Path, PathText, Pattern, Scope, Selector, Step, Test,
};

/// The words beside equality.
const MATCHERS: &[&str] = &[
    "in", "not-in", "matches", "lt", "le", "gt", "ge", "version", "within", "overlaps", "present", "contains",
    "length", "some", "literal", "same-as",
];

/// What the conditions of one check may name.
pub(super) struct Compiler<'a> {
    /// Parameters of the rule and the shared ones.
    pub(super) known_params: &'a BTreeSet<String>,
    /// Parameters that conditions named.
    pub(super) used_params: BTreeSet<String>,
    /// The attributes of the common kinds that are selected; none for other platforms.
    pub(super) attributes: Option<BTreeSet<&'static str>>,
}

/// What stands behind a path.
struct Entry {
    path: Path,
    whole: Vec<Matcher>,
    then: Vec<Test>,
}

impl Compiler<'_> {
    /// A condition about the subject.
    pub(super) fn subject(&mut self, located: &Located) -> Result<Test, Problem> {
        self.condition(located, true)
    }

    fn condition(&mut self, located: &Located, top: bool) -> Result<Test, Problem> {
        let Raw::Map(entries) = &located.value else {
            return Err(Problem::new(located.at, "a condition is a map of paths to matchers"));
        };
        if entries.is_empty() {
            return Err(Problem::new(located.at, "an empty condition says nothing"));
        }
        let mut tests = Vec::new();
        let mut paths = Vec::new();
        for (key, value) in entries {
            match key.as_str() {
                "all" => tests.push(Test::All(self.conditions(value, top)?)),
                "any" => tests.push(Test::Any(self.conditions(value, top)?)),
                "not" => tests.push(Test::Not(Box::new(self.element(value, top)?))),
                "linked" => tests.push(Test::Linked(Box::new(self.link(value)?))),
                word if MATCHERS.contains(&word) => {
                    let hint =
                        format!("the matcher `{word}` stands beside paths; a key of that name is written '\"{word}\"'");
                    return Err(Problem::new(value.name_at, hint));
                }
                text => match text.strip_prefix("$param.") {
                    Some(name) => tests.push(self.parameter(name, value)?),
                    None => paths.push(self.entry(text, value, top)?),
                },
            }
        }
        // Paths come first: a finding is placed at the first written path, which a combinator has only inside.
        let mut all = group(paths);
        all.extend(tests);
        Ok(one_or_all(all))
    }

    /// A question to a parameter, wherever one speaks of an element.
    fn parameter(&mut self, name: &str, value: &Located) -> Result<Test, Problem> {
        if !self.known_params.contains(name) {
            return Err(Problem::new(value.name_at, format!("there is no parameter `{name}`")));
        }
        self.used_params.insert(name.to_owned());
        match self.matchers(value)?.as_deref() {
            Some([matcher]) if asks_of_parameter(matcher) => Ok(Test::Param(name.to_owned(), matcher.clone())),
            _ => Err(Problem::new(value.at, "a parameter is compared with a value, `in`, `not-in` or `version`")),
        }
    }

    fn conditions(&mut self, located: &Located, top: bool) -> Result<Vec<Test>, Problem> {
        match &located.value {
            Raw::List(items) if !items.is_empty() => items.iter().map(|item| self.element(item, top)).collect(),
            _ => Err(Problem::new(located.at, "`all` and `any` take a list of conditions")),
        }
    }

    /// A condition or matchers: both can stand where one speaks of an element.
    fn element(&mut self, located: &Located, top: bool) -> Result<Test, Problem> {
        match self.matchers(located)? {
            Some(matchers) => Ok(one_or_all(matchers.into_iter().map(Test::Is).collect())),
            None => self.condition(located, top),
        }
    }

    fn entry(&mut self, text: &str, value: &Located, top: bool) -> Result<Entry, Problem> {
        let path = path::parse(text).map_err(|message| Problem::new(value.name_at, message))?;
        if top {
            self.check_attribute(&path, value)?;
        }
        let mut entry = Entry { path, whole: Vec::new(), then: Vec::new() };
        match self.matchers(value)? {
            Some(matchers) => {
                for matcher in matchers {
                    if takes_whole(&matcher) {
                        entry.whole.push(matcher);
                    } else {
                        entry.then.push(Test::Is(matcher));
                    }
                }
            }
            None => entry.then.push(self.condition(value, false)?),
        }
        Ok(entry)
    }

    fn check_attribute(&self, path: &Path, value: &Located) -> Result<(), Problem> {
        let Some(known) = &self.attributes else { return Ok(()) };
        let first = |path: &Path| path.first().cloned();
        let steps: Vec<Step> = match path.as_slice() {
            [Step::FirstOf(paths)] => paths.iter().filter_map(first).collect(),
            _ => first(path).into_iter().collect(),
        };
        for step in steps {
            if let Step::Key(key) = step
                && !known.contains(key.as_str())
            {
                let names: Vec<_> = known.iter().copied().collect();
                let message = format!("the common kind has no attribute `{key}`; there are: {}", names.join(", "));
                return Err(Problem::new(value.name_at, message));
            }
        }
        Ok(())
    }

    /// The matchers of a value; none when it is a condition.
    fn matchers(&mut self, located: &Located) -> Result<Option<Vec<Matcher>>, Problem> {
        match &located.value {
            Raw::Null => Err(Problem::new(located.at, "a bare null: say `{present: false}` or `{present: true}`")),
            Raw::List(_) => Err(Problem::new(located.at, "a bare list: say `{in: [...]}` or `{contains: [...]}`")),
            Raw::Map(entries) => {
                let words = entries.iter().filter(|(key, _)| MATCHERS.contains(&key.as_str())).count();
                if words == 0 {
                    return Ok(None);
                }
                if words < entries.len() {
                    let message = "matcher words and paths stand mixed; a key that is spelt like a matcher is written in double quotes inside the path";
                    return Err(Problem::new(located.at, message));
                }
                let matchers = entries.iter().map(|(word, value)| self.matcher(word, value));
                matchers.collect::<Result<_, _>>().map(Some)
            }
            _ => Ok(Some(vec![Matcher::Equals(self.operand(located)?)])),
        }
    }

    fn matcher(&mut self, word: &str, value: &Located) -> Result<Matcher, Problem> {
        let order = |order| move |operand| Matcher::Order(order, operand);
        Ok(match word {
            "in" => Matcher::In(self.operand(value)?),
            "not-in" => Matcher::NotIn(self.operand(value)?),
            "matches" => Matcher::Matches(self.pattern(value)?),
            "lt" => order(Order::Lt)(self.quantity(value)?),
            "le" => order(Order::Le)(self.quantity(value)?),
            "gt" => order(Order::Gt)(self.quantity(value)?),
            "ge" => order(Order::Ge)(self.quantity(value)?),
            "version" => Matcher::Version(self.checked(value, |text| {
                crate::ranges::version_in("1", text)
                    .is_some()
                    .then_some(())
                    .ok_or("is no version range such as `>=1.2, <2`")
            })?),
            "within" => Matcher::Within(self.range(value)?),
            "overlaps" => Matcher::Overlaps(self.range(value)?),
            "present" => Matcher::Present(boolean(value)?),
            "literal" => Matcher::Literal(boolean(value)?),
            "contains" => Matcher::Contains(self.operand(value)?),
            "length" => Matcher::Length(self.bounds(value)?),
            "some" => Matcher::Some(Box::new(self.some(value)?)),
            "same-as" => match &value.value {
                Raw::Text(text) => {
                    Matcher::SameAs(path::parse(text).map_err(|message| Problem::new(value.at, message))?)
                }
                _ => return Err(Problem::new(value.at, "`same-as` takes a path")),
            },
            _ => return Err(Problem::new(value.name_at, format!("`{word}` is no matcher"))),
        })
    }

    fn some(&mut self, value: &Located) -> Result<Test, Problem> {
        match self.matchers(value)? {
            Some(matchers) => Ok(one_or_all(matchers.into_iter().map(Test::Is).collect())),
            None => self.condition(value, false),
        }
    }

    fn bounds(&mut self, value: &Located) -> Result<Vec<Matcher>, Problem> {
        self.matchers(value)?.ok_or_else(|| Problem::new(value.at, "takes a number or matchers such as `{ge: 2}`"))
    }

    fn pattern(&mut self, value: &Located) -> Result<Pattern, Problem> {
        let operand = self.checked(value, |text| {
            Expression::check(text).map_err(|_| "is no regular expression (linear time, no look-around)")
        })?;
        Ok(Pattern::new(operand))
    }

    fn quantity(&mut self, value: &Located) -> Result<Operand, Problem> {
        self.checked(value, |text| {
            crate::quantity::operand(text).map(|_| ()).ok_or("is no number and no quantity such as `30d` or `100MiB`")
        })
    }

    fn range(&mut self, value: &Located) -> Result<Operand, Problem> {
        self.checked(value, |text| {
            crate::ranges::Range::parse(text).map(|_| ()).ok_or("is no address block and no number range")
        })
    }

    fn checked(
        &mut self,
        value: &Located,
        check: impl Fn(&str) -> Result<(), &'static str>,
    ) -> Result<Operand, Problem> {
        let operand = self.operand(value)?;
        for literal in operand.values() {
            let text = literal.to_string();
            check(&text).map_err(|message| Problem::new(value.at, format!("`{text}` {message}")))?;
        }
        Ok(operand)
    }

    fn operand(&mut self, value: &Located) -> Result<Operand, Problem> {
        if let Raw::Text(text) = &value.value
            && let Some(name) = text.strip_prefix('$').filter(|name| is_param_name(name))
        {
            if !self.known_params.contains(name) {
                return Err(Problem::new(value.at, format!("there is no parameter `{name}`")));
            }
            self.used_params.insert(name.to_owned());
            return Ok(Operand::Param(name.to_owned()));
        }
        literals(value).map(Operand::Values)
    }

    fn link(&mut self, located: &Located) -> Result<Link, Problem> {
        let Raw::Map(entries) = &located.value else {
            return Err(Problem::new(
                located.at,
                "`linked` takes a map: a selector and `by`, `via`, `where`, `scope`, `count`",
            ));
        };
        let mut link = Link {
            other: Other::Files(Vec::new()),
            by: None,
            via: None,
            scope: None,
            condition: None,
            count: Vec::new(),
        };
        let mut selectors = 0;
        for (key, value) in entries {
            match key.as_str() {
                "by" | "via" => {
                    let keys = Some(keys(key, value)?);
                    if key == "by" { link.by = keys } else { link.via = keys }
                }
                "count" => link.count = self.bounds(value)?,
                "where" => {
                    let outer = self.attributes.take();
                    link.condition = Some(self.condition(value, true)?);
                    self.attributes = outer;
                }
                "scope" => link.scope = Some(scope(value)?),
                "file" => {
                    link.other = Other::Files(texts(value)?);
                    selectors += 1;
                }
                word => {
                    let platform = select_words(word).ok_or_else(|| {
                        Problem::new(value.name_at, format!("`{word}` is no selector and no part of `linked`"))
                    })?;
                    link.other = Other::Resources(Selector { platform, types: texts(value)? });
                    selectors += 1;
                }
            }
        }
        if selectors != 1 {
            return Err(Problem::new(located.at, "`linked` takes one selector"));
        }
        if link.scope.is_some() && (link.by.is_some() || link.via.is_some()) {
            return Err(Problem::new(located.at, "`scope` stands instead of `by` and `via`"));
        }
        Ok(link)
    }
}

/// Entries with a common first step speak of the same element: they become one test about it.
fn group(entries: Vec<Entry>) -> Vec<Test> {
    let mut groups: Vec<(Step, Vec<Entry>)> = Vec::new();
    for mut entry in entries {
        if entry.path.is_empty() {
            continue;
        }
        let step = entry.path.remove(0);
        match groups.iter_mut().find(|(known, _)| *known == step) {
            Some((_, members)) => members.push(entry),
            None => groups.push((step, vec![entry])),
        }
    }
    groups.into_iter().map(|(step, members)| test_of(step, members)).collect()
}

fn test_of(step: Step, members: Vec<Entry>) -> Test {
    let (ends, longer): (Vec<_>, Vec<_>) = members.into_iter().partition(|entry| entry.path.is_empty());
    let mut whole = Vec::new();
    let mut then = Vec::new();
    for end in ends {
        whole.extend(end.whole);
        then.extend(end.then);
    }
    then.extend(group(longer));
    let then = (!then.is_empty()).then(|| Box::new(one_or_all(then)));
    Test::At { step, whole, then }
}

fn one_or_all(mut tests: Vec<Test>) -> Test {
    match tests.pop() {
        Some(test) if tests.is_empty() => test,
        Some(test) => {
            tests.push(test);
            Test::All(tests)
        }
        None => Test::All(tests),
    }
}

/// The words that take a list whole; all others ask its elements.
fn takes_whole(matcher: &Matcher) -> bool {
    matches!(matcher, Matcher::Present(_) | Matcher::Contains(_) | Matcher::Length(_) | Matcher::Some(_))
}

fn is_param_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The scalars of an operand: one, or the items of a list.
pub(super) fn literals(value: &Located) -> Result<Vec<Literal>, Problem> {
    match &value.value {
        Raw::List(items) => items.iter().map(literal).collect(),
        _ => literal(value).map(|literal| vec![literal]),
    }
}

fn literal(value: &Located) -> Result<Literal, Problem> {
    Ok(match &value.value {
        Raw::Bool(value) => Literal::Bool(*value),
        Raw::Int(value) => Literal::Number(*value as f64),
        Raw::Float(value) => Literal::Number(*value),
        Raw::Text(text) => Literal::Text(text.clone()),
        Raw::Null | Raw::List(_) | Raw::Map(_) => return Err(Problem::new(value.at, "a scalar is asked for here")),
    })
}

/// A text, or a list of texts.
pub(super) fn texts(value: &Located) -> Result<Vec<String>, Problem> {
    let literals = literals(value)?;
    if literals.is_empty() {
        return Err(Problem::new(value.at, "an empty list names nothing"));
    }
    Ok(literals.iter().map(ToString::to_string).collect())
}

fn text_path(value: &Located) -> Result<Path, Problem> {
    match &value.value {
        Raw::Text(text) => path::parse(text).map_err(|message| Problem::new(value.at, message)),
        _ => Err(Problem::new(value.at, "a path is asked for here")),
    }
}

/// Where a reference stands. References are known by the keys that lead to them and by nothing else.
fn keys(word: &str, value: &Located) -> Result<Path, Problem> {
    let path = text_path(value)?;
    let Some(at) = path.iter().position(|step| !matches!(step, Step::Key(_))) else { return Ok(path) };
    let cure = match &path[at] {
        Step::FirstOf(_) => "write a link for each of the paths into an `any`".to_owned(),
        Step::Root | Step::Owner if at == 0 => {
            let step = PathText(&path[..1]).to_string();
            format!("ask the other resource: `{step}: {{linked: {{{word}: ...}}}}`")
        }
        _ if at == 0 => format!("leave `{word}` out, so that every reference counts"),
        _ => format!("end with `{}`: what stands below counts too", PathText(&path[..at])),
    };
    Err(Problem::new(value.at, format!("`{word}` takes keys alone; {cure}")))
}

fn boolean(value: &Located) -> Result<bool, Problem> {
    match value.value {
        Raw::Bool(value) => Ok(value),
        _ => Err(Problem::new(value.at, "takes true or false")),
    }
}

fn scope(value: &Located) -> Result<Scope, Problem> {
    match &value.value {
        Raw::Text(text) if text == "unit" => Ok(Scope::Unit),
        Raw::Text(text) if text == "directory" => Ok(Scope::Directory),
        _ => Err(Problem::new(value.at, "`scope` is `unit` or `directory`")),
    }
}

/// The attributes that conditions on common kinds may name.
///
/// # Errors
/// The name that is no common kind.
pub(super) fn attributes_of(kinds: &[String]) -> Result<BTreeSet<&'static str>, String> {
    let mut attributes = BTreeSet::new();
    for kind in kinds {
        let known = vocabulary::common_kind(kind).ok_or_else(|| {
            let names: Vec<_> = vocabulary::COMMON_KINDS.iter().map(|kind| kind.name).collect();
            format!("`{kind}` is no common kind; there are: {}", names.join(", "))
        })?;
        attributes.extend(known.attributes);
    }
    Ok(attributes)
}
