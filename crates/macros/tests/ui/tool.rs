use catena_macros::tool;

struct Opaque;

#[tool]
fn nobody_knows_what_for(a: i64) -> i64 {
    a
}

/// Takes what it cannot keep.
#[tool]
fn borrows(text: &str) -> usize {
    text.len()
}

/// Takes no name, and anything.
#[tool]
fn patterns((a, b): (i64, i64), c: impl Into<i64>) -> i64 {
    a + b + c.into()
}

/// Is many.
#[tool]
fn generic<T>(a: T) -> T {
    a
}

/// Has a name of its own.
#[tool(name = "my tool")]
fn named() {}

/// Has an option that there is not.
#[tool(retries = 3)]
fn optional() {}

/// Takes what has no schema.
#[tool]
fn takes(opaque: Opaque) {
    let _ = opaque;
}

/// Gives what cannot be written.
#[tool]
fn gives() -> Opaque {
    Opaque
}

fn main() {}
