//! The floor of scanning an image archive: only unpacks each layer and hashes what is in it, and what it is packed in.
//!
//! `cargo run --release -p secscan-image --example bare_layers -- DIR` takes an OCI layout.

#![allow(clippy::print_stdout)] // it prints figures

use std::io::{Read, Write};

use sha2::{Digest, Sha256};

/// Hashes what is read through it.
struct Hashing<R>(R, Sha256);

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.update(&buffer[..count]);
        Ok(count)
    }
}

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).ok_or_else(|| std::io::Error::other("name the folder of an OCI layout"))?;
    let mut total = 0;
    for entry in std::fs::read_dir(format!("{folder}/blobs/sha256"))? {
        let path = entry?.path();
        let mut magic = [0; 2];
        let is_gzip = std::fs::File::open(&path)?.read_exact(&mut magic).is_ok() && magic == [0x1F, 0x8B];
        if !is_gzip {
            continue;
        }
        let mut packed = Hashing(std::fs::File::open(&path)?, Sha256::new());
        let mut inner = Sha256::new();
        let mut unpacked =
            flate2::read::MultiGzDecoder::new(std::io::BufReader::with_capacity(128 * 1024, &mut packed));
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let count = unpacked.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            inner.update(&buffer[..count]);
            total += count as u64;
        }
        drop(unpacked);
        let first = |hash: Sha256| format!("{:02x?}", &hash.finalize()[..4]);
        writeln!(std::io::stdout(), "{} {} {}", path.display(), first(packed.1), first(inner))?;
    }
    writeln!(std::io::stdout(), "{total} bytes unpacked")
}
