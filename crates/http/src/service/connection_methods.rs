//! The methods that the builders of all providers have.

/// Gives a builder the methods for the connection: keys, addresses, proxies, time limits, retries, headers, and where
/// variables are read.
///
/// It takes the builder, the path of its field that is a [`ConnectionSettings`](crate::service::ConnectionSettings), and
/// sentences for the documentation about what is the provider's own.
///
/// # Example
/// See [`ConnectionSettings`](crate::service::ConnectionSettings).
#[macro_export]
macro_rules! connection_methods {
    (
        $builder:ty, $($field:ident).+,
        api_key: $key:literal,
        base_url: $url:literal,
        proxy: $proxy:literal,
        stream_chunk_timeout: $chunk:literal $(,)?
    ) => {
        /// How the service is reached. What is not set is read from the environment, or has a default.
        impl $builder {
            /// The key: a text, or an [`ApiKey`](catena_http::service::ApiKey) that is fetched before every attempt.
            #[doc = $key]
            ///
            /// It is sent only over TLS or to this machine, not unencrypted to a proxy elsewhere, never in a URL, and shown
            /// nowhere.
            pub fn with_api_key(mut self, key: impl ::core::convert::Into<$crate::service::ApiKey>) -> Self {
                self.$($field).+.set_api_key(key.into());
                self
            }

            /// Sends no key, not even one of the environment: for servers of one's own that ask for none. Without this a
            /// key that the service needs and nobody gives is an error of `build`, not of the first call.
            pub fn without_api_key(mut self) -> Self {
                self.$($field).+.decline_api_key();
                self
            }

            /// Where the service is.
            #[doc = $url]
            ///
            /// A path and a query are kept; the endpoint is appended to the path.
            pub fn with_base_url(mut self, url: impl ::core::convert::AsRef<str>) -> Self {
                self.$($field).+.set_base_url(url.as_ref());
                self
            }

            /// A client to share with other models, so that they share connections. Its own proxy and connect timeout hold;
            /// setting them here as well is an error. Its other limits hold where none is set here. A certificate authority of
            /// one's own, or a certificate that the server asks for, comes in this way: see
            /// [`with_root_certificate_pem`](catena_http::HttpClientBuilder::with_root_certificate_pem).
            pub fn with_http_client(mut self, client: $crate::HttpClient) -> Self {
                self.$($field).+.set_http_client(client);
                self
            }

            /// The proxy.
            #[doc = $proxy]
            pub fn with_proxy(mut self, proxy: impl ::core::convert::Into<$crate::Proxy>) -> Self {
                self.$($field).+.set_proxy(proxy.into());
                self
            }

            /// The longest time to open a connection. Default 10 s.
            pub fn with_connect_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.set_connect_timeout(limit);
                self
            }

            /// The longest time of an attempt until its answer begins: connecting included, and the loading of the model
            /// where the service has to do that. Default 600 s.
            pub fn with_first_byte_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.change(move |service| service.with_first_byte_timeout(limit));
                self
            }

            /// The longest wait for the next piece of an answer. Default 120 s.
            pub fn with_idle_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.change(move |service| service.with_idle_timeout(limit));
                self
            }

            /// The longest time of a call: all attempts, the waits before and between them, those that an
            /// [admission](Self::with_admission) asks for included, and the answer to its end. Default: none.
            pub fn with_total_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.change(move |service| service.with_total_timeout(limit));
                self
            }

            /// The longest wait for the next chunk of a stream; what a server sends only to keep the connection alive does
            /// not count.
            #[doc = $chunk]
            pub fn with_stream_chunk_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.change(move |service| service.with_stream_chunk_timeout(limit));
                self
            }

            /// One limit for each phase of an attempt: connecting, the wait for the answer to begin, and the wait for each
            /// further piece of it. A call may take many times as long; [`with_total_timeout`](Self::with_total_timeout)
            /// bounds all of it. A client that is shared connects within its own limit, and within that for the answer to
            /// begin.
            pub fn with_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.set_timeout(limit);
                self
            }

            /// How often a call is tried again when the connection fails or the service is busy. Default 2.
            ///
            /// What the service asks for in `retry-after` is kept, up to two minutes; else the waits are half a second, one
            /// second and so on up to eight. A stream is begun anew only before its first chunk.
            pub fn with_max_retries(mut self, retries: usize) -> Self {
                self.$($field).+.set_max_retries(retries);
                self
            }

            /// A header of every request. It wins over the library's own, the key's included. One that carries keys by its
            /// name, such as `authorization`, is sent only where the key may be.
            pub fn with_header(
                mut self,
                name: impl ::core::convert::Into<::std::string::String>,
                value: impl ::core::convert::Into<::std::string::String>,
            ) -> Self {
                self.$($field).+.add_header(name, value);
                self
            }

            /// A parameter in the query of every request.
            pub fn with_query(
                mut self,
                name: impl ::core::convert::Into<::std::string::String>,
                value: impl ::core::convert::Into<::std::string::String>,
            ) -> Self {
                self.$($field).+.add_query(name, value);
                self
            }

            /// What waits between attempts and tells the time of day, for tests. Default: the real clock.
            pub fn with_timer(mut self, timer: impl $crate::__private::Timer + 'static) -> Self {
                self.$($field).+.change(move |service| service.with_timer(timer));
                self
            }

            /// Who lets requests in, for example a rate limiter shared by several models. It learns how a request ended, not what
            /// it used: a budget belongs to the run, see `RunConfig::with_admission`. Default: nobody.
            pub fn with_admission(mut self, admission: impl $crate::__private::Admission + 'static) -> Self {
                self.$($field).+.change(move |service| service.with_admission(admission));
                self
            }

            /// Allows sending keys unencrypted to another machine, for networks that are trusted.
            pub fn allow_insecure_http(mut self) -> Self {
                self.$($field).+.change($crate::service::ServiceBuilder::allow_insecure_http);
                self
            }

            /// Reads environment variables with this function instead of from the process.
            pub fn with_environment(
                mut self,
                read: impl Fn(&str) -> ::core::option::Option<::std::string::String> + Send + Sync + 'static,
            ) -> Self {
                self.$($field).+.set_environment($crate::service::Environment::new(read));
                self
            }

            /// Reads no environment variable: what is not set here has its default, and no proxy is used.
            pub fn ignore_environment(mut self) -> Self {
                self.$($field).+.set_environment($crate::service::Environment::none());
                self
            }
        }
    };
}
