//! Layers as they are packed: gzip, zstd, or plain. The bytes say which, whatever the media type claims.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::FrameDecoder;

/// How much is read at once.
const CHUNK: usize = 128 * 1024;

/// Unpacks a stream.
///
/// # Errors
/// When the first bytes cannot be read, or are those of a format that is not supported.
pub(crate) fn unpack<'a>(packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut packed = BufReader::with_capacity(CHUNK, packed);
    let magic = packed.fill_buf()?;
    if magic.starts_with(&[0x1F, 0x8B]) {
        return Ok(Box::new(MultiGzDecoder::new(packed)));
    }
    if magic.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) || is_skippable(magic) {
        return Ok(Box::new(Zstd { packed, decoder: FrameDecoder::new(), is_open: false }));
    }
    for (magic_of, name) in [(&b"BZh"[..], "bzip2"), (b"\xFD7zXZ", "xz")] {
        if magic.starts_with(magic_of) {
            return Err(io::Error::other(format!("it is packed with {name}, which no image format allows")));
        }
    }
    Ok(Box::new(packed))
}

/// Whether bytes begin a frame of zstd that holds no data (RFC 8878, section 3.1.2).
fn is_skippable(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..])
}

/// All frames of a zstd stream, one after the other: chunked layers have many.
struct Zstd<R> {
    packed: BufReader<R>,
    decoder: FrameDecoder,
    is_open: bool,
}

impl<R: Read> Zstd<R> {
    /// Begins the next frame that holds data; false at the end.
    fn open_frame(&mut self) -> io::Result<bool> {
        loop {
            let bytes = self.packed.fill_buf()?;
            if bytes.is_empty() {
                return Ok(false);
            }
            if !is_skippable(bytes) {
                break;
            }
            let mut header = [0; 8];
            self.packed.read_exact(&mut header)?;
            let length = u64::from(u32::from_le_bytes([header[4], header[5], header[6], header[7]]));
            io::copy(&mut (&mut self.packed).take(length), &mut io::sink())?;
        }
        self.decoder.reset(&mut self.packed).map_err(io::Error::other)?;
        self.is_open = true;
        Ok(true)
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use ruzstd::decoding::BlockDecodingStrategy::UptoBytes;
        loop {
            if !self.is_open && !self.open_frame()? {
                return Ok(0);
            }
            while self.decoder.can_collect() < buffer.len() && !self.decoder.is_finished() {
                let wanted = buffer.len() - self.decoder.can_collect();
                self.decoder.decode_blocks(&mut self.packed, UptoBytes(wanted)).map_err(io::Error::other)?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            self.is_open = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        unpack(bytes)?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn the_bytes_say_how_they_are_packed() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"layer").expect("memory");
        let gzip = gzip.finish().expect("memory");
        assert_eq!(unpacked(&gzip).expect("it is whole"), b"layer");
        assert_eq!(unpacked(&[gzip.clone(), gzip.clone()].concat()).expect("members follow"), b"layerlayer");
        assert!(unpacked(&gzip[..gzip.len() - 9]).is_err(), "a truncated stream is an error, not an end");
        assert_eq!(unpacked(b"plain").expect("it is whole"), b"plain");
        assert!(unpacked(b"BZh91AY").is_err());
    }

    #[test]
    fn zstd_frames_follow_each_other() {
        let frame = |text: &[u8]| ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest);
        let skipped = [&[0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0][..], b"xx"].concat();
        let stream = [skipped.clone(), frame(b"one "), skipped, frame(b"two")].concat();
        assert_eq!(unpacked(&stream).expect("it is whole"), b"one two");
        assert!(unpacked(&stream[..stream.len() - 4]).is_err());
    }
}
