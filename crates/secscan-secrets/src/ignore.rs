//! What a detector leaves out on request: kinds of values and kinds of files.

use serde::{Deserialize, Serialize};

use crate::randomness;

/// What stands around a value on its line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Around<'t> {
    pub(crate) before: &'t [u8],
    pub(crate) after: &'t [u8],
}

/// What a secret rule may leave out.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ignore {
    /// Values that read like words: identifiers, phrases.
    Words,
    /// Values that are a hash in hexadecimal: 32, 40, 56, 64, 96 or 128 digits.
    Digest,
    /// Values that are a UUID.
    Uuid,
    /// Passwords that everybody would guess, that equal the user name, or that are for the machine itself or for a host
    /// of manuals (RFC 2606): what a stack on a laptop has.
    Default,
    /// Lines that speak of hashes: checksums, commits, integrity fields.
    HashLine,
    /// Files of tests, examples and documentation.
    TestFile,
    /// Lockfiles, minified code and other files that programs write.
    GeneratedFile,
}

impl Ignore {
    /// The words of rule files, in the order of their explanation.
    pub const ALL: &'static [(&'static str, Ignore)] = &[
        ("words", Self::Words),
        ("digest", Self::Digest),
        ("uuid", Self::Uuid),
        ("default", Self::Default),
        ("hash-line", Self::HashLine),
        ("test-file", Self::TestFile),
        ("generated-file", Self::GeneratedFile),
    ];

    /// The one of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, ignore)| *ignore)
    }

    /// Whether it leaves a value out.
    pub(crate) fn covers_value(self, value: &[u8], around: Around<'_>) -> bool {
        match self {
            Self::Words => randomness::reads_like_words(value),
            Self::Digest => is_digest(value),
            Self::Uuid => is_uuid(value),
            Self::Default => is_default(value, around.before) || is_nowhere(around.after),
            Self::HashLine => speaks_of_hashes(around.before),
            Self::TestFile | Self::GeneratedFile => false,
        }
    }

    /// Whether it leaves a file out.
    pub(crate) fn covers_file(self, path: &str) -> bool {
        match self {
            Self::TestFile => is_test_file(path),
            Self::GeneratedFile => is_generated(path),
            Self::Words | Self::Digest | Self::Uuid | Self::Default | Self::HashLine => false,
        }
    }
}

fn is_digest(value: &[u8]) -> bool {
    matches!(value.len(), 32 | 40 | 56 | 64 | 96 | 128) && value.iter().all(u8::is_ascii_hexdigit)
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Passwords of development stacks and manuals.
const DEFAULTS: &[&str] = &[
    "admin",
    "administrator",
    "app",
    "bitnami",
    "changeit",
    "db",
    "default",
    "demo",
    "dev",
    "develop",
    "docker",
    "guest",
    "letmein",
    "local",
    "localhost",
    "master",
    "mongo",
    "mongodb",
    "mypassword",
    "mysql",
    "pass",
    "passw0rd",
    "password",
    "passwd",
    "postgres",
    "postgresql",
    "pw",
    "pwd",
    "qwerty",
    "rabbitmq",
    "redis",
    "root",
    "sa",
    "secret",
    "supersecret",
    "svc",
    "test",
    "testing",
    "token",
    "topsecret",
    "user",
    "username",
    "welcome",
    "pa55word",
    "p4ssw0rd",
    "p@ssw0rd",
];

/// Whether a password is one of manuals and laptops: a known word with at most a few digits, or the user's name again.
fn is_default(password: &[u8], before: &[u8]) -> bool {
    let lower = password.to_ascii_lowercase();
    let stem = lower.trim_ascii().strip_prefix(b"my").unwrap_or(&lower);
    let letters =
        stem.len() - stem.iter().rev().take_while(|byte| byte.is_ascii_digit() || b"!_-.".contains(byte)).count();
    let is_known = |word: &[u8]| DEFAULTS.iter().any(|known| known.as_bytes() == word);
    let user = before.strip_suffix(b":").unwrap_or_default();
    let user = user.rsplit(|byte| matches!(byte, b'/' | b'"' | b'\'' | b' ')).next().unwrap_or_default();
    let parts_are_known = |word: &[u8]| word.split(|byte| matches!(byte, b'_' | b'-' | b'.')).all(is_known);
    is_known(&lower)
        || stem[..letters].is_empty()
        || parts_are_known(&stem[..letters])
        || (!user.is_empty() && user.eq_ignore_ascii_case(password))
}

/// Whether what follows the password of a URL is a host that nobody else reaches, or one that is reserved for examples.
fn is_nowhere(after: &[u8]) -> bool {
    const LOCAL: &[&str] =
        &["localhost", "127.", "[::1]", "0.0.0.0", "host.docker.internal", "host:", "hostname", "server:"];
    const RESERVED: &[&str] = &["example.", ".example", ".test", ".invalid", ".local"];
    let Some(host) = after.strip_prefix(b"@") else { return false };
    let host = host.split(|byte| matches!(byte, b'/' | b'"' | b'\'' | b' ' | b'?' | b',')).next().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    let name = host.split(|byte| *byte == b':').next().unwrap_or_default();
    LOCAL.iter().any(|local| host.starts_with(local.as_bytes()))
        || name == b"host"
        || RESERVED.iter().any(|word| memchr::memmem::find(name, word.as_bytes()).is_some())
}

/// Words of lines that are about hashes.
const HASH_WORDS: &[&str] = &[
    "sha1",
    "sha-1",
    "sha256",
    "sha-256",
    "sha384",
    "sha512",
    "sha_",
    "md5",
    "checksum",
    "digest",
    "integrity",
    "hash",
    "commit",
    "revision",
    "etag",
    "fingerprint",
    "thumbprint",
    "crc",
    "blob",
    "resolved",
    "rev =",
    "rev:",
    "ref:",
    "uuid",
];

fn speaks_of_hashes(before: &[u8]) -> bool {
    let before = before[before.len().saturating_sub(120)..].to_ascii_lowercase();
    HASH_WORDS.iter().any(|word| memchr::memmem::find(&before, word.as_bytes()).is_some())
}

/// Folders and parts of file names that hold tests, examples and documentation.
const TEST_WORDS: &[&str] = &[
    "spec",
    "specs",
    "fixture",
    "fixtures",
    "mock",
    "mocks",
    "mocked",
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "demos",
    "doc",
    "docs",
    "documentation",
    "e2e",
    "benchmark",
    "benchmarks",
    "bench",
    "conftest",
    "stories",
    "tutorial",
    "tutorials",
    "snapshot",
    "snapshots",
    "integrationtest",
    "unittest",
    "unittests",
    "cassettes",
    "golden",
    "changelog",
    "changes",
    "readme",
    "po",
    "locale",
    "locales",
    "i18n",
    "l10n",
    "translations",
];

/// Whether a file belongs to tests, examples or documentation, by the words of its path.
pub(crate) fn is_test_file(path: &str) -> bool {
    const PROSE: &[&str] =
        &[".md", ".mdx", ".rst", ".adoc", ".asciidoc", ".po", ".pot", ".tex", ".ipynb", ".html", ".svg"];
    let path = path.to_ascii_lowercase();
    let mut words = path.split(['/', '_', '-', '.']);
    PROSE.iter().any(|end| path.ends_with(end))
        || words.any(|word| TEST_WORDS.contains(&word) || word.starts_with("test"))
        || path
            .split('/')
            .any(|part| part.ends_with("tests") || part.ends_with("test.java") || part.ends_with("tests.cs"))
}

/// Whether a program writes the file.
fn is_generated(path: &str) -> bool {
    const ENDS: &[&str] = &[
        ".lock",
        ".lockb",
        ".min.js",
        ".min.css",
        ".map",
        ".sum",
        ".snap",
        ".svg",
        ".csv",
        ".tsv",
        ".po",
        ".pot",
        ".xliff",
        "package-lock.json",
        "npm-shrinkwrap.json",
        "pnpm-lock.yaml",
        ".lock.json",
        ".lock.hcl",
        "go.work.sum",
        ".pb.go",
        "pylock.toml",
        ".cassette.yaml",
        ".har",
        ".geojson",
        ".bundle.js",
        ".chunk.js",
        ".d.ts",
        ".css",
        ".scss",
        ".less",
    ];
    let path = path.as_bytes();
    let ends = |end: &&str| {
        path.len()
            .checked_sub(end.len())
            .and_then(|at| path.get(at..))
            .is_some_and(|last| last.eq_ignore_ascii_case(end.as_bytes()))
    };
    ENDS.iter().any(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_meanings_go_together() {
        for (word, ignore) in Ignore::ALL {
            assert_eq!(Ignore::from_word(word), Some(*ignore));
        }
        assert_eq!(Ignore::from_word("placeholder"), None);
    }

    #[test]
    fn values_are_told_apart() {
        let hex = "0a".repeat(20);
        assert!(Ignore::Digest.covers_value(hex.as_bytes(), Around::default()));
        assert!(!Ignore::Digest.covers_value(&hex.as_bytes()[1..], Around::default()));
        assert!(Ignore::Uuid.covers_value(b"0e37df36-f698-11e6-8dd4-cb9ced3df976", Around::default()));
        assert!(Ignore::HashLine.covers_value(b"x", Around { before: b"  \"integrity\": \"", after: b"" }));
        for (password, user) in [
            ("postgres", "x"),
            ("password123", "x"),
            ("app", "app"),
            ("Secret!", "x"),
            ("test_user", "x"),
            ("1234", "x"),
        ] {
            assert!(
                Ignore::Default.covers_value(
                    password.as_bytes(),
                    Around { before: format!("db://{user}:").as_bytes(), after: b"@db" }
                ),
                "{password}"
            );
        }
        for (host, nowhere) in [
            ("@localhost:1", true),
            ("@db.example.com/x", true),
            ("@127.0.0.1", true),
            ("@db.prod.eu", false),
            ("\"", false),
        ] {
            let around = Around { before: b"db://app:", after: host.as_bytes() };
            assert_eq!(Ignore::Default.covers_value(b"k9XmQ2vL", around), nowhere, "{host}");
        }
        for password in ["k9XmQ2vL", "correct-horse", "Tr0ub4dor&3"] {
            assert!(
                !Ignore::Default.covers_value(password.as_bytes(), Around { before: b"db://app:", after: b"@db" }),
                "{password}"
            );
        }
    }

    #[test]
    fn files_are_told_apart() {
        for path in [
            "tests/a.py",
            "pkg/x_test.go",
            "src/__tests__/a.ts",
            "a.spec.js",
            "docs/x.txt",
            "README.md",
            "src/test/java/A.java",
        ] {
            assert!(Ignore::TestFile.covers_file(path), "{path}");
        }
        for path in ["src/attest.go", "app/settings.py", "deploy/latest.yaml", ".env", "contest/a.py"] {
            assert!(!Ignore::TestFile.covers_file(path), "{path}");
        }
        assert!(Ignore::GeneratedFile.covers_file("web/package-lock.json"));
        assert!(!Ignore::GeneratedFile.covers_file("web/package.json"));
    }
}
