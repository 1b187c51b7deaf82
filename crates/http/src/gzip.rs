//! Decodes gzip bodies (RFC 1952) incrementally.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use catena_core::Result;
use flate2::write::MultiGzDecoder;
use futures_core::Stream;
use pin_project::pin_project;

use crate::failure;

/// Number of input bytes decompressed per step. A byte expands to about a thousand at most, so this bounds what a
/// decompression bomb can produce in one step, before the size limit of the body is checked.
const AT_ONCE: usize = 1024;

/// The decompressed body. Everything that an input chunk yields is delivered immediately, as event streams require.
#[pin_project]
pub(crate) struct Gunzip<B> {
    #[pin]
    body: B,
    decoder: MultiGzDecoder<Vec<u8>>,
    input: Bytes,
    started: bool,
    ended: bool,
    server: String,
}

impl<B> Gunzip<B> {
    pub(crate) fn new(body: B, server: String) -> Self {
        let decoder = MultiGzDecoder::new(Vec::new());
        Self { body, decoder, input: Bytes::new(), started: false, ended: false, server }
    }
}

impl<B: Stream<Item = Result<Bytes>>> Stream for Gunzip<B> {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        loop {
            let step = if this.input.is_empty() {
                match ready!(this.body.as_mut().poll_next(cx)) {
                    Some(Ok(piece)) => {
                        *this.started |= !piece.is_empty();
                        *this.input = piece;
                        continue;
                    }
                    Some(Err(error)) => {
                        *this.ended = true;
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => {
                        *this.ended = true;
                        // An empty body cannot have been truncated.
                        if *this.started { this.decoder.try_finish() } else { Ok(()) }
                    }
                }
            } else {
                let some = this.input.split_to(this.input.len().min(AT_ONCE));
                decompress(this.decoder, &some)
            };
            if let Err(error) = step {
                let cut = std::mem::replace(this.ended, true);
                return Poll::Ready(Some(Err(failure::no_gzip(this.server, cut, error))));
            }
            let output = std::mem::take(this.decoder.get_mut());
            if !output.is_empty() {
                return Poll::Ready(Some(Ok(output.into())));
            }
            if *this.ended {
                return Poll::Ready(None);
            }
        }
    }
}

fn decompress(decoder: &mut MultiGzDecoder<Vec<u8>>, input: &[u8]) -> io::Result<()> {
    decoder.write_all(input)?;
    // Otherwise decoded data would be held back until more input arrives.
    decoder.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::ErrorKind;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use futures_util::{StreamExt, stream};

    fn compressed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    }

    fn decoded(pieces: Vec<Vec<u8>>) -> (Vec<u8>, Option<ErrorKind>, usize) {
        let pieces = pieces.into_iter().map(|piece| Ok(Bytes::from(piece)));
        let mut body = Gunzip::new(stream::iter(pieces), "host:1".to_owned());
        let (mut all, mut largest) = (Vec::new(), 0);
        pollster::block_on(async {
            while let Some(piece) = body.next().await {
                match piece {
                    Ok(piece) => {
                        largest = largest.max(piece.len());
                        all.extend_from_slice(&piece);
                    }
                    Err(error) => {
                        assert!(body.next().await.is_none(), "an error is the last item");
                        return (all, Some(error.kind()), largest);
                    }
                }
            }
            (all, None, largest)
        })
    }

    #[test]
    fn a_body_may_be_cut_anywhere() {
        let body = compressed(b"hello, hello, hello");
        for cut in 0..=body.len() {
            let pieces = vec![body[..cut].to_vec(), Vec::new(), body[cut..].to_vec()];
            let (all, error, _) = decoded(pieces);
            assert_eq!((&all[..], error), (&b"hello, hello, hello"[..], None), "cut at {cut}");
        }
        let bytes = body.iter().map(|byte| vec![*byte]).collect();
        assert_eq!(decoded(bytes).0, b"hello, hello, hello");
        let twice = [compressed(b"one "), compressed(b"two")].concat();
        assert_eq!(decoded(vec![twice]).0, b"one two");
        assert_eq!(decoded(vec![]), (vec![], None, 0));
    }

    #[test]
    fn a_body_that_breaks_off_is_incomplete_and_a_damaged_one_invalid() {
        let body = compressed(b"hello, hello, hello");
        for length in 1..body.len() {
            let (_, error, _) = decoded(vec![body[..length].to_vec()]);
            assert_eq!(error, Some(ErrorKind::Incomplete), "{length} of {} bytes", body.len());
        }
        assert_eq!(decoded(vec![b"{\"plain\": true}".to_vec()]).1, Some(ErrorKind::InvalidResponse));
        let mut damaged = compressed(&[b'x'; 5000]);
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0xFF;
        assert!(decoded(vec![damaged]).1.is_some());
    }

    #[test]
    fn a_bomb_comes_in_pieces() {
        let bomb = compressed(&vec![0; 64 << 20]);
        let (all, error, largest) = decoded(vec![bomb]);
        assert_eq!((all.len(), error), (64 << 20, None));
        assert!(largest <= AT_ONCE * 1100 + (64 << 10), "{largest}");
    }

    #[test]
    fn what_is_known_is_delivered_at_once() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"data: 1\n\n").expect("memory");
        encoder.flush().expect("memory");
        let first = std::mem::take(encoder.get_mut());
        let pieces = stream::iter([Ok(Bytes::from(first))]).chain(stream::pending());
        let mut body = Gunzip::new(pieces, String::new());
        assert_eq!(pollster::block_on(body.next()).expect("a piece").expect("bytes"), "data: 1\n\n");
    }
}
