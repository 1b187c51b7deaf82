use catena_macros::tool;

struct Opaque;

#[tool]
fn nobody_knows_what_for(a: i64) -> i64 {
    a
}

/// 
#[tool]
async fn says_nothing() {}

/// Takes what belongs to another.
#[tool]
fn borrows(text: &str, items: &[i64], mut rest: &mut Vec<i64>) -> usize {
    text.len()
}

/// Takes no name, and anything.
#[tool]
fn patterns((a, b): (i64, i64), c: impl Into<i64>, _: bool) -> i64 {
    a + b + c.into()
}

/// Is many.
#[tool]
fn generic<T>(a: T) -> T {
    a
}

/// Is many, of one parameter.
#[tool]
fn lives<'a>(text: std::borrow::Cow<'a, str>) -> String {
    text.into_owned()
}

/// Is a constant.
#[tool]
const fn constant() -> i64 {
    1
}

/// Is another language's.
#[tool]
extern "C" fn foreign() {}

/// Has a name of its own.
#[tool(name = "my tool")]
fn named() {}

/// Has a name that is too long for services.
#[tool]
fn a_name_that_is_much_longer_than_what_all_of_the_services_take_for_the_name_of_a_tool() {}

/// Has an option that there is not.
#[tool(retries = 3)]
fn optional() {}

/// Has an option of another kind.
#[tool(description = 3)]
fn described() {}

/// Has an option without its value.
#[tool(name)]
fn unnamed() {}

/// Is no function.
#[tool]
struct NoFunction;

struct Shop;

impl Shop {
    /// Belongs to a value.
    #[tool]
    fn sell(&self, item: String) -> String {
        item
    }
}

fn main() {}
