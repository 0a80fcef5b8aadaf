//! A mirror of OSV exports over HTTPS: `ECOSYSTEM/all.zip` below an address.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, bail};

/// How large an export may be; the largest of 2026 is a fifth of it.
const LARGEST: u64 = 2 << 30;
/// How long a server may take to answer the connection.
const CONNECT: Duration = Duration::from_secs(20);
/// How often a server may send us elsewhere.
const REDIRECTS: u32 = 5;

/// What became of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fetched {
    /// The file is there, whole.
    Whole,
    /// The mirror does not have it.
    Missing,
}

/// A server that is asked for exports.
pub(crate) struct Mirror {
    base: String,
    agent: ureq::Agent,
}

/// Whether a mirror is named by an address rather than a folder.
pub(crate) fn is_address(from: &str) -> bool {
    from.starts_with("https://") || from.starts_with("http://")
}

impl Mirror {
    /// A mirror at an address. Plain HTTP is for the loopback alone, where nobody can listen in or answer instead.
    pub(crate) fn new(from: &str, timeout: Duration) -> anyhow::Result<Self> {
        let is_plain = from.starts_with("http://");
        if is_plain && !is_loopback(from) {
            bail!("{from}: advisories are fetched over HTTPS; plain HTTP is for the loopback only");
        }
        let mut config = ureq::Agent::config_builder()
            .https_only(!is_plain)
            .max_redirects(if is_plain { 0 } else { REDIRECTS })
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT.min(timeout)))
            .timeout_global(Some(timeout))
            .user_agent(concat!("secscan/", env!("CARGO_PKG_VERSION")));
        if is_plain {
            config = config.proxy(None);
        }
        Ok(Self { base: from.trim_end_matches('/').to_owned(), agent: config.build().into() })
    }

    /// Fetches the export of an ecosystem into a file.
    pub(crate) fn fetch(&self, ecosystem: &str, into: &mut File) -> anyhow::Result<Fetched> {
        let url = format!("{}/{}/all.zip", self.base, ecosystem.replace(' ', "%20"));
        let mut response = self.agent.get(&url).call().with_context(|| url.clone())?;
        match response.status().as_u16() {
            200 => {}
            404 => return Ok(Fetched::Missing),
            status => bail!("{url}: the server answers {status}"),
        }
        let mut body = response.body_mut().with_config().limit(LARGEST).reader();
        io::copy(&mut body, into).with_context(|| format!("{url}: the answer was cut short"))?;
        Ok(Fetched::Whole)
    }
}

fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    // A user in front of the host could look like one.
    !authority.contains('@') && (host == "localhost" || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_the_loopback() {
        for (url, expected) in [
            ("http://127.0.0.1:8080/osv", true),
            ("http://localhost", true),
            ("http://[::1]:1/", true),
            ("http://example.org/", false),
            ("http://127.0.0.1@example.org/", false),
            ("http://127.0.0.1.example.org/", false),
            ("http://localhost.example.org", false),
        ] {
            assert_eq!(is_loopback(url), expected, "{url}");
            assert_eq!(Mirror::new(url, Duration::from_secs(1)).is_ok(), expected, "{url}");
        }
        assert!(Mirror::new("https://example.org/osv", Duration::from_secs(1)).is_ok());
    }
}
