//! Digests of blobs: what they look like, and readers that check them while bytes pass.

use std::io::{self, Read};
use std::sync::Arc;

use sha2::{Digest as _, Sha256, Sha512};

/// `sha256:` or `sha512:` with the right number of hexadecimal digits (OCI image specification, descriptor digests).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Digest(Arc<str>);

impl Digest {
    /// Checks the form: what passes is safe as the name of a file.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (algorithm, hex) = text.split_once(':')?;
        let digits = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => return None,
        };
        let is_hex = hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        (hex.len() == digits && is_hex).then(|| Self(text.into()))
    }

    /// The SHA-256 digest of bytes.
    pub(crate) fn sha256(bytes: &[u8]) -> Self {
        Self(format!("sha256:{}", hex(&Sha256::digest(bytes))).into())
    }

    pub(crate) fn as_str(&self) -> &Arc<str> {
        &self.0
    }

    /// The algorithm and the hexadecimal digits.
    pub(crate) fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or_default()
    }

    /// Whether bytes have this digest.
    pub(crate) fn is_of(&self, bytes: &[u8]) -> bool {
        let mut hasher = Hasher::of(self);
        hasher.update(bytes);
        hasher.finish() == *self.0
    }
}

enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    fn of(digest: &Digest) -> Self {
        match digest.parts().0 {
            "sha512" => Self::Sha512(Sha512::new()),
            _ => Self::Sha256(Sha256::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    fn finish(self) -> String {
        match self {
            Self::Sha256(hasher) => format!("sha256:{}", hex(&hasher.finalize())),
            Self::Sha512(hasher) => format!("sha512:{}", hex(&hasher.finalize())),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Counts and hashes what passes through its readers.
pub(crate) struct Check {
    expected: Option<(Digest, Hasher)>,
    /// The bytes that passed.
    pub(crate) count: u64,
    /// No more than this many pass.
    limit: u64,
    /// Whether there were more.
    pub(crate) overflowed: bool,
}

impl Check {
    /// Expects a digest, where one is known, and at most `limit` bytes.
    pub(crate) fn new(expected: Option<&Digest>, limit: u64) -> Self {
        let expected = expected.map(|digest| (digest.clone(), Hasher::of(digest)));
        Self { expected, count: 0, limit, overflowed: false }
    }

    /// A reader whose bytes are checked.
    pub(crate) fn reader<'a>(&'a mut self, inner: &'a mut dyn Read) -> Checked<'a> {
        Checked { check: self, inner }
    }

    /// What is wrong, once everything has passed; nothing when all is well.
    pub(crate) fn finish(self) -> Result<(), String> {
        if self.overflowed {
            return Err(format!(
                "there are more than the {} bytes that the image speaks of or a limit allows",
                self.limit
            ));
        }
        let Some((expected, hasher)) = self.expected else { return Ok(()) };
        let found = hasher.finish();
        if found == *expected.0 {
            return Ok(());
        }
        Err(format!("the bytes have the digest {found}, not {}", expected.0))
    }
}

/// See [`Check::reader`].
pub(crate) struct Checked<'a> {
    check: &'a mut Check,
    inner: &'a mut dyn Read,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.check.overflowed {
            return Err(io::Error::other("more bytes than allowed"));
        }
        let count = self.inner.read(buffer)?;
        let allowed = (self.check.limit - self.check.count).min(count as u64) as usize;
        let passed = buffer.get(..allowed).unwrap_or_default();
        if let Some((_, hasher)) = &mut self.check.expected {
            hasher.update(passed);
        }
        self.check.count += allowed as u64;
        self.check.overflowed |= allowed < count;
        if allowed == 0 && count > 0 { Err(io::Error::other("more bytes than allowed")) } else { Ok(allowed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_digests_become_file_names() {
        let good = format!("sha256:{}", "0a".repeat(32));
        assert!(Digest::parse(&good).is_some());
        for bad in ["", "sha256:", "sha256:../../etc/passwd", "md5:00", &good.to_uppercase(), &good[..70]] {
            assert!(Digest::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn bytes_are_checked_while_they_pass() {
        let digest = Digest::sha256(b"abc");
        let read = |limit: u64, bytes: &[u8]| {
            let mut check = Check::new(Some(&digest), limit);
            let outcome = io::copy(&mut check.reader(&mut &*bytes), &mut io::sink());
            (outcome.is_ok(), check.finish())
        };
        assert_eq!(read(3, b"abc"), (true, Ok(())));
        assert!(read(3, b"abd").1.unwrap_err().contains("not sha256:ba7816bf"));
        assert!(!read(2, b"abc").0, "a blob that is longer than it says stops");
    }
}
