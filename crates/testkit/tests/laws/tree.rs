//! The description of a chain: what the random tests vary, and what they print when a law does not hold.

use catena_testkit::laws::Failures;

use crate::leaves::{Does, Leaf};

/// A chain from `Data` to `Data`.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    Leaf(Leaf),
    Model {
        waits: usize,
    },
    Passthrough,
    Generator,
    Pipe(Box<Tree>, Box<Tree>),
    Shared(Box<Tree>),
    Tuple(Box<Tree>, Box<Tree>),
    Parallel(Vec<Tree>),
    /// Of whatever comes: no record is an error.
    Assign(Box<Tree>),
    /// Of a record made of whatever comes.
    AssignToRecord(Box<Tree>),
    Pick(Box<Tree>),
    /// Of a parallel step that has the names `a` and `b`.
    PickOfParallel(Picked, Box<Tree>, Box<Tree>),
    Branch(Box<Tree>, Box<Tree>),
    FailingCondition(Box<Tree>),
    Router(Box<Tree>, Box<Tree>),
    UnknownRoute(Box<Tree>),
    Each(Box<Tree>),
    Bind(Box<Tree>),
    Config(Box<Tree>),
    MaxConcurrency(usize, Box<Tree>),
    Timeout(Box<Tree>),
    Retry(Box<Tree>),
    Fallbacks(Box<Tree>, Box<Tree>),
    FallbacksWithKey(Box<Tree>, Box<Tree>),
    Tap(Box<Tree>),
    /// A function that calls it.
    Calls(Box<Tree>),
    Delegate(Box<Tree>),
    /// Built for the call, since the config says so.
    Configurable(Box<Tree>),
    Alternatives(Box<Tree>, Box<Tree>),
    Listener(Box<Tree>),
    History(Box<Tree>),
}

/// What is picked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Picked {
    First,
    Missing,
    Both,
}

impl Tree {
    /// How far a call and a stream agree when they fail; `None` if not even their outputs need to: a stream that could not
    /// be taken back by one that recovers may be taken back by another further out.
    pub(crate) fn failures(&self) -> Option<Failures> {
        let (mut fail, mut late, mut recover, mut beside, mut twice) = (0, false, 0, false, false);
        self.walk(&mut |tree| match tree {
            Self::Leaf(Leaf { does: Does::Fails(chunks), .. }) => {
                fail += 1;
                late |= *chunks > 0;
            }
            Self::Assign(_) | Self::Pick(_) | Self::FailingCondition(_) | Self::UnknownRoute(_) => {
                fail += 1;
                beside |= matches!(tree, Self::Assign(_));
            }
            // While one branch fails, another may have given something.
            Self::Parallel(_) | Self::PickOfParallel(..) | Self::AssignToRecord(_) => beside = true,
            Self::Each(_) => twice = true,
            Self::Retry(_) | Self::Fallbacks(..) | Self::FallbacksWithKey(..) => recover += 1,
            _ => {}
        });
        match fail {
            0 => Some(Failures::Same),
            _ if (late || beside) && recover > 1 => None,
            _ if (late || beside) && recover > 0 => Some(Failures::Late),
            1 if !twice => Some(Failures::Same),
            _ => Some(Failures::Any),
        }
    }

    fn walk(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        match self {
            Self::Leaf(_) | Self::Model { .. } | Self::Passthrough | Self::Generator => {}
            Self::Parallel(parts) => parts.iter().for_each(|part| part.walk(visit)),
            Self::Pipe(a, b)
            | Self::Tuple(a, b)
            | Self::PickOfParallel(_, a, b)
            | Self::Branch(a, b)
            | Self::Router(a, b)
            | Self::Fallbacks(a, b)
            | Self::FallbacksWithKey(a, b)
            | Self::Alternatives(a, b) => {
                a.walk(visit);
                b.walk(visit);
            }
            Self::Shared(part)
            | Self::Assign(part)
            | Self::AssignToRecord(part)
            | Self::Pick(part)
            | Self::FailingCondition(part)
            | Self::UnknownRoute(part)
            | Self::Each(part)
            | Self::Bind(part)
            | Self::Config(part)
            | Self::MaxConcurrency(_, part)
            | Self::Timeout(part)
            | Self::Retry(part)
            | Self::Tap(part)
            | Self::Calls(part)
            | Self::Delegate(part)
            | Self::Configurable(part)
            | Self::Listener(part)
            | Self::History(part) => part.walk(visit),
        }
    }
}
