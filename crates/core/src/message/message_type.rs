//! The members that every kind of message has.

/// Defines a kind of message: the members of all kinds, and its own.
macro_rules! message_type {
    ($(#[$meta:meta])* $name:ident $(reads content with $read:literal)? { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            /// What is said.
            #[serde(default $(, deserialize_with = $read)?)]
            pub content: $crate::Content,
            /// Who says it, where a service tells speakers apart.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub name: Option<String>,
            /// The id of the message, by which it can be found again.
            #[serde(
                default,
                skip_serializing_if = "Option::is_none",
                deserialize_with = "crate::message::serde_help::id"
            )]
            pub id: Option<String>,
            $($(#[$field_meta])* pub $field: $type,)*
            /// What a single service takes beside all this.
            #[serde(
                default,
                skip_serializing_if = "serde_json::Map::is_empty",
                deserialize_with = "crate::message::serde_help::null_is_default"
            )]
            pub additional_kwargs: serde_json::Map<String, serde_json::Value>,
            /// What was said about the message, such as where it came from.
            #[serde(
                rename = "response_metadata",
                default,
                skip_serializing_if = "serde_json::Map::is_empty",
                deserialize_with = "crate::message::serde_help::null_is_default"
            )]
            pub metadata: serde_json::Map<String, serde_json::Value>,
            /// All other members, as they came.
            #[serde(flatten, deserialize_with = "crate::message::serde_help::without_type")]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            /// Adds the members of all kinds of messages of the next piece. The first id and the last name count.
            pub(super) fn merge_common(&mut self, next: Self) {
                use $crate::Chunk;
                self.content.merge(next.content);
                self.name = next.name.or_else(|| self.name.take());
                self.id = self.id.take().or(next.id);
                for (members, next) in [
                    (&mut self.additional_kwargs, next.additional_kwargs),
                    (&mut self.metadata, next.metadata),
                    (&mut self.extra, next.extra),
                ] {
                    $crate::message::merge_rules::merge_lenient(members, next);
                }
            }
        }
    };
}
pub(super) use message_type;
