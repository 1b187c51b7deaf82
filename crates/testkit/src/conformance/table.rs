//! The lists of behaviours, in one place for the tables and for the macros.

/// Passes the names of the behaviours of chat models to a macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __each_chat_behaviour {
    ($then:ident! $args:tt) => {
        $crate::$then! {
            $args
            text
            hard_text
            streaming
            first_piece_at_once
            every_byte_boundary
            line_endings
            stop
            usage
            unknown_members
            unknown_events
            not_an_answer
            whole_for_a_stream
            errors_by_status
            foreign_refusals
            cut_streams
            error_within_a_stream
            end_at_once
            dropped_stream
            dropped_call
            run_deadline
            run_cancelled
            nobody_there
            timeouts
            retry_hints
            retries
            retries_end
            no_replay
            concurrency
            batch
            executors
            yielding
            blocking
            kept_connection
            secrets
            secrets_unobserved
            redirects
            identity
            laws
            streaming_law
            model_override
            null_members
            evidence
            live_text
            live_stream
            live_stop
            conversation
            repeated_roles
            message_names
            system_message
            tools_request
            tool_choice
            tool_call
            parallel_tool_calls
            tool_call_deltas
            odd_tool_calls
            tool_results
            tool_errors
            tool_loop
            structured_output
            structured_methods
            images
            audio
            files
            unsupported
            unknown_kept
            metadata
            finish_reason
            live_conversation
            live_system_message
            live_usage
            live_tools
            live_structured_output
            live_image
        }
    };
}

/// Passes the names of the behaviours of text models to a macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __each_text_behaviour {
    ($then:ident! $args:tt) => {
        $crate::$then! {
            $args
            text
            hard_text
            streaming
            first_piece_at_once
            every_byte_boundary
            line_endings
            stop
            usage
            unknown_members
            unknown_events
            not_an_answer
            whole_for_a_stream
            errors_by_status
            foreign_refusals
            cut_streams
            error_within_a_stream
            end_at_once
            dropped_stream
            dropped_call
            run_deadline
            run_cancelled
            nobody_there
            timeouts
            retry_hints
            retries
            retries_end
            no_replay
            concurrency
            batch
            executors
            yielding
            blocking
            kept_connection
            secrets
            secrets_unobserved
            redirects
            unsupported
            identity
            laws
            streaming_law
            model_override
            null_members
            evidence
            live_text
            live_stream
            live_stop
        }
    };
}

/// Generates a table of behaviours.
#[doc(hidden)]
#[macro_export]
macro_rules! __behaviour_table {
    ([$output:ty] $($name:ident)*) => {
        &[$($crate::conformance::Behaviour {
            name: stringify!($name),
            run: |stage: &$crate::conformance::Stage<$output>| Box::pin($crate::conformance::behaviours::$name(stage)),
        }),*]
    };
}

/// Generates a test of each behaviour.
#[doc(hidden)]
#[macro_export]
macro_rules! __behaviour_tests {
    ([$subject:expr] $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $crate::conformance::assert_behaviour($subject, stringify!($name));
            }
        )*
    };
}

/// Generates a test of each behaviour of a chat model.
///
/// The argument is an expression for a [`Subject`](crate::conformance::Subject) whose output is a message. Each test is
/// named after its behaviour, so invoke the macro in a module of its own.
///
/// # Example
/// ```
/// # mod subject { pub struct MyChat; }
/// // mod chat {
/// //     catena_testkit::chat_conformance!(crate::MyChat);
/// // }
/// ```
#[macro_export]
macro_rules! chat_conformance {
    ($subject:expr) => {
        $crate::__each_chat_behaviour! { __behaviour_tests! [$subject] }
    };
}

/// Generates a test of each behaviour of a text model: [`chat_conformance!`](crate::chat_conformance) for a
/// [`Subject`](crate::conformance::Subject) whose output is a text.
///
/// # Example
/// Next to that of chat models: `mod text { catena_testkit::text_conformance!(crate::MyText); }`.
#[macro_export]
macro_rules! text_conformance {
    ($subject:expr) => {
        $crate::__each_text_behaviour! { __behaviour_tests! [$subject] }
    };
}
