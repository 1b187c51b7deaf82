use catena::{Context, Result, Runnable, async_trait, lambda};

#[derive(Clone)]
struct Person {
    name: String,
}

struct Greet;

#[async_trait]
impl Runnable for Greet {
    type Input = Person;
    type Output = String;

    async fn call(&self, person: Person, _cx: &Context) -> Result<String> {
        Ok(format!("Hello {}", person.name))
    }
}

fn main() {
    let _ = lambda(|person: Person| format!("Hello {}", person.name));
    let _ = lambda(|name: String| Person { name });
    let _ = lambda(|name: &str| name.len());
}
