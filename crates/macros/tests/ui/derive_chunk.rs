//! Types whose pieces do not merge.

use catena_macros::Chunk;

#[derive(Chunk, Clone)]
enum Verdict {
    Good,
}

#[derive(Chunk, Clone)]
#[chunk(first)]
struct WrongOption {
    text: String,
}

#[derive(Chunk, Clone)]
struct FieldOption {
    #[chunk(lst)]
    text: String,
}

fn main() {}
