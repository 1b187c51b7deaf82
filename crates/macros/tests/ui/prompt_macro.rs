//! Templates that are malformed, and values that do not fit them.

use catena_macros::prompt;

fn main() {
    let _ = prompt!("Tell me about {product");
    let _ = prompt!("Tell me about product}.");
    let _ = prompt!("Tell me about {}.");
    let _ = prompt!("Tell me about {product.name}.");
    let _ = prompt!("Tell me about {product!x}.");
    let _ = prompt!("Tell me when to {stop}.");
    let _ = prompt!(r#"Answer with {"answer": {"unit": "m"}}."#);
    let _ = prompt!("Tell me about {product} in {count} words.", product = "tea");
    let _ = prompt!("Tell me about {product}.", prodcut = "tea");
    let _ = prompt!("Tell me about {product}.", product = "tea", count = 5);
    let _ = prompt!("Tell me about {product}.", product = "tea", product = "socks");
    let _ = prompt!(42);
}
