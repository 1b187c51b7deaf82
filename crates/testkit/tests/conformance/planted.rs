//! Faults, one at a time, and the behaviour that must find each.

use catena_core::AiMessage;
use catena_testkit::conformance::{Answered, Fault, examine};

use crate::toy_wire::ToySubject;

/// Makes the list of faults, and a test of each: the behaviour on the right must break.
macro_rules! plants {
    ($($(#[$what:meta])* $plant:ident => $behaviour:ident $test:ident)*) => {
        /// What is wrong with the provider.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Plant {
            /// It is sound.
            Nothing,
            $($(#[$what])* $plant,)*
        }

        /// The behaviours that find something.
        const FINDING: &[&str] = &[$(stringify!($behaviour)),*];

        $(
            #[test]
            fn $test() {
                finds(Plant::$plant, stringify!($behaviour));
            }
        )*
    };
}

fn finds(plant: Plant, behaviour: &str) {
    match examine(ToySubject::with(plant), behaviour) {
        Err(Fault::Broken(_)) => {}
        other => panic!("`{behaviour}` does not find {plant:?}: {other:?}"),
    }
}

plants! {
    LowersText => text lowered_text
    /// Text loses the space around it on its way.
    TrimsText => hard_text trimmed_text
    OnlyLastMessage => conversation dropped_conversation
    DropsSystem => system_message dropped_system_message
    /// Of several messages in a row by the user, only the last is sent.
    TakesTheLastWord => repeated_roles dropped_repetition
    SaysNames => message_names name_in_the_text
    IgnoresStop => stop ignored_stop
    /// What a call is told beyond its messages is left out of streams.
    CallsOnlyAreTold => stop untold_stream
    IgnoresModel => model_override ignored_model
    /// It declares that it can be kept to one tool call, and refuses to be.
    RefusesToBeKept => structured_methods refused_single_call
    DropsLastPiece => streaming dropped_last_piece
    /// All pieces come at the end.
    BuffersStream => first_piece_at_once buffered_stream
    /// What arrives at once is taken for whole events, and for whole characters.
    NaiveLines => every_byte_boundary naive_lines
    OneLineEnd => line_endings one_line_end
    /// A whole answer for a stream is passed over.
    LosesWholeAnswers => whole_for_a_stream lost_whole_answer
    LosesStreamedUsage => usage lost_usage
    LosesFinish => finish_reason lost_finish_reason
    LosesModel => metadata lost_model
    Nameless => identity nameless_provider
    /// What breaks off is taken for whole.
    SwallowsCuts => cut_streams swallowed_cut
    /// What breaks off begins anew, and its pieces come twice.
    Replays => no_replay replayed_stream
    OverhearsFaults => error_within_a_stream overheard_fault
    WrongKinds => errors_by_status wrong_kind
    /// The error does not say what the service said.
    Speechless => errors_by_status speechless_error
    /// What is not in the service's own words is no failure of the service.
    ForeignKinds => foreign_refusals foreign_kind
    RetriesRefusals => retries_end retried_refusal
    NeverTriesAgain => retries no_retry
    LosesHints => retry_hints lost_hint
    WaitsForEver => timeouts no_timeout
    PanicsAtNews => unknown_members panic_at_unknown_members
    LosesNews => unknown_kept lost_news
    LosesStreamedNews => unknown_kept lost_news_of_streams
    PanicsAtNull => null_members panic_at_null
    /// Errors do not know the request, nor what the service sent.
    LosesEvidence => evidence lost_evidence
    /// A connection that breaks is an error like any other.
    HidesBreaks => nobody_there hidden_break
    FailsAtNewEvents => unknown_events failure_at_unknown_events
    /// A page of HTML is an answer.
    TakesAnything => not_an_answer anything_as_answer
    TakesEmptyAnswers => not_an_answer nothing_as_answer
    LosesToolDescriptions => tools_request lost_tool_description
    IgnoresToolChoice => tool_choice ignored_tool_choice
    /// The words of another service are taken for the name of a tool.
    TakesWordsForNames => tool_choice words_taken_for_names
    /// It is made to call a tool where it may.
    ForcesTools => tool_choice forced_tools
    /// It may call tools where it is told not to.
    CallsAnyway => tool_choice called_anyway
    LosesCallIds => tool_call lost_call_id
    /// The arguments of all calls go to the first.
    MergesToolCalls => parallel_tool_calls merged_tool_calls
    KeepsFirstArguments => tool_call_deltas first_arguments_only
    RefusesBadArguments => odd_tool_calls refused_arguments
    DropsToolResults => tool_results dropped_tool_results
    LosesFailures => tool_errors lost_failure
    /// The model is not told what it called, if it was one tool.
    ForgetsCalls => tool_loop forgotten_calls
    IgnoresSchema => structured_output ignored_schema
    LosesImages => images lost_image
    LosesStreamedImages => images lost_image_of_streams
    LosesRecordings => audio lost_recording
    LosesFiles => files lost_file
    IgnoresCount => unsupported ignored_count
    /// Images are left out in silence, as the model has not declared that it reads them.
    DropsWhatItCannot => unsupported silently_dropped_image
    KeyInErrors => secrets key_in_errors
    KeyInDebug => secrets key_in_debug
    KeyInTwoHeaders => secrets key_in_two_headers
    KeyInPath => secrets key_in_path
    KeyInParameters => identity key_in_parameters
    /// Answers of one server are kept for another.
    SameEverywhere => identity same_everywhere
    KeyInEvents => secrets_unobserved key_in_events
    KeyOverRedirects => redirects key_over_redirects
    /// The messages of one call are kept where another finds them.
    MixedAnswers => concurrency mixed_answers
    MixedBatches => batch mixed_batches
    MixedItems => laws mixed_items
    BlocksExecutor => yielding blocked_executor
    NeedsTokio => executors needs_tokio
    /// The call goes on after its future is gone.
    OutlivesItsCaller => dropped_call outlives_its_caller
    /// The call goes on after its run is over.
    OutlivesItsRun => run_cancelled outlives_its_run
    /// The stream is read on after it is dropped.
    StreamsOn => dropped_stream streams_on
    /// The stream is asked for before anybody polls it.
    EagerStream => dropped_stream eager_stream
    /// The stream is read on after its run is over.
    StreamsPastItsRun => run_deadline streams_past_its_run
    /// The answer is over when the connection is.
    WaitsForTheEnd => end_at_once waits_for_the_end
    /// The call waits for a task of the runtime that it blocks.
    LeansOnRuntime => blocking leans_on_runtime
    /// The stream does not tell the model, as a call does.
    LosesModelInStreams => streaming_law lost_model_of_streams
    NewClientEachCall => kept_connection new_client_each_call
}

/// What asks a live service is shown to find something beside it.
#[test]
fn every_behaviour_finds_something() {
    let of_texts = String::behaviours().iter().map(|behaviour| behaviour.name);
    let all = AiMessage::behaviours().iter().map(|behaviour| behaviour.name).chain(of_texts);
    let idle: Vec<&str> = all.filter(|name| !name.starts_with("live_") && !FINDING.contains(name)).collect();
    assert!(idle.is_empty(), "no fault is planted for {idle:?}");
}
