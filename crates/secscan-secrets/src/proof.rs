//! Each proof can also make an example that it accepts, so that none needs to be written down.

use crate::encoding::{BECH32, base64, bech32_checksum, bech32_values, crc24, crc32, in_digits, is_bech32, to_base64};
use crate::ignore::Around;
use crate::placeholder;
use crate::sample::Random;

/// A structural check.
pub struct Proof {
    /// The name that rule files use.
    pub name: &'static str,
    /// What it looks at, and where that is written down.
    pub about: &'static str,
    /// Whether the bytes of a secret have the structure.
    pub holds: fn(&[u8]) -> bool,
    /// A secret that has it. What the argument means is up to the proof: a prefix, a label, a text to hold.
    pub example: fn(&str, &mut Random) -> String,
}

/// All proofs.
pub static PROOFS: &[Proof] = &[
    Proof {
        name: "github-crc32",
        about: "the last six characters are the CRC-32 of the body in base 62 (GitHub's token formats, 2021)",
        holds: github,
        example: |prefix, random| {
            let body = random.text("A-Za-z0-9", 30);
            format!("{prefix}{body}{}", String::from_utf8_lossy(&in_digits(crc32(body.as_bytes()), BASE62, 6)))
        },
    },
    Proof {
        name: "atlassian-crc32",
        about: "the last eight characters are the CRC-32 of all before them in hexadecimal (Atlassian API tokens, 2023)",
        holds: |token| split_end(token, 8).is_some_and(|(body, sum)| sum == format!("{:08X}", crc32(body)).as_bytes()),
        example: |prefix, random| {
            let body = format!("{prefix}{}=", random.text("A-Za-z0-9_-", 176));
            format!("{body}{:08X}", crc32(body.as_bytes()))
        },
    },
    Proof {
        name: "aws-account",
        about: "the body is base32 and holds an account number of twelve digits; ids from before 2019 hold none",
        holds: aws_key_id,
        example: |prefix, random| format!("{prefix}Q{}", random.text("A-Z2-7", 15)),
    },
    Proof {
        name: "jwt",
        about: "three parts, a header that names an algorithm and a payload, both JSON in base64url (RFC 7519)",
        holds: |token| jwt_payload(token).is_some(),
        example: |payload, random| {
            let payload = if payload.is_empty() { r#"{"sub":"u-5821","iat":1700000000}"# } else { payload };
            let part =
                |text: &str| to_base64(text.as_bytes()).trim_end_matches('=').replace('+', "-").replace('/', "_");
            let signature = random.text("A-Za-z0-9_-", 43);
            format!("{}.{}.{signature}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(payload))
        },
    },
    Proof {
        name: "kubernetes-jwt",
        about: "a JWT that a Kubernetes cluster issued to a service account",
        holds: |token| {
            jwt_payload(token)
                .is_some_and(|payload| holds_any(&payload, &["kubernetes/serviceaccount", "kubernetes.io"]))
        },
        example: |_, random| {
            example_of("jwt", r#"{"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:a:b"}"#, random)
        },
    },
    Proof {
        name: "supabase-jwt",
        about: "a JWT with the role `service_role` of Supabase; the role `anon` is public",
        holds: |token| jwt_payload(token).is_some_and(|payload| holds_any(&payload, &["service_role"])),
        example: |_, random| example_of("jwt", r#"{"iss":"supabase","ref":"qwxzvbnm","role":"service_role"}"#, random),
    },
    Proof {
        name: "json-inside",
        about: "JSON in base64 behind the prefix",
        holds: |token| {
            let start = memchr::memmem::find(token, b"eyJ").unwrap_or(token.len());
            let run = token[start..].split(|byte| !is_base64(*byte) || *byte == b'_').next().unwrap_or_default();
            base64(run.trim_ascii_end()).is_some_and(|text| text.starts_with(b"{\""))
        },
        example: |prefix, random| {
            let json = format!(
                r#"{{"o":"{}","n":"ci","k":"{}","m":{{"r":"eu"}}}}"#,
                random.text("0-9", 7),
                random.text("A-Za-z0-9", 180)
            );
            format!("{prefix}{}", to_base64(json.as_bytes()).trim_end_matches('='))
        },
    },
    Proof {
        name: "base64-password",
        about: "base64 of a user, a colon and a password (RFC 7617)",
        holds: user_and_password,
        example: |_, random| to_base64(format!("deploy:{}", random.text("A-Za-z0-9", 16)).as_bytes()),
    },
    Proof {
        name: "base64-bedrock",
        about: "base64 of a text that begins with BedrockAPIKey",
        holds: |token| decoded_holds(token.strip_prefix(b"ABSK"), b"BedrockAPIKey"),
        example: |_, random| {
            format!("ABSK{}", to_base64(format!("BedrockAPIKey-{}", random.text("a-z0-9", 82)).as_bytes()))
        },
    },
    Proof {
        name: "base64-reftkn",
        about: "base64 of a text that begins with reftkn, as reference tokens of Artifactory do",
        holds: |token| decoded_holds(Some(token), b"reftkn:"),
        example: |_, random| to_base64(format!("reftkn:01:1700000000:{}", random.text("A-Za-z0-9", 27)).as_bytes()),
    },
    Proof {
        name: "pypi-macaroon",
        about: "a macaroon in base64 whose location is pypi.org or test.pypi.org (PyPI API tokens)",
        holds: |token| decoded_holds(token.strip_prefix(b"pypi-"), b"pypi.org"),
        example: |_, random| {
            let macaroon = [b"\x02\x01\x08pypi.org\x02\x24".as_slice(), random.text("a-z0-9", 96).as_bytes()].concat();
            format!("pypi-{}", to_base64(&macaroon).trim_end_matches('=').replace('+', "-").replace('/', "_"))
        },
    },
    Proof {
        name: "key-of-32-bytes",
        about: "base64 of exactly 32 bytes that are no text",
        holds: |token| is_key(token, 32),
        example: |prefix, random| format!("{prefix}{}", to_base64(&random.bytes(32))),
    },
    Proof {
        name: "key-of-64-bytes",
        about: "base64 of exactly 64 bytes that are no text",
        holds: |token| is_key(token, 64),
        example: |prefix, random| format!("{prefix}{}", to_base64(&random.bytes(64))),
    },
    Proof {
        name: "ses-smtp",
        about: "base64 of 33 bytes of which the first is the version 4 (Amazon SES, SMTP passwords)",
        holds: |token| base64(token).is_some_and(|bytes| bytes.len() == 33 && bytes[0] == 4),
        example: |_, random| to_base64(&[&[4][..], &random.bytes(32)].concat()),
    },
    Proof {
        name: "discord-id",
        about: "the first part is the bot's numeric id in base64",
        holds: |token| {
            let id = token.split(|byte| *byte == b'.').next().and_then(base64);
            id.is_some_and(|id| id.len() >= 15 && id.iter().all(u8::is_ascii_digit))
        },
        example: |_, random| {
            let id = to_base64(random.text("1-9", 18).as_bytes());
            format!("{id}.G{}.{}", random.text("A-Za-z0-9", 5), random.text("A-Za-z0-9_-", 38))
        },
    },
    Proof {
        name: "age-bech32",
        about: "bech32 with a good checksum (BIP 173; age v1 identities)",
        holds: is_bech32,
        example: |_, random| {
            let data: Vec<u8> = random.bytes(52).iter().map(|byte| byte & 31).collect();
            let name = "AGE-SECRET-KEY-";
            let mut values = bech32_values(format!("{name}1").as_bytes()).unwrap_or_default();
            values.extend(&data);
            let sum = bech32_checksum(&[values, vec![0; 6]].concat()) ^ 1;
            let sum = (0..6).map(|at| (sum >> (25 - 5 * at) & 31) as u8);
            let text: String =
                data.into_iter().chain(sum).map(|value| char::from(BECH32[usize::from(value)])).collect();
            format!("{name}1{}", text.to_ascii_uppercase())
        },
    },
    Proof {
        name: "der-key",
        about: "a whole PEM body of one DER sequence, or an OpenSSH key, that no passphrase protects (RFC 7468, PROTOCOL.key)",
        holds: is_plain_pem,
        example: pem_example,
    },
    Proof {
        name: "pgp-armor",
        about: "a whole OpenPGP block of a secret key, its CRC-24 right where there is one (RFC 9580)",
        holds: is_pgp_secret,
        example: |_, random| {
            let packet = [&[0x95, 0x01, 0x2C, 4][..], &random.bytes(299)].concat();
            let sum = to_base64(&crc24(&packet).to_be_bytes()[1..]);
            format!(
                "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{}={sum}\n-----END PGP PRIVATE KEY BLOCK-----",
                in_lines(&packet)
            )
        },
    },
];

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The proof of a name.
pub fn named(name: &str) -> Option<&'static Proof> {
    PROOFS.iter().find(|proof| proof.name == name)
}

/// All names, for error messages.
pub(crate) fn names() -> String {
    PROOFS.iter().map(|proof| proof.name).collect::<Vec<_>>().join(", ")
}

fn example_of(name: &str, argument: &str, random: &mut Random) -> String {
    named(name).map(|proof| (proof.example)(argument, random)).unwrap_or_default()
}

fn split_end(text: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    text.split_at_checked(text.len().checked_sub(length)?)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}

fn holds_any(text: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
}

fn github(token: &[u8]) -> bool {
    let Some((front, sum)) = split_end(token, 6) else { return false };
    let body = front.iter().position(|byte| *byte == b'_').map_or(front, |at| &front[at + 1..]);
    in_digits(crc32(body), BASE62, 6) == sum
}

/// The body of a newer id is 80 bits; bits 1 to 40 of it are the account number, which has twelve digits.
fn aws_key_id(id: &[u8]) -> bool {
    let Some(body) = id.get(4..) else { return false };
    if matches!(body.first(), Some(b'I' | b'J')) {
        return true;
    }
    let digit = |byte: &u8| match byte {
        b'A'..=b'Z' => Some(u64::from(byte - b'A')),
        b'2'..=b'7' => Some(u64::from(byte - b'2') + 26),
        _ => None,
    };
    // Ten digits are the first fifty bits.
    let bits = body.iter().take(10).try_fold(0_u64, |bits, byte| Some(bits << 5 | digit(byte)?));
    bits.is_some_and(|bits| bits >> 9 & ((1 << 40) - 1) < 1_000_000_000_000)
}

/// The payload of a JWT that is none of the samples of manuals.
fn jwt_payload(token: &[u8]) -> Option<Vec<u8>> {
    let mut parts = token.split(|byte| *byte == b'.');
    let header = base64(parts.next()?)?;
    let payload = base64(parts.next()?)?;
    let is_object = |text: &[u8]| text.starts_with(b"{") && text.trim_ascii_end().ends_with(b"}");
    let is_signed = !parts.next()?.is_empty() && holds_any(&header, &["\"alg\""]) && !holds_any(&header, &["\"none\""]);
    let is_sample = holds_any(&payload, &["1234567890", "John Doe", "joe", "example", "johndoe"]);
    (is_signed && is_object(&header) && is_object(&payload) && !is_sample).then_some(payload)
}

fn user_and_password(text: &[u8]) -> bool {
    let Some(decoded) = base64(text) else { return false };
    let Some(colon) = decoded.iter().position(|byte| *byte == b':') else { return false };
    let (user, password) = (&decoded[..colon], &decoded[colon + 1..]);
    let is_text = decoded.iter().all(|byte| byte.is_ascii_graphic());
    let is_default = crate::Ignore::Default.covers_value(password, Around { before: &decoded[..=colon], after: b"" });
    is_text && !user.is_empty() && password.len() >= 4 && !is_default && !placeholder::is_placeholder(password)
}

fn decoded_holds(text: Option<&[u8]>, start: &[u8]) -> bool {
    // A token may be cut anywhere: whole groups of four decode.
    let whole = |text: &[u8]| base64(&text[..text.len() / 4 * 4]);
    let text = text.map(|text| text.split(|byte| *byte == b'=').next().unwrap_or_default());
    text.and_then(whole).is_some_and(|decoded| memchr::memmem::find(&decoded[..decoded.len().min(32)], start).is_some())
}

fn is_key(text: &[u8], length: usize) -> bool {
    let body = text.rsplit(|byte| matches!(byte, b':' | b' ')).next().unwrap_or_default();
    base64(body).is_some_and(|bytes| bytes.len() == length && !bytes.iter().all(u8::is_ascii_graphic))
}

/// The bytes of a PEM body as it stands in files: with line breaks, `\n` or blanks between its lines, indented, in quotes.
fn pem_body(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let is_escape = byte == b'\\' && matches!(bytes.peek(), Some(b'n' | b'r'));
        plain.push(if is_escape { b'\n' } else { byte });
        if is_escape {
            bytes.next();
        }
    }
    let lines =
        plain.split(|byte| byte.is_ascii_whitespace()).filter(|line| !line.starts_with(b"=") && !line.contains(&b':'));
    let longest = |line: &[u8]| {
        let runs = line.split(|byte| !is_base64(*byte));
        runs.max_by_key(|run| run.len()).filter(|run| run.len() >= 4).map(<[u8]>::to_vec)
    };
    base64(&lines.filter_map(longest).collect::<Vec<_>>().concat())
}

fn is_plain_pem(body: &[u8]) -> bool {
    if holds_any(body, &["ENCRYPTED"]) {
        return false;
    }
    let Some(bytes) = pem_body(body) else { return false };
    match bytes.as_slice() {
        [b'o', b'p', b'e', b'n', b's', b's', b'h', ..] => {
            bytes.get(15..).is_some_and(|rest| rest.starts_with(b"\0\0\0\x04none"))
        }
        // The sequence says how long it is, and nothing follows it.
        [0x30, 0x82, high, low, rest @ ..] => rest.len() == usize::from(*high) << 8 | usize::from(*low),
        [0x30, 0x81, length, rest @ ..] => rest.len() == usize::from(*length),
        [0x30, length, rest @ ..] => *length < 0x80 && rest.len() == usize::from(*length),
        _ => false,
    }
}

/// Packet tag 5 is a secret key, 7 a secret subkey.
fn is_pgp_secret(block: &[u8]) -> bool {
    let Some(bytes) = pem_body(block) else { return false };
    let is_secret_key = bytes.first().is_some_and(|tag| match tag & 0xC0 {
        0xC0 => matches!(tag & 0x3F, 5 | 7),
        0x80 => matches!(tag >> 2 & 0x0F, 5 | 7),
        _ => false,
    });
    let mut lines = block.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let sum = lines.find(|line| line.len() == 5 && line.starts_with(b"=")).and_then(|line| base64(&line[1..]));
    is_secret_key && sum.is_none_or(|sum| sum == crc24(&bytes).to_be_bytes()[1..])
}

fn in_lines(bytes: &[u8]) -> String {
    let text = to_base64(bytes);
    let lines = text.as_bytes().chunks(64).map(|line| format!("{}\n", String::from_utf8_lossy(line)));
    lines.collect()
}

/// A PEM block; the argument is its label.
fn pem_example(label: &str, random: &mut Random) -> String {
    let bytes = if label.starts_with("OPENSSH") {
        [&b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none"[..], &random.bytes(180)].concat()
    } else {
        [&[0x30, 0x82, 1, 44][..], &random.bytes(300)].concat()
    };
    format!("-----BEGIN {label}-----\n{}-----END {label}-----", in_lines(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proof_accepts_its_example_and_little_else() {
        for proof in PROOFS {
            let mut random = Random::new(7);
            let argument = if proof.name == "der-key" { "RSA PRIVATE KEY" } else { "" };
            let example = (proof.example)(argument, &mut random);
            // A detector hands over what stands between the lines that begin and end a block.
            let secret = example.split("-----").nth(2).unwrap_or(&example);
            assert!((proof.holds)(secret.as_bytes()), "{}: {secret}", proof.name);
            for other in [&b""[..], b"x", b"x.y.z", b"no credential at all", &[0xFF; 40], b"================"] {
                assert!(!(proof.holds)(other), "{}: {other:?}", proof.name);
            }
            assert_eq!(named(proof.name).map(|found| found.about), Some(proof.about), "names are unique");
        }
    }

    #[test]
    fn a_changed_character_breaks_a_checksum() {
        for (name, prefix) in [("github-crc32", "ghp_"), ("atlassian-crc32", "ATATT3"), ("age-bech32", "")] {
            let token = example_of(name, prefix, &mut Random::new(1));
            let at = token.len() / 2;
            let other = if token.as_bytes()[at] == b'Q' { "P" } else { "Q" };
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert!(!named(name).is_some_and(|proof| (proof.holds)(changed.as_bytes())), "{name}");
        }
    }

    #[test]
    fn blocks_are_read_as_they_stand_in_programs() {
        let block = pem_example("PRIVATE KEY", &mut Random::new(3));
        let body =
            block.trim_start_matches("-----BEGIN PRIVATE KEY-----").trim_end_matches("-----END PRIVATE KEY-----");
        for form in [
            body.replace('\n', "\\n"),
            body.replace('\n', "\r\n"),
            body.replace('\n', "\n    "),
            body.replace('\n', " "),
            body.replace('\n', "\\n\" +\n  \""),
        ] {
            assert!(is_plain_pem(form.as_bytes()), "{form}");
        }
        let cut = &body[..body.len() / 2];
        assert!(!is_plain_pem(cut.as_bytes()), "half a key opens nothing");
        assert!(!is_plain_pem(format!("\nProc-Type: 4,ENCRYPTED\n{body}").as_bytes()));
    }

    #[test]
    fn a_jwt_of_a_manual_is_none() {
        let random = &mut Random::new(5);
        assert!(
            jwt_payload(example_of("jwt", r#"{"sub":"1234567890","name":"John Doe"}"#, random).as_bytes()).is_none()
        );
        assert!(jwt_payload(example_of("jwt", "", random).as_bytes()).is_some());
    }

    #[test]
    fn impossible_account_numbers_are_no_key_ids() {
        assert!(aws_key_id(b"AKIAIXXXXXXXXXXXXXXX"), "an old id, which holds no account");
        assert!(aws_key_id(b"AKIAQ3EGUYX2ABCDEFGH"));
        assert!(!aws_key_id(b"AKIA77777777777777Q7"), "more than twelve digits");
    }
}
