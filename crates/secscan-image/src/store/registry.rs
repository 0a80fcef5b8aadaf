//! Images of registries (OCI distribution specification 1.1), through `oci-client`. The only asynchronous code: each
//! call waits on a runtime of its own.
//!
//! A registry may be anybody's: what it sends is limited in time and size, checked against its digest, and quoted in
//! errors only as far as a terminal can bear. `oci-client` reads manifests of any size, so these are asked for here.

use std::io::{self, Read};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};
use tokio::runtime::Runtime;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Blobs, Image, credentials, document, parsed_config};
use crate::digest::Digest;
use crate::manifest::{Choice, Descriptor, LARGEST_DOCUMENT, Layer, ManifestFile, Platform};
use crate::{ImageError, Options};

/// How long a connection may take, as a part of all patience.
const CONNECT: u32 = 6;
/// How long a registry may be silent, as a part of all patience.
const SILENCE: u32 = 2;
/// The slowest pace, in bytes a second, at which a layer is waited for once patience is over.
const SLOWEST: u64 = 50_000;
/// How many characters of what a registry says are quoted.
const LONGEST_QUOTE: usize = 300;
/// How deep indexes may lead to indexes.
const DEEPEST: u32 = 4;
/// What manifests may be.
const ACCEPTED: &[&str] = &[
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// Opens an image of a registry.
pub(crate) fn open(target: &str, reference: &str, options: &Options<'_>) -> Result<Image, ImageError> {
    let refused = |reason: String| ImageError::Registry { target: target.to_owned(), reason };
    let parsed = reference.parse::<Reference>();
    let reference = parsed.map_err(|error| refused(format!("that is no reference to an image: {error}")))?;
    // Whoever linked another provider in has installed it before; then this one is not needed.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| refused(error.to_string()))?;
    let auth = credentials::of(reference.resolve_registry()).map_err(refused)?;
    let mut failures: Vec<String> = Vec::new();
    for protocol in protocols(reference.resolve_registry(), &options.insecure_registries) {
        let connection = Connection::new(protocol, &reference, auth.clone(), options.patience()).map_err(refused)?;
        match runtime.block_on(connection.manifest(&reference)) {
            Ok(manifest) => return image(runtime, connection, target, reference, manifest, options),
            Err(reason) if failures.contains(&reason) => {}
            Err(reason) => failures.push(reason),
        }
    }
    // Which of the two the registry speaks is not known: its certificate may be what matters.
    Err(refused(failures.join("; and over HTTPS: ")))
}

/// HTTPS; before it plain HTTP for hosts that may speak it.
fn protocols(host: &str, insecure: &[String]) -> Vec<ClientProtocol> {
    let name = host.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name);
    let name = name.unwrap_or_else(|| host.split_once(':').map_or(host, |(name, _)| name));
    let is_loopback = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let is_named = insecure.iter().any(|known| known == host || known == name);
    if is_loopback || is_named {
        vec![ClientProtocol::Http, ClientProtocol::Https]
    } else {
        vec![ClientProtocol::Https]
    }
}

/// The rest of an image whose first document has been read.
fn image(
    runtime: Runtime,
    connection: Connection,
    target: &str,
    reference: Reference,
    first: (ManifestFile, String),
    options: &Options<'_>,
) -> Result<Image, ImageError> {
    let refused = |reason: String| ImageError::Registry { target: target.to_owned(), reason };
    let platform = options.platform.clone().unwrap_or_else(Platform::usual);
    let (mut manifest, mut digest) = first;
    for _ in 0..DEEPEST {
        let Some(entries) = &manifest.manifests else { break };
        let chosen = Choice { target, name: None, platform: &platform }.among(entries)?;
        let of_entry = reference.clone_with_digest(chosen.digest.clone());
        (manifest, digest) = runtime.block_on(connection.manifest(&of_entry)).map_err(refused)?;
    }
    let (Some(config), Some(layers)) = (manifest.config, manifest.layers) else {
        return Err(refused("the registry's manifest is not that of an image".to_owned()));
    };
    let blobs = Registry { runtime, connection, reference: reference.clone() };
    let config = blobs.document(&config);
    let parsed = parsed_config(&config);
    let is_other = |wanted: &Platform| !wanted.fits(&parsed.os, &parsed.architecture, parsed.variant.as_deref());
    if let Some(wanted) = options.platform.as_ref().filter(|wanted| config.is_ok() && is_other(wanted)) {
        return Err(ImageError::Platform {
            target: target.to_owned(),
            wanted: wanted.to_string(),
            known: format!("{}/{}", parsed.os, parsed.architecture),
        });
    }
    let layers = Layer::of_descriptors(&layers, &parsed);
    Ok(Image { reference: reference.whole(), digest, config, layers, blobs: Box::new(blobs) })
}

/// A client for one registry.
struct Connection {
    client: Client,
    /// For manifests.
    http: reqwest::Client,
    scheme: &'static str,
    auth: RegistryAuth,
    host: String,
    /// How long one answer other than a layer may take in all.
    patience: Duration,
}

impl Connection {
    fn new(
        protocol: ClientProtocol,
        reference: &Reference,
        auth: RegistryAuth,
        patience: Duration,
    ) -> Result<Self, String> {
        const AGENT: &str = concat!("secscan/", env!("CARGO_PKG_VERSION"));
        let (connect, silence) = (patience / CONNECT, patience / SILENCE);
        let http = reqwest::Client::builder().connect_timeout(connect).read_timeout(silence).user_agent(AGENT);
        let http = http.build().map_err(|error| error.to_string())?;
        let scheme = if matches!(protocol, ClientProtocol::Http) { "http" } else { "https" };
        let config = ClientConfig {
            protocol,
            connect_timeout: Some(connect),
            read_timeout: Some(silence),
            user_agent: AGENT,
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| error.to_string())?;
        Ok(Self { client, http, scheme, auth, host: reference.resolve_registry().to_owned(), patience })
    }

    /// An index or manifest with its digest, which was checked.
    async fn manifest(&self, reference: &Reference) -> Result<(ManifestFile, String), String> {
        let bytes = timeout(self.patience, self.manifest_bytes(reference))
            .await
            .map_err(|_| format!("{} did not answer within {} seconds", self.host, self.patience.as_secs()))??;
        let digest = match reference.digest() {
            None => Digest::sha256(&bytes).as_str().to_string(),
            Some(digest) if Digest::parse(digest).is_some_and(|digest| digest.is_of(&bytes)) => digest.to_owned(),
            Some(digest) => return Err(format!("{} sent another manifest than {digest}", self.host)),
        };
        let manifest = serde_json::from_slice(&bytes)
            .map_err(|error| format!("{} sent a manifest that is none: {error}", self.host))?;
        Ok((manifest, digest))
    }

    /// The bytes of a manifest, unchecked.
    async fn manifest_bytes(&self, reference: &Reference) -> Result<Vec<u8>, String> {
        let token = self.client.auth(reference, &self.auth, RegistryOperation::Pull).await;
        let token = token.map_err(|error| self.in_words(&error))?;
        let (repository, name) = (reference.repository(), reference.digest().or(reference.tag()).unwrap_or("latest"));
        let url = format!("{}://{}/v2/{repository}/manifests/{name}", self.scheme, self.host);
        let request = self.http.get(url).header("accept", ACCEPTED.join(", "));
        let request = match (token, &self.auth) {
            (Some(token), _) if !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                return Err(format!("{} sent a token that is none", self.host));
            }
            (Some(token), _) => request.bearer_auth(token),
            (None, RegistryAuth::Basic(name, password)) => request.basic_auth(name, Some(password)),
            (None, _) => request,
        };
        let unreachable = |error: reqwest::Error| self.in_words(&OciDistributionError::RequestError(error));
        let mut answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > LARGEST_DOCUMENT {
                return Err(format!("{} sent a manifest of more than {LARGEST_DOCUMENT} bytes", self.host));
            }
        }
        match status.as_u16() {
            200 => Ok(bytes),
            401 | 403 => Err(self.refusal()),
            404 => Err(format!("{} has no {repository}:{name}", self.host)),
            _ => Err(format!("{} answers {status}: {}", self.host, quoted(&String::from_utf8_lossy(&bytes)))),
        }
    }

    /// That credentials are asked for.
    fn refusal(&self) -> String {
        let host = &self.host;
        let known = match self.auth {
            RegistryAuth::Anonymous => "and Docker's configuration has no credentials for it",
            _ => "with the credentials of Docker's configuration",
        };
        format!("{host} refuses access, {known}: `docker login {host}` helps")
    }

    /// What went wrong, with the cure where there is one.
    fn in_words(&self, error: &OciDistributionError) -> String {
        let host = &self.host;
        match error {
            OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) => {
                self.refusal()
            }
            OciDistributionError::RequestError(error) if error.is_timeout() => {
                format!("{host} did not answer in time")
            }
            OciDistributionError::RequestError(error) => {
                format!("{host} cannot be reached: {}", quoted(&causes(error)))
            }
            other => format!("{host}: {}", quoted(&causes(other))),
        }
    }
}

/// What a registry says, as far as it is worth printing: no line breaks, nothing that steers a terminal.
fn quoted(text: &str) -> String {
    let text = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let words = text.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST_QUOTE) {
        Some((at, _)) => format!("{}…", words.get(..at).unwrap_or_default()),
        None => words,
    }
}

/// An error with its causes, outermost first.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// The blobs of a registry.
struct Registry {
    runtime: Runtime,
    connection: Connection,
    reference: Reference,
}

impl Registry {
    /// A small blob, whole and checked.
    fn document(&self, descriptor: &Descriptor) -> Result<Vec<u8>, String> {
        let digest =
            Digest::parse(&descriptor.digest).ok_or_else(|| format!("`{}` is no digest", descriptor.digest))?;
        let bytes = self.blob(&digest, 0).map_err(|error| error.to_string()).and_then(document)?;
        if digest.is_of(&bytes) { Ok(bytes) } else { Err("its bytes do not have its digest".to_owned()) }
    }

    fn blob(&self, digest: &Digest, size: u64) -> io::Result<Pull<'_>> {
        let digest: &str = digest.as_str();
        let connection = &self.connection;
        let answer = || {
            let answer = connection.client.pull_blob_stream(&self.reference, digest);
            self.runtime.block_on(async { timeout(connection.patience, answer).await })
        };
        // `oci-client` panics when a token that it asks for later is none.
        let stream = catch_unwind(AssertUnwindSafe(answer))
            .map_err(|_| io::Error::other("the registry sent what breaks the client"))?
            .map_err(|_| io::Error::other("the registry did not answer in time"))?
            .map_err(|error| io::Error::other(connection.in_words(&error)))?;
        let patience = connection.patience + Duration::from_secs(size / SLOWEST);
        Ok(Pull {
            runtime: &self.runtime,
            stream: stream.stream,
            chunk: Bytes::new(),
            used: 0,
            patience,
            is_over: false,
            until: None,
        })
    }
}

impl Blobs for Registry {
    fn open(&self, layer: &Layer) -> io::Result<Box<dyn Read + '_>> {
        let digest = layer.digest.as_ref().ok_or_else(|| io::Error::other("its digest is of no known form"))?;
        Ok(Box::new(self.blob(digest, layer.size.unwrap_or(0))?))
    }
}

/// The bytes of a blob as they come in.
struct Pull<'a> {
    runtime: &'a Runtime,
    stream: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    chunk: Bytes,
    used: usize,
    patience: Duration,
    /// Whether the end came: the stream must not be asked again.
    is_over: bool,
    /// When patience ends; it begins with the first read.
    until: Option<Instant>,
}

impl Read for Pull<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_over {
            return Ok(0);
        }
        while self.used >= self.chunk.len() {
            let until = *self.until.get_or_insert_with(|| Instant::now() + self.patience);
            let stream = &mut self.stream;
            let next = std::future::poll_fn(|context: &mut Context<'_>| -> Poll<Option<io::Result<Bytes>>> {
                stream.as_mut().poll_next(context)
            });
            let next = self.runtime.block_on(async { timeout_at(until, next).await });
            let late = || io::Error::new(io::ErrorKind::TimedOut, "the registry is too slow");
            match next.map_err(|_| late())? {
                Some(chunk) => (self.chunk, self.used) = (chunk?, 0),
                None => {
                    self.is_over = true;
                    return Ok(0);
                }
            }
        }
        let ready = self.chunk.get(self.used..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.used += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_says_steers_no_terminal() {
        assert_eq!(quoted("no\n such\u{1b}[31m  image"), "no such [31m image");
        assert_eq!(quoted(&"x".repeat(1000)).chars().count(), LONGEST_QUOTE + 1);
    }

    #[test]
    fn plain_http_is_for_the_loopback_and_named_hosts() {
        let insecure = ["registry.example:5000".to_owned()];
        let speaks_http = |host: &str| protocols(host, &insecure).contains(&ClientProtocol::Http);
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000", "registry.example:5000"] {
            assert!(speaks_http(host), "{host}");
        }
        for host in ["registry.example", "127.0.0.1.example.com", "localhost.example:80", "10.0.0.1:5000"] {
            assert!(!speaks_http(host), "{host}");
        }
    }
}
