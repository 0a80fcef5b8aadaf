//! What the name of an assignment says about its value.

/// Words that names of secrets end in.
const SECRET_WORDS: &[&str] = &[
    "key",
    "apikey",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "pat",
    "auth",
    "credential",
    "credentials",
    "authtoken",
    "accesskey",
    "secretkey",
    "bearer",
    "apitoken",
    "licence",
    "license",
    "dsn",
    "salt",
];

/// Last words of names whose values are about a secret and not a secret: `token_type`, `password_policy`.
const ABOUT_WORDS: &[&str] = &[
    "name",
    "names",
    "type",
    "types",
    "file",
    "filename",
    "path",
    "dir",
    "url",
    "uri",
    "endpoint",
    "host",
    "policy",
    "length",
    "size",
    "min",
    "max",
    "field",
    "fields",
    "label",
    "placeholder",
    "hint",
    "title",
    "text",
    "message",
    "error",
    "errors",
    "regex",
    "pattern",
    "expires",
    "expiry",
    "expiration",
    "ttl",
    "age",
    "count",
    "limit",
    "ref",
    "refs",
    "arn",
    "id",
    "ids",
    "prefix",
    "suffix",
    "version",
    "format",
    "algorithm",
    "alg",
    "encoder",
    "validator",
    "validators",
    "reset",
    "header",
    "param",
    "params",
    "parameter",
    "column",
    "class",
    "selector",
    "icon",
    "hash",
    "hashed",
    "digest",
    "checksum",
    "template",
    "provider",
    "source",
    "method",
    "mode",
    "status",
    "state",
    "enabled",
    "required",
    "index",
    "schema",
    "table",
    "env",
    "variable",
    "var",
    "lifetime",
    "timeout",
    "scheme",
    "scope",
    "issuer",
    "audience",
    "kind",
    "description",
    "help",
    "usage",
    "store",
    "manager",
    "service",
    "namespace",
    "backend",
    "rotation",
    "strength",
    "form",
    "input",
    "view",
    "page",
    "route",
    "handler",
    "callback",
    "event",
    "action",
    "button",
    "link",
    "test",
    "example",
    "location",
    "domain",
    "cookie",
    "session",
    "attribute",
    "property",
    "owner",
    "user",
    "username",
    "confirm",
    "confirmation",
    "changed",
    "confirmed",
    "encoding",
    "address",
    "contract",
    "symbol",
    "amount",
    "balance",
    "price",
    "usage",
];

/// Words that make the value of a name public, wherever they stand in it.
const PUBLIC_WORDS: &[&str] = &[
    "public",
    "publishable",
    "pub",
    "csrf",
    "xsrf",
    "primary",
    "foreign",
    "sort",
    "partition",
    "cache",
    "idempotency",
    "dedup",
    "translation",
    "i18n",
    "locale",
];

/// A name by its words in lower case: `dbPassword`, `DB_PASSWORD` and `db.password` are the same two.
pub(crate) struct Name {
    /// The letters of all words.
    letters: Vec<u8>,
    /// Where each word ends.
    ends: Vec<usize>,
}

impl Name {
    /// Takes a name apart.
    pub(crate) fn new(name: &[u8]) -> Self {
        let mut taken = Self { letters: Vec::with_capacity(name.len()), ends: Vec::with_capacity(8) };
        let parts = name.split(|byte| !byte.is_ascii_alphanumeric());
        for word in parts.flat_map(|part| part.chunk_by(|a, b| !(a.is_ascii_lowercase() && b.is_ascii_uppercase()))) {
            // What a digit ends is numbered: `key1`.
            let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
            if digits < word.len() {
                taken.letters.extend(word[..word.len() - digits].iter().map(u8::to_ascii_lowercase));
                taken.ends.push(taken.letters.len());
            }
        }
        taken
    }

    fn words(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.letters[start..*end])
    }

    /// Whether it speaks of the secret that `keyword` names: it holds the keyword up to the end of a word, and no later
    /// word turns it into something about the secret.
    pub(crate) fn speaks_of(&self, keyword: &str) -> bool {
        let ends_so = |end: &usize| {
            let mut before = self.letters[..*end].iter().rev();
            keyword.bytes().rev().filter(u8::is_ascii_alphanumeric).all(|letter| before.next() == Some(&letter))
        };
        self.ends.iter().any(ends_so) && !self.is_about()
    }

    /// Whether it is one that secrets bear.
    pub(crate) fn is_secret(&self) -> bool {
        let is_word = |word: &[u8]| SECRET_WORDS.iter().any(|known| word.ends_with(known.as_bytes()));
        self.words().any(is_word) && !self.is_about()
    }

    fn is_about(&self) -> bool {
        self.words().last().is_some_and(|word| is_among(word, ABOUT_WORDS))
            || self.words().any(|word| is_among(word, PUBLIC_WORDS))
    }
}

fn is_among(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|known| known.as_bytes() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyword_must_end_a_word() {
        let names = |name: &[u8], keyword: &str| Name::new(name).speaks_of(keyword);
        for name in [
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "mysqlpassword",
            "db.password",
            "PASSWORD_2",
            "spring.datasource.password",
        ] {
            assert!(names(name.as_bytes(), "password"), "{name}");
        }
        for name in ["passwords", "password_policy", "passwordHash", "PASSWORD_FILE", "user", "resetPasswordUrl"] {
            assert!(!names(name.as_bytes(), "password"), "{name}");
        }
        assert!(names(b"X-Api-Key", "api_key"));
        assert!(names(b"apiKey", "api_key"));
        assert!(!names(b"max_tokens", "token"));
        assert!(!names(b"public_api_key", "api_key"));
    }

    #[test]
    fn names_of_secrets_are_known() {
        for name in ["token", "CF_API_TOKEN", "secretKey", "auth", "API_PASS", "key1"] {
            assert!(Name::new(name.as_bytes()).is_secret(), "{name}");
        }
        for name in ["account_id", "token_type", "keyboard", "region", "primary_key", "publishableKey"] {
            assert!(!Name::new(name.as_bytes()).is_secret(), "{name}");
        }
    }
}
