//! Traversal of a value along its schema.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::describe::describe;
use super::pattern::Patterns;
use super::tag::{Tag, fixed};
use super::violation::{MOST, Violation, brief, push_name};
use super::{bounds, resolve};

/// The maximum number of consecutive references and choices without descending into the value.
pub(super) const MAX_DEPTH: usize = 256;

/// How well a value matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Fits,
    /// The right type, but out of bounds.
    OutOfBounds,
    Not,
}

pub(super) struct Walk<'s> {
    pub(super) root: &'s Value,
    /// How well values match the branches of choices. Each pair is checked only once, however choices nest. Schema and
    /// value do not move during a traversal, so their addresses identify them.
    known: HashMap<(*const Value, *const Value), Fit>,
    patterns: Patterns<'s>,
    path: String,
    depth: usize,
    fit: Fit,
    /// `None` if only the fit is requested.
    found: Option<Vec<Violation>>,
}

impl<'s> Walk<'s> {
    pub(super) fn new(root: &'s Value) -> Self {
        Self {
            root,
            known: HashMap::new(),
            patterns: Patterns::default(),
            path: String::new(),
            depth: 0,
            fit: Fit::Fits,
            found: None,
        }
    }

    /// Returns the violations by the value.
    pub(super) fn explain(mut self, value: &Value) -> Vec<Violation> {
        self.found = Some(Vec::new());
        self.visit(self.root, value);
        self.found.unwrap_or_default()
    }

    /// Returns whether the value has no violations.
    pub(super) fn fits(&mut self, schema: &'s Value, value: &Value) -> bool {
        // The value may have moved between calls.
        self.known.clear();
        self.fit_of(schema, value) == Fit::Fits
    }

    fn fit_of(&mut self, schema: &'s Value, value: &Value) -> Fit {
        let pair = (std::ptr::from_ref(schema), std::ptr::from_ref(value));
        if let Some(fit) = self.known.get(&pair) {
            return *fit;
        }
        let found = self.found.take();
        let outer = std::mem::replace(&mut self.fit, Fit::Fits);
        self.visit(schema, value);
        let fit = std::mem::replace(&mut self.fit, outer);
        self.found = found;
        self.known.insert(pair, fit);
        fit
    }

    fn visit(&mut self, schema: &'s Value, value: &Value) {
        if self.is_decided() {
            return;
        }
        let members = match schema {
            Value::Object(members) => members,
            Value::Bool(false) => return self.fail(|_| "absent".to_owned(), value),
            _ => return,
        };
        if self.depth == MAX_DEPTH {
            return self.fail(|_| "described by a schema that does not recurse".to_owned(), value);
        }
        self.depth += 1;
        self.visit_members(schema, members, value);
        self.depth -= 1;
    }

    fn visit_members(&mut self, schema: &'s Value, members: &'s Map<String, Value>, value: &Value) {
        let only = members.get("const").is_none_or(|only| same(only, value));
        let among = members.get("enum").and_then(Value::as_array);
        let among = among.is_none_or(|values| values.iter().any(|known| same(known, value)));
        if !only || !among || !has_type(members.get("type"), value) {
            return self.fail(|root| describe(root, schema), value);
        }
        let unmatched = self.patterns.broken(members, value);
        for broken in bounds::broken(members, value).into_iter().chain(unmatched) {
            self.add(broken, Some(brief(value)), Fit::OutOfBounds);
        }
        match value {
            Value::Object(object) => self.visit_object(members, object),
            Value::Array(items) => self.visit_items(members, items),
            _ => {}
        }
        if let Some(target) = resolve(self.root, schema) {
            self.visit(target, value);
        }
        self.visit_combined(schema, members, value);
    }

    fn visit_combined(&mut self, schema: &'s Value, members: &'s Map<String, Value>, value: &Value) {
        let list = |name: &str| members.get(name).and_then(Value::as_array);
        for part in list("allOf").into_iter().flatten() {
            self.visit(part, value);
        }
        for choice in [list("anyOf"), list("oneOf")].into_iter().flatten() {
            self.visit_choice(schema, choice, value);
        }
        if let Some(not) = members.get("not")
            && self.fit_of(not, value) == Fit::Fits
        {
            self.fail(|root| format!("anything but {}", describe(root, not)), value);
        }
    }

    fn visit_object(&mut self, schema: &'s Map<String, Value>, object: &Map<String, Value>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                let expected = properties.and_then(|properties| properties.get(name));
                let expected =
                    expected.map_or_else(|| "any value".to_owned(), |schema| describe(self.root, schema));
                self.within(|path| push_name(path, name), |walk| walk.add(expected, None, Fit::Not));
            }
        }
        let others = schema.get("additionalProperties");
        for (name, value) in object {
            let known = properties.and_then(|properties| properties.get(name));
            if let Some(schema) = known.or(others) {
                self.within(|path| push_name(path, name), |walk| walk.visit(schema, value));
            }
        }
    }

    fn visit_items(&mut self, schema: &'s Map<String, Value>, items: &[Value]) {
        let prefix = schema.get("prefixItems").and_then(Value::as_array);
        let rest = schema.get("items");
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = prefix.and_then(|prefix| prefix.get(index)).or(rest) {
                self.within(|path| path.push_str(&format!("[{index}]")), |walk| walk.visit(schema, item));
            }
        }
    }

    /// Requires one of the branches to match; if none does, reports the violations of the one that seems intended.
    fn visit_choice(&mut self, schema: &'s Value, branches: &'s [Value], value: &Value) {
        let fits: Vec<Fit> = branches.iter().map(|branch| self.fit_of(branch, value)).collect();
        let best = fits.iter().copied().min().unwrap_or(Fit::Fits);
        if best == Fit::Fits || self.found.is_none() {
            self.fit = self.fit.max(best);
            return;
        }
        let meant = match fits.iter().position(|fit| *fit == Fit::OutOfBounds) {
            Some(index) => branches.get(index),
            None => self.meant(branches, value),
        };
        match meant {
            Some(branch) => self.visit(branch, value),
            None => self.fail_choice(schema, branches, value),
        }
    }

    /// Reports a value that resembles no branch: the tag of an object if that is what is wrong, otherwise the value.
    fn fail_choice(&mut self, schema: &'s Value, branches: &'s [Value], value: &Value) {
        let tag = value.as_object().and_then(|_| Tag::of(self.root, branches));
        let found = tag.as_ref().and_then(|tag| value.get(tag.name));
        match (tag, found) {
            (Some(tag), Some(found)) if tag.matching(found).is_empty() => {
                self.within(|path| push_name(path, tag.name), |walk| walk.fail(|_| tag.described(), found));
            }
            (Some(tag), None) if tag.is_required => self
                .within(|path| push_name(path, tag.name), |walk| walk.add(tag.described(), None, Fit::Not)),
            _ => self.fail(|root| describe(root, schema), value),
        }
    }

    /// Returns the only branch that resembles the value.
    pub(super) fn meant(&self, branches: &'s [Value], value: &Value) -> Option<&'s Value> {
        let tag = value.as_object().and_then(|_| Tag::of(self.root, branches));
        if let Some(tag) = tag
            && let Some(found) = value.get(tag.name)
        {
            match tag.matching(found)[..] {
                [] => return None,
                [branch] => return Some(branch),
                _ => {}
            }
        }
        let mut left: Vec<(&Value, &Value)> =
            branches.iter().map(|branch| (branch, resolve(self.root, branch).unwrap_or(branch))).collect();
        let looks: [fn(&Value, &Value) -> bool; 3] =
            [|branch, value| has_type(branch.get("type"), value), has_tags, has_required];
        for looks_like in looks {
            let narrowed: Vec<_> =
                left.iter().copied().filter(|(_, target)| looks_like(target, value)).collect();
            match narrowed[..] {
                [] => return None,
                [(branch, _)] => return Some(branch),
                _ => left = narrowed,
            }
        }
        None
    }

    fn within(&mut self, name: impl FnOnce(&mut String), visit: impl FnOnce(&mut Self)) {
        if self.is_decided() {
            return;
        }
        let length = self.path.len();
        let depth = std::mem::take(&mut self.depth);
        if self.found.is_some() {
            name(&mut self.path);
        }
        visit(self);
        self.depth = depth;
        self.path.truncate(length);
    }

    fn fail(&mut self, expected: impl FnOnce(&Value) -> String, value: &Value) {
        self.fit = Fit::Not;
        if self.found.is_some() {
            self.add(expected(self.root), Some(brief(value)), Fit::Not);
        }
    }

    fn add(&mut self, expected: String, found: Option<String>, fit: Fit) {
        self.fit = self.fit.max(fit);
        if let Some(violations) = &mut self.found
            && violations.len() < MOST
        {
            let (path, bound) = (self.path.clone(), fit == Fit::OutOfBounds);
            violations.push(Violation { path, expected, found, bound });
        }
    }

    /// Returns whether further traversal cannot change the result.
    fn is_decided(&self) -> bool {
        match &self.found {
            Some(violations) => violations.len() == MOST,
            None => self.fit == Fit::Not,
        }
    }
}

/// Returns whether the members that discriminate between branches have the values of this one.
fn has_tags(branch: &Value, value: &Value) -> bool {
    let Some(Value::Object(properties)) = branch.get("properties") else { return true };
    properties.iter().all(|(name, schema)| match fixed(schema) {
        Some(tag) => value.get(name).is_some_and(|value| same(tag, value)),
        None => true,
    })
}

fn has_required(branch: &Value, value: &Value) -> bool {
    let required = branch.get("required").and_then(Value::as_array);
    required.into_iter().flatten().filter_map(Value::as_str).all(|name| value.get(name).is_some())
}

pub(super) fn has_type(expected: Option<&Value>, value: &Value) -> bool {
    match expected {
        Some(Value::String(name)) => is_a(name, value),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(|name| is_a(name, value)),
        _ => true,
    }
}

pub(super) fn is_a(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
        // In JSON Schema, 1.0 is an integer.
        Value::Number(number) => {
            name == "number"
                || name == "integer" && number.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
    }
}

/// Compares values, with 1 equal to 1.0.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}
