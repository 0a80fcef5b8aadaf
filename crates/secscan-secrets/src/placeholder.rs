//! Values that stand where a secret would stand: placeholders, references, documented examples. No detector takes them
//! for secrets.

use secscan_model::source::Digest;

/// Words that say what they are. A random token of forty characters holds one by chance less than once in ten thousand.
const WORDS: &[&str] = &[
    "example",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "change-this",
    "change_this",
    "replace",
    "redacted",
    "your-",
    "your_",
    "yourkey",
    "yoursecret",
    "yourtoken",
    "yourpass",
    "yourapi",
    "dummy",
    "sample",
    "insert",
    "xxxx",
    "todo",
    "fixme",
    "notreal",
    "not-real",
    "not_real",
    "fake",
    "foobar",
    "invalid",
    "undefined",
    "put-",
    "-here",
    "_here",
    "goes here",
    "put your",
    "unique phrase",
    "mysecret",
    "my-secret",
    "my_secret",
    "deadbeef",
    "abcdef12",
    "cafebabe",
    "test-key",
    "test_key",
    "testkey",
    "not-a-",
    "not_a_",
    "notasecret",
    "hunter2",
    "****",
    "....",
    "lorem",
    "bogus",
    "obfuscated",
    "masked",
    "encrypted",
    "removed",
    "hidden",
    "sanitized",
    "<",
    "${",
    "{{",
    "$(",
    "#{",
    "<%",
];

/// The longest text in which words are looked for: in longer ones they turn up by chance.
const LONGEST_FOR_WORDS: usize = 120;

/// Credentials that vendors print in their documentation or build into emulators, as BLAKE3 hashes: written out, they
/// would trip the scanners of code hosts.
const DOCUMENTED: &[&str] = &[
    // The emulators of Azure Storage and Cosmos DB, then Stripe's test keys.
    "e8322be1fa3e0aa38d2b46c68f9462e1",
    "d4108a2a2f944066d3a96c25bc1ba11d",
    "286e3a91f00ebdbee7513536d14132ae",
    "864bab38fcb7b648f525a907a3358716",
];

/// Whether a text is no secret on its face.
pub(crate) fn is_placeholder(text: &[u8]) -> bool {
    is_monotonous(text)
        || is_variable(text)
        || (text.len() <= LONGEST_FOR_WORDS && has_telling_word(text))
        || is_documented(text)
}

/// Whether a text is one of the credentials that everybody may know.
fn is_documented(text: &[u8]) -> bool {
    let mut digest = Digest::default();
    digest.update(text);
    DOCUMENTED.contains(&&*digest.hex())
}

fn has_telling_word(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    WORDS.iter().any(|word| memchr::memmem::find(&text, word.as_bytes()).is_some())
}

/// One character over and over, or a run along the alphabet, the digits or the keyboard.
fn is_monotonous(text: &[u8]) -> bool {
    let mut seen = [false; 256];
    text.iter().for_each(|byte| seen[usize::from(byte.to_ascii_lowercase())] = true);
    let distinct = seen.iter().filter(|seen| **seen).count();
    let longest_run = |step: u8| {
        let runs = text.chunk_by(|a, b| a.wrapping_add(step) == *b);
        runs.map(<[u8]>::len).max().unwrap_or_default()
    };
    let repeated = text.len() >= 8 && text.chunk_by(|a, b| a == b).any(|run| run.len() >= 8 && run[0] != b'A');
    distinct * 4 <= text.len().min(24) || repeated || longest_run(1) >= 8 || longest_run(u8::MAX) >= 8
}

/// A variable, a template, a reference to a place where the secret is: `$TOKEN`, `%TOKEN%`, `{token}`, `@token@`.
fn is_variable(text: &[u8]) -> bool {
    let is_name = |name: &[u8]| {
        !name.is_empty()
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':'))
    };
    let wrapped = |open: &[u8], close: &[u8]| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let pairs: [(&[u8], &[u8]); 8] = [
        (b"%", b"%"),
        (b"{", b"}"),
        (b"[", b"]"),
        (b"@", b"@"),
        (b"__", b"__"),
        (b"(", b")"),
        (b"$", b"$"),
        (b"%(", b")s"),
    ];
    let is_printf = matches!(text, [b'%', b's' | b'd' | b'v' | b'q' | b'@'] | [b'%', b'+', b'v']);
    is_printf
        || pairs.iter().any(|(open, close)| wrapped(open, close).is_some_and(is_name))
        || text
            .strip_prefix(b"$")
            .is_some_and(|name| is_name(name) && name.iter().all(|byte| !byte.is_ascii_lowercase()))
}

/// Where secrets are fetched from: what begins so, or holds it, names a place and not a secret.
const REFERENCES: &[&str] = &[
    "^",
    "pk_",
    "pk.",
    "pub",
    "vault:",
    "arn:aws",
    "op://",
    "ref+",
    "secretsmanager:",
    "ssm:",
    "keyvault",
    "projects/",
    "akv:",
    "file://",
    "env.",
    "env:",
    "env(",
    "getenv",
    "environ",
    "process.env",
    "secrets.",
    "var.",
    "local.",
    "data.",
    "config.",
    "settings.",
    "system.",
    "os.",
    "http://",
    "https://",
    "/run/secrets",
    "{{",
    "enc[",
    "enc(",
    "!vault",
    "$ansible_vault",
    "ageencrypted",
    "sha1:",
    "sha256:",
    "sha512:",
    "sha256-",
    "sha384-",
    "sha512-",
    "md5:",
    "$2a$",
    "$2b$",
    "$2y$",
    "$argon2",
    "$pbkdf2",
    "pbkdf2_",
    "pbkdf2:",
    "scrypt:",
    "{ssha}",
    "$1$",
    "$5$",
    "$6$",
    "$y$",
    "bcrypt",
    "ssh-rsa",
    "ssh-ed25519",
    "-----begin",
    "data:",
    "urn:",
    "uuid",
    "null",
    "none",
    "true",
    "false",
];

/// Whether the value of an assignment names a place, a hash or nothing at all instead of a secret.
pub(crate) fn is_reference(value: &[u8]) -> bool {
    let value = value.to_ascii_lowercase();
    REFERENCES.iter().any(|start| value.starts_with(start.as_bytes()))
}

/// Whether a value is the name of something: a path, or words joined by dots (`self.password`, `auth.token.refresh`).
pub(crate) fn is_name(value: &[u8]) -> bool {
    let is_path = value.first().is_some_and(|byte| matches!(byte, b'/' | b'~' | b'.')) && value.contains(&b'/');
    let parts: Vec<&[u8]> = value.split(|byte| matches!(byte, b'.' | b'/' | b':')).collect();
    let is_word = |part: &&[u8]| {
        part.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
            && part.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-'))
    };
    is_path || (parts.len() > 1 && parts.iter().all(is_word))
}

/// Whether a value without quotes is an expression of a programming language: a call, an index, an operation.
pub(crate) fn is_expression(value: &[u8]) -> bool {
    value.iter().any(|byte| b"(){}[]<>;\\|`\"' \t,".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known() {
        let table = [
            "<your-key>",
            "xxxxxxxxxxxxxxxx",
            "changeme",
            "${API_KEY}",
            "{{ .Values.key }}",
            "$(cat key)",
            "%API_KEY%",
            "AKIAIOSFODNN7EXAMPLE",
            "0123456789abcdef",
            "abcdefghijklmnop",
            "11111111111111111111",
            "$API_KEY",
            "{token}",
            "put your unique phrase here",
            "987654321098",
            "aaaabbbbaaaabbbb",
            "%s",
            "@token@",
            "__TOKEN__",
        ];
        for text in table {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
        for text in ["q7Xv2KzB0pWm3bTg9hLd", "4f1d8e2a9c3b7f60d5e8", "Tr0ub4dor&3", "S3cr!tP4ss"] {
            assert!(!is_placeholder(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn credentials_of_documentation_are_known_by_their_hashes() {
        // The key of the storage emulator, as its documentation has it, in two halves.
        let emulator =
            ["Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2", "UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="].concat();
        assert!(is_documented(emulator.as_bytes()));
    }

    #[test]
    fn references_and_expressions_are_no_secrets() {
        for text in [
            "vault:secret/data/app#key",
            "arn:aws:secretsmanager:eu-west-1:1:secret:x",
            "process.env.KEY",
            "sha256:0a1b",
        ] {
            assert!(is_reference(text.as_bytes()), "{text}");
        }
        for text in ["get_password()", "self.password", "/etc/ssl/key.pem", "a + b", "settings.API_KEY", "x[0]"] {
            assert!(is_expression(text.as_bytes()) || is_name(text.as_bytes()), "{text}");
        }
        for text in ["p4Ssw0rd.x9", "abc$def#9!", "q7Xv2KzB0pWm3bTg9hLd", "k9/Xz+3Lm=="] {
            assert!(
                !is_name(text.as_bytes()) && !is_expression(text.as_bytes()) && !is_reference(text.as_bytes()),
                "{text}"
            );
        }
    }
}
