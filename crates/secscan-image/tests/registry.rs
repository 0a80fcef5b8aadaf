//! Registries that lie, stall or speak with a certificate that nobody knows: a server on the loopback plays them, and
//! every scan ends soon, says what was wrong, and keeps what was right.

#![allow(clippy::unwrap_used)] // helpers of tests may panic

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use secscan_image::{ImageError, ImageTree, Options, Target, open};
use secscan_model::{DiagnosticKind, FileTree};
use sha2::{Digest, Sha256};

/// How long a registry may take in these tests.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a test may take on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// What a server does when it is asked for a path.
#[derive(Clone)]
enum Answer {
    /// These bytes, said to be as many as they are.
    Honest(Vec<u8>),
    /// These bytes, and then the end, though more were promised.
    Short(Vec<u8>),
    /// These bytes again and again, without end.
    Endless(Vec<u8>),
    /// One byte now and then, without end.
    Drip,
    /// Nothing, while the connection stays open.
    Silence,
    /// Another status, with headers and a body.
    Status(&'static str, &'static str, Vec<u8>),
}

use Answer::{Drip, Endless, Honest, Short, Silence, Status};

/// A server on the loopback; it ends with the value.
struct Server {
    address: String,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server that gives these answers by path, and 404 for others.
    fn new(answers: impl IntoIterator<Item = (String, Answer)>) -> Self {
        let answers: Arc<BTreeMap<String, Answer>> = Arc::new(answers.into_iter().collect());
        Self::each(move |stream, is_over| {
            let answers = answers.clone();
            std::thread::spawn(move || drop(answer(stream, &answers, &is_over)));
        })
    }

    /// Starts a server that does this with each connection.
    fn each(serve: impl Fn(TcpStream, Arc<AtomicBool>) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = is_over.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                serve(stream.unwrap(), over.clone());
            }
        });
        Self { address, is_over, thread: Some(thread) }
    }

    /// Opens the image `demo/app:1` of it.
    fn open(&self) -> Result<ImageTree, ImageError> {
        self.open_as("demo/app:1")
    }

    fn open_as(&self, name: &str) -> Result<ImageTree, ImageError> {
        let start = Instant::now();
        let options = Options { patience: PATIENCE, ..Options::default() };
        let opened = open(&Target::Registry(format!("{}/{name}", self.address)), &options);
        assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
        opened
    }

    /// Why the image cannot be opened.
    fn refusal(&self) -> String {
        self.open().expect_err("it cannot be opened").to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(&self.address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Reads one request and answers it.
fn answer(stream: TcpStream, answers: &BTreeMap<String, Answer>, is_over: &AtomicBool) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().unwrap_or(Ok(String::new()))?;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let missing = Status("404 Not Found", "", Vec::new());
    say(stream, answers.get(path).unwrap_or(&missing), is_over)
}

fn say(mut stream: TcpStream, answer: &Answer, is_over: &AtomicBool) -> std::io::Result<()> {
    let head = |status: &str, length: usize, more: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n")
    };
    match answer {
        Honest(bytes) => {
            stream.write_all(head("200 OK", bytes.len(), "").as_bytes())?;
            stream.write_all(bytes)
        }
        Status(status, headers, bytes) => {
            stream.write_all(head(status, bytes.len(), headers).as_bytes())?;
            stream.write_all(bytes)
        }
        Short(bytes) => {
            stream.write_all(head("200 OK", bytes.len() * 2, "").as_bytes())?;
            stream.write_all(bytes)
        }
        Endless(bytes) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            while !is_over.load(Ordering::Relaxed) {
                stream.write_all(bytes)?;
            }
            Ok(())
        }
        Drip => {
            stream.write_all(head("200 OK", 1_000_000, "").as_bytes())?;
            while !is_over.load(Ordering::Relaxed) {
                stream.write_all(b" ")?;
                std::thread::sleep(Duration::from_millis(100));
            }
            Ok(())
        }
        Silence => {
            while !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        }
    }
}

fn sha256(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A layer with one file.
fn layer(name: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(4);
    tar.append_data(&mut header, name, &b"text"[..]).unwrap();
    tar.into_inner().unwrap()
}

fn blob(digest: &str) -> String {
    format!("/v2/demo/app/blobs/{digest}")
}

const MANIFEST: &str = "/v2/demo/app/manifests/1";

/// The answers of an honest registry with an image of these layers.
fn registry(layers: &[Vec<u8>]) -> BTreeMap<String, Answer> {
    let config = br#"{"os": "linux", "config": {"User": "app"}}"#.to_vec();
    let descriptor = |bytes: &Vec<u8>| serde_json::json!({ "digest": sha256(bytes), "size": bytes.len() });
    let of_layers: Vec<_> = layers.iter().map(descriptor).collect();
    let manifest = serde_json::json!({ "config": descriptor(&config), "layers": of_layers });
    let mut answers: BTreeMap<_, _> =
        layers.iter().map(|bytes| (blob(&sha256(bytes)), Honest(bytes.clone()))).collect();
    answers.insert(blob(&sha256(&config)), Honest(config));
    answers.insert("/v2/".to_owned(), Honest(b"{}".to_vec()));
    answers.insert(MANIFEST.to_owned(), Honest(manifest.to_string().into_bytes()));
    answers
}

/// An honest registry that gives something else at one path.
fn but(path: &str, answer: Answer) -> Server {
    let mut answers = registry(&[layer("a"), layer("b")]);
    answers.insert(path.to_owned(), answer);
    Server::new(answers)
}

/// The paths of the files of an image's layers.
fn files(tree: &ImageTree) -> Vec<String> {
    let files = tree.list().files.into_iter().filter(|file| &*file.path != secscan_image::CONFIG_PATH);
    files.map(|file| file.path.to_string()).collect()
}

/// Whether a diagnostic that blinds says this of the first layer.
fn is_said(tree: &ImageTree, words: &str) -> bool {
    let is_it = |kind: DiagnosticKind, message: &str| {
        kind.is_blinding() && message.starts_with("layer 1 ") && message.contains(words)
    };
    tree.list().diagnostics.iter().any(|said| is_it(said.kind, &said.message))
}

#[test]
fn an_honest_registry_is_read() {
    let server = Server::new(registry(&[layer("a"), layer("b")]));
    let tree = server.open().unwrap();
    assert_eq!(files(&tree), ["a", "b"]);
    assert!(tree.list().diagnostics.is_empty(), "{:?}", tree.list().diagnostics);
}

#[test]
fn layers_that_are_not_what_was_promised_leave_the_others() {
    let first = blob(&sha256(&layer("a")));
    let refused = Status("500 Internal Server Error", "", b"\x1b[31mno".to_vec());
    for (answer, words) in [
        (Honest(layer("c")), "digest"),
        (Short(layer("a")), "breaks off"),
        (Honest(layer("a")[..700].to_vec()), "breaks off"),
        (Endless(layer("a")), "more than"),
        (Drip, "breaks off"),
        (Silence, "cannot be read"),
        (refused, "cannot be read"),
    ] {
        let server = but(&first, answer);
        let tree = server.open().unwrap();
        assert!(files(&tree).contains(&"b".to_owned()), "{words}: {:?}", files(&tree));
        assert!(is_said(&tree, words), "{words}: {:#?}", tree.list().diagnostics);
        let steers = tree.list().diagnostics.iter().any(|said| said.message.contains('\x1b'));
        assert!(!steers, "{:?}", tree.list().diagnostics);
    }
}

#[test]
fn manifests_that_lie_or_never_end_are_refused() {
    for (answer, words) in [
        (Honest(b"<html>Sign in</html>".to_vec()), "a manifest that is none"),
        (Honest(b"{\"layers\": 7}".to_vec()), "a manifest that is none"),
        (Honest(b"{}".to_vec()), "not that of an image"),
        (Honest("[".repeat(200_000).into_bytes()), "a manifest that is none"),
        (Endless(vec![b' '; 64 * 1024]), "more than 8388608 bytes"),
        (Short(b"{\"layers\"".to_vec()), "cannot be reached"),
        (Drip, "did not answer"),
        (Silence, "did not answer"),
        (Status("404 Not Found", "", Vec::new()), "has no demo/app:1"),
        (Status("401 Unauthorized", "", Vec::new()), "docker login"),
        (Status("418 Teapot", "", b"\x1b[2Jno\ncoffee".to_vec()), "418 I'm a teapot: [2Jno coffee"),
        (Status("302 Found", "Location: /v2/demo/app/manifests/1\r\n", Vec::new()), "redirect"),
    ] {
        let said = but(MANIFEST, answer).refusal();
        assert!(said.contains(words), "{words:?} in {said:?}");
    }
    let digest = sha256(b"another manifest");
    let server = but(&format!("/v2/demo/app/manifests/{digest}"), Honest(b"{}".to_vec()));
    let said = server.open_as(&format!("demo/app@{digest}")).expect_err("it lies").to_string();
    assert!(said.contains("sent another manifest than sha256:"), "{said}");
}

#[test]
fn a_lying_configuration_is_told_and_the_layers_are_read() {
    let config = br#"{"os": "linux", "config": {"User": "app"}}"#;
    let server = but(&blob(&sha256(config)), Honest(b"{}".to_vec()));
    let tree = server.open().unwrap();
    assert_eq!(files(&tree), ["a", "b"]);
    let said = tree.list().diagnostics;
    assert!(said.iter().any(|said| said.kind.is_blinding() && said.message.contains("digest")), "{said:#?}");
}

#[test]
fn tokens_that_are_none_break_nothing() {
    for token in ["{\"token\": \"a\\u0001b\"}", "{\"token\": \"a\\r\\nX: y\"}", "<html>", "{}"] {
        let tokens = Server::new([("/token".to_owned(), Honest(token.as_bytes().to_vec()))]);
        let challenge = format!("WWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"x\"\r\n", tokens.address);
        let server = but("/v2/", Status("401 Unauthorized", challenge.leak(), Vec::new()));
        let said = server.refusal();
        assert!(said.contains(&server.address), "{said}");
    }
}

#[test]
fn who_never_answers_is_given_up() {
    let server = Server::each(|stream, _| drop(say(stream, &Short(Vec::new()), &AtomicBool::new(false))));
    assert!(server.refusal().contains(&server.address));
    // It listens, takes the connection, and says nothing.
    let server = Server::each(|stream, is_over| drop(std::thread::spawn(move || say(stream, &Silence, &is_over))));
    assert!(server.refusal().contains("did not answer"), "{}", server.refusal());
}

#[test]
fn an_unknown_certificate_is_named() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let chain = vec![key.cert.der().clone()];
    let secret = rustls::pki_types::PrivatePkcs8KeyDer::from(key.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, secret.into()).unwrap());
    let server = Server::each(move |mut stream, _| {
        let mut connection = rustls::ServerConnection::new(config.clone()).unwrap();
        // The handshake fails at the client's side; what it sends then is of no interest.
        std::thread::spawn(move || {
            let mut tls = rustls::Stream::new(&mut connection, &mut stream);
            drop(tls.read(&mut [0; 1024]));
        });
    });
    let said = server.refusal();
    assert!(said.contains("certificate"), "{said}");
}
