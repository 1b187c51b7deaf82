//! Where an answer comes from, for its metadata and its errors.

pub(crate) use catena_http::service::Origin;
