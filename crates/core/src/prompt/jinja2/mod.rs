//! The jinja2 template language, sandboxed: templates can access only the values they are given.

mod failure;
mod filters;
mod names;
#[cfg(test)]
mod tests;
mod value;
mod wordwrap;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use minijinja::{Environment, UndefinedBehavior};

use super::values::Values;
use crate::Result;

/// The limit on the work of rendering one template: the number of steps, and of 64-byte units of memory.
const FUEL: u64 = 1_000_000;

/// The only template of an environment.
const NAME: &str = "template";

/// A parsed template. It cannot load other templates or access attributes other than those of data, and its loops
/// terminate.
#[derive(Clone)]
pub(super) struct Jinja2 {
    environment: Arc<Environment<'static>>,
    /// Every word of the template; only input values with one of these names are passed to it.
    words: Arc<HashSet<String>>,
}

impl Jinja2 {
    pub(super) fn new(source: &str) -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.set_formatter(value::write);
        // There is no other template.
        environment.set_path_join_callback(|_, _| "".into());
        filters::add_to(&mut environment);
        environment
            .add_template_owned(NAME, source.to_owned())
            .map_err(|error| failure::malformed(source, error))?;
        names::check(source, &environment)?;
        let words = source.split(|char: char| !(char.is_alphanumeric() || char == '_'));
        let words = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
        Ok(Self { environment: Arc::new(environment), words: Arc::new(words) })
    }

    /// Returns the names that the template takes from its input, sorted. The engine misses those of which only a slice
    /// is taken.
    pub(super) fn names(&self) -> Vec<String> {
        let used = self.environment.get_template(NAME).map(|template| template.undeclared_variables(false));
        let is_global = |name: &str| self.environment.globals().any(|(global, _)| global == name);
        let mut names: Vec<String> =
            used.unwrap_or_default().into_iter().filter(|name| !is_global(name)).collect();
        names.sort_unstable();
        names
    }

    /// Renders the template with these values; variables without a value are undefined.
    pub(super) fn fill(&self, values: Values<'_>) -> Result<String> {
        let found =
            self.words.iter().filter_map(|name| Some((name.as_str(), value::from_data(values.find(name)?))));
        let context: BTreeMap<&str, minijinja::Value> = found.collect();
        let rendered = self
            .environment
            .get_template(NAME)
            .and_then(|template| template.render(minijinja::Value::from(context)));
        rendered.map_err(failure::while_filling)
    }
}

impl fmt::Debug for Jinja2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jinja2").field("names", &self.names()).finish()
    }
}
