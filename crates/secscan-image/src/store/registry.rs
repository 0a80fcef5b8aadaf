//! Images of registries (OCI distribution specification 1.1), through `oci-client`. The only asynchronous code: each
//! call waits on a runtime of its own.

use std::io::{self, Read};
use std::net::IpAddr;
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
use crate::manifest::{Choice, Descriptor, Layer, ManifestFile, Platform};
use crate::{ImageError, Options};

const CONNECT: Duration = Duration::from_secs(10);
/// How long a registry may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// How long one answer other than a layer may take in all.
const ANSWER: Duration = Duration::from_secs(60);
/// The slowest pace, in bytes a second, at which a layer is waited for once [`ANSWER`] is over.
const SLOWEST: u64 = 50_000;
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
    let mut failure = None;
    for protocol in protocols(reference.resolve_registry(), &options.insecure_registries) {
        let connection = Connection::new(protocol, &reference, auth.clone()).map_err(refused)?;
        match runtime.block_on(connection.manifest(&reference)) {
            Ok(manifest) => return image(runtime, connection, target, reference, manifest, options),
            Err(reason) => drop(failure.get_or_insert(reason)),
        }
    }
    Err(refused(failure.unwrap_or_default()))
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
    auth: RegistryAuth,
    host: String,
}

impl Connection {
    fn new(protocol: ClientProtocol, reference: &Reference, auth: RegistryAuth) -> Result<Self, String> {
        let config = ClientConfig {
            protocol,
            connect_timeout: Some(CONNECT),
            read_timeout: Some(SILENCE),
            user_agent: concat!("secscan/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| error.to_string())?;
        Ok(Self { client, auth, host: reference.resolve_registry().to_owned() })
    }

    /// An index or manifest with its digest, which was checked.
    async fn manifest(&self, reference: &Reference) -> Result<(ManifestFile, String), String> {
        let answer = async {
            self.client.auth(reference, &self.auth, RegistryOperation::Pull).await?;
            self.client.pull_manifest_raw(reference, &self.auth, ACCEPTED).await
        };
        let (bytes, digest) = timeout(ANSWER, answer)
            .await
            .map_err(|_| format!("{} did not answer within {} seconds", self.host, ANSWER.as_secs()))?
            .map_err(|error| self.in_words(&error))?;
        let manifest = serde_json::from_slice(&bytes)
            .map_err(|error| format!("{} sent a manifest that is none: {error}", self.host))?;
        Ok((manifest, digest))
    }

    /// What went wrong, with the cure where there is one.
    fn in_words(&self, error: &OciDistributionError) -> String {
        let host = &self.host;
        match error {
            OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) => {
                let known = match self.auth {
                    RegistryAuth::Anonymous => "and Docker's configuration has no credentials for it",
                    _ => "with the credentials of Docker's configuration",
                };
                format!("{host} refuses access, {known}: `docker login {host}` helps")
            }
            OciDistributionError::RequestError(error) if error.is_timeout() => {
                format!("{host} did not answer in time")
            }
            OciDistributionError::RequestError(error) => format!("{host} cannot be reached: {}", causes(error)),
            other => format!("{host}: {}", causes(other)),
        }
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
        let answer = self.connection.client.pull_blob_stream(&self.reference, digest);
        let answer = self.runtime.block_on(async { timeout(ANSWER, answer).await });
        let stream = answer
            .map_err(|_| io::Error::other("the registry did not answer in time"))?
            .map_err(|error| io::Error::other(self.connection.in_words(&error)))?;
        let patience = ANSWER + Duration::from_secs(size / SLOWEST);
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
