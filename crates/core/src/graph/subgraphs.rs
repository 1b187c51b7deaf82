//! Assignment of nodes and edges to subgraphs, according to the ids of the nodes.

use std::collections::{HashMap, HashSet};

/// The elements to write, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// The start of a subgraph.
    Open(String),
    /// A node, by its index.
    Node(usize),
    /// An edge, by its index.
    Edge(usize),
    /// The end of a subgraph.
    Close,
}

/// A subgraph.
#[derive(Debug, Default)]
struct Group {
    /// The text after `subgraph`; `None` if its content is written without a frame.
    header: Option<String>,
    nodes: Vec<usize>,
    edges: Vec<usize>,
    children: Vec<usize>,
}

/// The tree of subgraphs. The first is the whole graph.
#[derive(Debug)]
pub(super) struct Groups {
    groups: Vec<Group>,
    by_name: HashMap<(usize, String), usize>,
    /// Names that another subgraph must not use.
    taken: HashSet<String>,
}

impl Groups {
    /// Puts every edge into the innermost subgraph that contains both its ends, and every node into its own. Unless
    /// `empty`, subgraphs without edges are omitted.
    pub(super) fn new(ids: &[String], links: &[(usize, usize)], empty: bool) -> Self {
        let mut groups = Self {
            groups: vec![Group::default()],
            by_name: HashMap::new(),
            taken: ids.iter().cloned().collect(),
        };
        for (at, (source, target)) in links.iter().enumerate() {
            let group = groups.of_edge(&ids[*source], &ids[*target]);
            groups.groups[group].edges.push(at);
        }
        for (place, id) in ids.iter().enumerate() {
            let path: Vec<&str> = id.split(':').collect();
            let group = groups.find(&path[..path.len() - 1], empty);
            if let Some(group) = group {
                groups.groups[group].nodes.push(place);
            }
        }
        groups
    }

    fn of_edge(&mut self, source: &str, target: &str) -> usize {
        let (from, to): (Vec<&str>, Vec<&str>) = (source.split(':').collect(), target.split(':').collect());
        let inner = from.len().min(to.len()) - 1;
        let common = from[..inner].iter().zip(&to).take_while(|(a, b)| a == b).count();
        let group = self.find(&from[..common], true).unwrap_or_default();
        if source != target {
            return group;
        }
        // A self-loop is written after the other edges around it.
        let name = format!("{}:", from[inner]);
        self.child(group, &name, None)
    }

    fn find(&mut self, path: &[&str], create: bool) -> Option<usize> {
        let mut group = 0;
        for name in path {
            let present = self.by_name.get(&(group, (*name).to_owned())).copied();
            group = match present {
                Some(child) => child,
                None if create => {
                    let header = self.header(name);
                    self.child(group, name, Some(header))
                }
                None => return None,
            };
        }
        Some(group)
    }

    fn child(&mut self, parent: usize, name: &str, header: Option<String>) -> usize {
        if let Some(child) = self.by_name.get(&(parent, name.to_owned())) {
            return *child;
        }
        let child = self.groups.len();
        self.groups.push(Group { header, ..Group::default() });
        self.groups[parent].children.push(child);
        self.by_name.insert((parent, name.to_owned()), child);
        child
    }

    /// Returns the name if it is a valid and unused id, otherwise another id with the name as its label.
    fn header(&mut self, name: &str) -> String {
        let fit = |letter: char| letter.is_alphanumeric() || "_- ".contains(letter);
        if !name.is_empty() && name.chars().all(fit) && self.taken.insert(name.to_owned()) {
            return name.to_owned();
        }
        let mut count = self.groups.len();
        while !self.taken.insert(format!("subgraph_{count}")) {
            count += 1;
        }
        format!("subgraph_{count}[\"{}\"]", name.replace('"', "#quot;"))
    }

    /// Returns the elements to write. It is not recursive, as subgraphs may be nested at any depth.
    pub(super) fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let mut open: Vec<(usize, usize)> = Vec::new();
        self.open(0, &mut events);
        open.push((0, 0));
        while let Some((group, next)) = open.last_mut() {
            let Group { children, header, .. } = &self.groups[*group];
            if let Some(child) = children.get(*next) {
                *next += 1;
                self.open(*child, &mut events);
                open.push((*child, 0));
            } else {
                events.extend(header.as_ref().map(|_| Event::Close));
                open.pop();
            }
        }
        events
    }

    fn open(&self, group: usize, events: &mut Vec<Event>) {
        let group = &self.groups[group];
        events.extend(group.header.clone().map(Event::Open));
        events.extend(group.nodes.iter().map(|place| Event::Node(*place)));
        events.extend(group.edges.iter().map(|place| Event::Edge(*place)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ids: &[&str], links: &[(usize, usize)], expected: &str) {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let events = Groups::new(&ids, links, true).events();
        let shown = events.iter().map(|event| match event {
            Event::Open(header) => format!("{header} {{"),
            Event::Node(place) => place.to_string(),
            Event::Edge(place) => format!("e{place}"),
            Event::Close => "}".to_owned(),
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn nesting() {
        check(&["a", "b"], &[(0, 1)], "0 1 e0");
        check(&["a", "s:b", "s:c"], &[(0, 1), (1, 2)], "0 e0 s { 1 2 e1 }");
        check(&["s:a", "t:a", "t:b"], &[(1, 2)], "t { 1 2 e0 } s { 0 }");
        // Only the inner subgraph has an edge.
        check(&["s:t:a", "s:t:b"], &[(0, 1)], "s { t { 0 1 e0 } }");
        // Equal inner names do not make subgraphs equal.
        check(&["s:a", "t:a"], &[(0, 1)], "e0 s { 0 } t { 1 }");
    }

    #[test]
    fn loops_come_last_and_have_no_frame() {
        check(&["a", "b"], &[(0, 0), (0, 0), (0, 1)], "0 1 e2 e0 e1");
        check(&["s:a", "s:b"], &[(0, 0), (0, 1)], "s { 0 1 e1 e0 }");
    }

    #[test]
    fn two_subgraphs_of_one_name() {
        check(&["s:x:a", "t:x:a"], &[], "s { x { 0 } } t { subgraph_4[\"x\"] { 1 } }");
        check(&["s", "s:a"], &[], "0 subgraph_1[\"s\"] { 1 }");
    }
}
