//! The members common to all kinds of messages.

/// Defines a kind of message: the common members and its own.
macro_rules! message_type {
    ($(#[$meta:meta])* $name:ident $(reads content with $read:literal)? { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            /// The content.
            #[serde(default $(, deserialize_with = $read)?)]
            pub content: $crate::Content,
            /// The name of the speaker, for providers that distinguish speakers.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub name: Option<String>,
            /// The id of the message.
            #[serde(
                default,
                skip_serializing_if = "Option::is_none",
                deserialize_with = "crate::message::serde_help::id"
            )]
            pub id: Option<String>,
            $($(#[$field_meta])* pub $field: $type,)*
            /// Provider-specific fields.
            #[serde(
                default,
                skip_serializing_if = "serde_json::Map::is_empty",
                deserialize_with = "crate::message::serde_help::null_is_default"
            )]
            pub additional_kwargs: serde_json::Map<String, serde_json::Value>,
            /// Metadata of the message, such as its origin.
            #[serde(
                rename = "response_metadata",
                default,
                skip_serializing_if = "serde_json::Map::is_empty",
                deserialize_with = "crate::message::serde_help::null_is_default"
            )]
            pub metadata: serde_json::Map<String, serde_json::Value>,
            /// All other members, unchanged.
            #[serde(flatten, deserialize_with = "crate::message::serde_help::without_type")]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            /// Merges the common members of the next chunk. The first id and the last name are kept.
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
