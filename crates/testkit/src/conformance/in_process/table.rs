//! The list of the behaviours of in-process models, in one place for the table and for the macro.

/// Passes the names of the behaviours to a macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __each_in_process_behaviour {
    ($then:ident! $args:tt) => {
        $crate::$then! {
            $args
            steady
            streaming
            stop
            usage
            run_deadline
            run_cancelled
            dropped
            concurrency
            batch
            executors
            yielding
            blocking
            unsupported
            identity
            laws
            streaming_law
        }
    };
}

/// Generates the table of the behaviours.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_process_table {
    ([$output:ty] $($name:ident)*) => {
        vec![$((stringify!($name), |stage: &$crate::conformance::in_process::InProcessStage<$output>| {
            Box::pin($crate::conformance::in_process::behaviours::$name(stage))
        })),*]
    };
}

/// Generates a test of each behaviour.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_process_tests {
    ([$subject:expr] $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $crate::conformance::assert_in_process_behaviour($subject, stringify!($name));
            }
        )*
    };
}

/// Generates a test of each behaviour of an in-process model.
///
/// The argument is an expression for an [`InProcess`](crate::conformance::InProcess). Each test is named after its
/// behaviour, so invoke the macro in a module of its own.
///
/// # Example
/// ```
/// # mod subject { pub struct MyModel; }
/// // mod local {
/// //     catena_testkit::in_process_conformance!(crate::MyModel);
/// // }
/// ```
#[macro_export]
macro_rules! in_process_conformance {
    ($subject:expr) => {
        $crate::__each_in_process_behaviour! { __in_process_tests! [$subject] }
    };
}
