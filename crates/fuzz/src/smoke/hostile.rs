//! What somebody sends who wants a program to break: one thing, very often.

/// What is repeated. Readers that recurse have no stack left, readers that begin anew no time.
const REPEATED: [&[u8]; 48] = [
    b"[",
    b"{\"a\":",
    b"[{\"a\":",
    b"{",
    b"}",
    b"{{",
    b"]",
    b"\"",
    b"\\",
    b"\\\"",
    b"\\u",
    b"\\ud800",
    b"1",
    b"-",
    b"1e",
    b".",
    b"<a>",
    b"<a",
    b"</a>",
    b"<",
    b"&",
    b"&lt;",
    b"<!--",
    b"<![CDATA[",
    b"<a b='",
    b"]]>",
    b"`",
    b"```",
    b"```json\n{",
    b"{{#a}}",
    b"{{/a}}",
    b"{{{a}}}",
    b"{% if x %}",
    b"{{ x",
    b"{{ ((",
    b"{{ [",
    b"{x:>99}",
    b"- ",
    b"? ",
    b"a: ",
    b"(",
    b"(?:",
    b"data:\n",
    b"data: x\n\n",
    b"\n",
    b"\r",
    b"\xff",
    b"\xf0\x9f\xa6\x80",
];

/// What makes a reader begin, and what ends an event or line of a stream, so that somebody looks into it: in a value, in a
/// name, in the words of a model.
const AROUND: [(&[u8], &[u8]); 8] = [
    (b"", b""),
    (b"{\"a\": ", b"}\n"),
    (b"{\"", b"\": 1}\n"),
    (b"data: ", b"\n\n"),
    (b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"", b"\"}}]}\n\n"),
    (b"data: {\"choices\":[{\"index\":0,\"delta\":", b"}]}\n\n"),
    (b"<a>", b"</a>"),
    (b"\0", b""),
];

/// The inputs, of about this length, or a tenth of it where something is around it.
pub(crate) fn inputs(length: usize) -> impl Iterator<Item = Vec<u8>> {
    let input = move |(number, motif): (usize, &&[u8])| {
        let times = length / motif.len();
        // A few kinds of pieces, of which some are single bytes.
        let control = [13, 255, 0][number % 3];
        AROUND.map(|(head, tail)| {
            let times = if head.is_empty() { times } else { times / 10 };
            [&[control], head, &motif.repeat(times), tail].concat()
        })
    };
    REPEATED.iter().enumerate().flat_map(input)
}
