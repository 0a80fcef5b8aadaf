//! Rule files.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use secscan_parse::load::{Located, Spanned};
use serde::Deserialize;

use crate::check::Stricter;

/// A rule file: one rule.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "secscan rule")]
pub struct RuleFile {
    /// A kebab-case phrase, stable for ever, never reused.
    #[schemars(with = "String", regex(pattern = r"^[a-z0-9]+(-[a-z0-9]+)*$"))]
    pub id: Spanned<String>,
    /// One line: what is wrong when the rule is broken.
    pub title: String,
    /// How bad a finding is.
    pub severity: SeverityWord,
    /// How often a finding is right.
    pub confidence: ConfidenceWord,
    /// One to three slugs of the vocabulary of evidence.
    #[schemars(with = "Vec<String>", length(min = 1, max = 3))]
    pub topics: Vec<Spanned<String>>,
    /// CWE numbers.
    #[serde(default)]
    pub cwe: Vec<u32>,
    /// What an attacker or an accident does with it.
    pub why: String,
    /// How to mend it.
    pub fix: String,
    /// Further reading.
    #[serde(default)]
    pub links: Vec<String>,
    /// Whether it runs only where a pack that was asked for maps it by its id, or `only` names it.
    #[serde(default)]
    pub on_demand: bool,
    /// Thresholds and lists that users may set.
    #[serde(default)]
    pub params: BTreeMap<String, ParamFile>,
    /// The finding's message: text with `{path}`, `{$param}`, `{$found}`, `{$expected}`, `{$address}`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub message: Option<Spanned<String>>,
    /// The same question, asked of each platform that can answer it.
    #[serde(default)]
    pub checks: Vec<CheckFile>,
    /// Instead of checks: shapes of source code; one question a language.
    #[serde(default)]
    pub patterns: Vec<PatternFile>,
    /// Instead of checks: the format of a credential, looked for in the text of every file.
    #[serde(default)]
    pub secret: Option<SecretFile>,
    /// Instead of checks: the name of a judge that is part of secscan.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub native: Option<Spanned<String>>,
    /// Compiled into the tests: a comment with the word `finding` marks each line that a finding must name.
    #[schemars(length(min = 2))]
    pub examples: Vec<ExampleFile>,
}

/// A severity.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words are explained at secscan_model::Severity")]
pub enum SeverityWord {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

/// A confidence.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words are explained at secscan_model::Confidence")]
pub enum ConfidenceWord {
    High,
    Medium,
    Low,
}

/// A threshold or list that users may set.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ParamFile {
    /// What holds until somebody sets another value: a scalar or a list of scalars.
    #[schemars(with = "serde_json::Value")]
    pub default: Located,
    /// In which direction it gets stricter.
    #[serde(default)]
    pub stricter: Option<Stricter>,
    /// What it means.
    pub about: String,
}

/// One question to the resources of one platform: one selector, and one of `deny` and `require`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CheckFile {
    /// Terraform resource types; `data.TYPE`, `provider.NAME`, `module`, `variable`, `output`, `terraform`.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub terraform: Option<Located>,
    /// CloudFormation resource types.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub cloudformation: Option<Located>,
    /// Azure resource types, of templates in JSON and in Bicep: `Microsoft.Storage/storageAccounts`.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub arm: Option<Located>,
    /// Kubernetes kinds: `Kind` or `group/Kind`.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub kubernetes: Option<Located>,
    /// `chart`: a Helm chart itself; what it renders to is `kubernetes`.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub helm: Option<Located>,
    /// `kustomization`: what it says itself; what it makes is `kubernetes`.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub kustomize: Option<Located>,
    /// `stage`, an instruction (`RUN`, `COPY`), `syntax`, `ignore-file`.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub dockerfile: Option<Located>,
    /// `service`, `network`, `volume`, `secret`, `file`.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub compose: Option<Located>,
    /// `container`, `pod`, `kube`, `build`, `image`, `network`, `volume`: the sections of a unit are maps.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub quadlet: Option<Located>,
    /// `devcontainer`.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub devcontainer: Option<Located>,
    /// `daemon`: the settings of Docker's daemon.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub docker: Option<Located>,
    /// `workflow`, `job`, `step`, `action`, `dependabot`.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub github_actions: Option<Located>,
    /// The purl type of packages (`cargo`, `npm`, `pypi`, ...), `manifest`, `lockfile` or `settings`.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub package: Option<Located>,
    /// `config`: the configuration of a container image; `os`: the distribution in it.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub image: Option<Located>,
    /// A kind that several platforms share.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub common: Option<Located>,
    /// One subject for a Terraform root, a stack, a namespace set or the `repository`.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub unit: Option<Located>,
    /// One subject, one verdict an element.
    #[serde(default)]
    #[schemars(with = "Option<OneOrMany>")]
    pub each: Option<Located>,
    /// Whether the question applies.
    #[serde(default)]
    #[schemars(with = "Option<Condition>")]
    pub when: Option<Located>,
    /// The finding is: this holds.
    #[serde(default)]
    #[schemars(with = "Option<Condition>")]
    pub deny: Option<Located>,
    /// The finding is: this does not hold.
    #[serde(default)]
    #[schemars(with = "Option<Condition>")]
    pub require: Option<Located>,
}

/// The format of one kind of credential.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SecretFile {
    /// Words of which one occurs in every file that can hold such a secret, whatever their case: the longer and rarer,
    /// the cheaper.
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub keywords: Vec<Spanned<String>>,
    /// A regular expression over bytes, without look-around; the first group, where there is one, is the secret. What
    /// it matches must stand alone: the word boundaries go without saying.
    #[schemars(with = "String")]
    pub pattern: Spanned<String>,
    /// The pattern matches the whole value of an assignment: `by-name` (a keyword is in its name) or `nearby` (a keyword
    /// is in its name or up to three lines above, and the name is one that secrets bear).
    #[serde(default)]
    #[schemars(with = "Option<AssignedWord>")]
    pub assigned: Option<Spanned<String>>,
    /// Over how many lines the secret may reach; one unless said otherwise.
    #[serde(default)]
    pub lines: Option<u32>,
    /// A structural check by name: see docs/rules.md.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub proof: Option<Spanned<String>>,
    /// The least entropy in bits a character.
    #[serde(default)]
    #[schemars(with = "Option<f64>", range(min = 0.0, max = 8.0))]
    pub entropy: Option<Spanned<f64>>,
    /// What is left out besides placeholders and documented examples: `words`, `digest`, `uuid`, `default`, `hash-line`,
    /// `test-file`, `generated-file`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub ignore: Vec<Spanned<String>>,
    /// The names of the files that are looked at, `*` standing for anything; all where there is none.
    #[serde(default)]
    pub files: Vec<String>,
    /// Whether it speaks only where no other detector does.
    #[serde(default)]
    pub generic: bool,
}

/// Where the name of an assignment says what its value is, for schemas.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[allow(dead_code, reason = "only its schema is used")]
enum AssignedWord {
    ByName,
    Nearby,
}

/// One question to the source code of one language: places of these shapes are findings.
///
/// A pattern is a piece of source: `$X` stands for anything, `$$$REST` for any number of things; keyword arguments and
/// the keys of objects have no order, and others do no harm.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PatternFile {
    /// `python`, `javascript` (with TypeScript), `go`, `java`, `rust`.
    #[schemars(with = "String")]
    pub language: Spanned<String>,
    /// Modules and types that a file must import for the names in the patterns to mean them: `PATH` or `PATH as NAME`.
    #[serde(default)]
    pub imports: Vec<String>,
    /// A place of one of these shapes is a finding.
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub any: Vec<Spanned<String>>,
    /// Unless it also has one of these shapes.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub not: Vec<Spanned<String>>,
    /// It stands in one of these.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub inside: Vec<Spanned<String>>,
    /// It stands in none of these.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub not_inside: Vec<Spanned<String>>,
    /// The file also holds a place of one of these shapes.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub present: Vec<Spanned<String>>,
    /// The file holds no place of these shapes.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub absent: Vec<Spanned<String>>,
    /// What the metavariables must be like, by name without `$`.
    #[serde(default, rename = "where")]
    #[schemars(with = "BTreeMap<String, WhereFile>")]
    pub conditions: BTreeMap<String, Spanned<WhereFile>>,
    /// Words of which one occurs in every file that can hold a finding, whatever their case, where patterns hold only
    /// common ones.
    #[serde(default)]
    pub words: Vec<String>,
    /// The metavariable that a finding points at; the whole place where there is none.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub at: Option<Spanned<String>>,
    /// Whether what a finding points at is a secret, to be masked in every output.
    #[serde(default)]
    pub redact: bool,
    /// Whether test code is asked too.
    #[serde(default)]
    pub tests: bool,
    /// A regular expression that the path of a file matches.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub path: Option<Spanned<String>>,
}

/// What a metavariable must be like: all that is said holds. Local variables are looked through.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WhereFile {
    /// Whether it is written out: constants, and names and lists of nothing else.
    #[serde(default)]
    pub literal: Option<bool>,
    /// Whether it is text put together from parts that are not all written out.
    #[serde(default)]
    pub assembled: Option<bool>,
    /// A regular expression, or `$param`, that what it says matches.
    #[serde(default)]
    pub matches: Option<String>,
    /// One that what it says does not match.
    #[serde(default)]
    pub not_matches: Option<String>,
    /// One that a name in it matches: `user.ssn`, `request.args.get()`.
    #[serde(default)]
    pub mentions: Option<String>,
    /// One that no name in it matches; beside `mentions`, names that match hide what they are given: `mask(ssn)`.
    #[serde(default)]
    pub not_mentions: Option<String>,
    /// One that the type which it was declared with or made by matches.
    #[serde(default)]
    pub of_type: Option<String>,
    /// It is a number below this one.
    #[serde(default)]
    pub below: Option<f64>,
    /// It is one of these: `text`, `constant`, `name`, `call`, `collection`, `function`.
    #[serde(default)]
    pub kind: Vec<String>,
}

/// A text or a list of texts, for schemas.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A condition: a map from paths to matchers or conditions, with `all`, `any`, `not` and `linked`; see docs/rules.md.
#[derive(JsonSchema)]
#[schemars(transparent)]
#[allow(dead_code, reason = "only its schema is used")]
struct Condition(BTreeMap<String, serde_json::Value>);

/// One example: what it shows, of which platform, and the file or files.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExampleFile {
    /// The rule is broken at the marked lines; the platform.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub fails: Option<Spanned<String>>,
    /// The rule holds; the platform.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub passes: Option<Spanned<String>>,
    /// It cannot be told; the platform.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub unknown: Option<Spanned<String>>,
    /// The rule does not apply; the platform.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub skips: Option<Spanned<String>>,
    /// The file.
    #[serde(default)]
    pub code: Option<String>,
    /// The path of the file where the platform's usual one does not do.
    #[serde(default)]
    pub path: Option<String>,
    /// Several files by path, instead of `code`.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// OSV records that packages are judged by, of a rule that asks for advisories.
    #[serde(default)]
    pub advisories: Vec<String>,
}
