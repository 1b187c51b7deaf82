//! The origin of a response, for its metadata and errors.

pub(crate) use catena_http::service::Origin;
