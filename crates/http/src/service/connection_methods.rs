//! The connection methods that the builders of all providers have in common.

/// Generates a builder's connection methods: key, base URL, proxy, time limits, retries, headers, and the source of
/// environment variables.
///
/// Takes the builder, the path of its field of type [`ConnectionSettings`](crate::service::ConnectionSettings), and
/// sentences for the documentation about what is specific to the provider.
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
        /// Connection settings. What is not set is read from the environment, or has a default.
        impl $builder {
            /// Sets the API key: a text, or an [`ApiKey`](catena_http::service::ApiKey) that is fetched before every
            /// attempt.
            #[doc = $key]
            ///
            /// The key is sent only over TLS or to this machine, never unencrypted to a remote proxy and never in a
            /// URL, and is shown nowhere.
            pub fn with_api_key(mut self, key: impl ::core::convert::Into<$crate::service::ApiKey>) -> Self {
                self.$($field).+.set_api_key(key.into());
                self
            }

            /// Sends no key, not even one from the environment, for servers that need none.
            ///
            /// Without this call, a missing key is an error of `build` rather than of the first call.
            pub fn without_api_key(mut self) -> Self {
                self.$($field).+.decline_api_key();
                self
            }

            /// Sets the base URL of the service.
            #[doc = $url]
            ///
            /// Its path and query are kept; the endpoint is appended to the path.
            pub fn with_base_url(mut self, url: impl ::core::convert::AsRef<str>) -> Self {
                self.$($field).+.set_base_url(url.as_ref());
                self
            }

            /// Shares an HTTP client, and thus connections, with other models.
            ///
            /// The client's own proxy and connect timeout apply; setting them here as well is an error. Its other time
            /// limits apply unless set here. This is also the way to add a private certificate authority or a client
            /// certificate: see
            /// [`with_root_certificate_pem`](catena_http::HttpClientBuilder::with_root_certificate_pem).
            pub fn with_http_client(mut self, client: $crate::HttpClient) -> Self {
                self.$($field).+.set_http_client(client);
                self
            }

            /// Sets the proxy.
            #[doc = $proxy]
            pub fn with_proxy(mut self, proxy: impl ::core::convert::Into<$crate::Proxy>) -> Self {
                self.$($field).+.set_proxy(proxy.into());
                self
            }

            /// Sets the time limit for opening a connection. Defaults to 10 s.
            pub fn with_connect_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.set_connect_timeout(limit);
                self
            }

            /// Sets the time limit of an attempt until the response headers arrive, including connecting and any time
            /// the service needs to load the model. Defaults to 600 s.
            pub fn with_first_byte_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.change(move |service| service.with_first_byte_timeout(limit));
                self
            }

            /// Sets the time limit for receiving the next chunk of a response body. Defaults to 120 s.
            pub fn with_idle_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.change(move |service| service.with_idle_timeout(limit));
                self
            }

            /// Sets the time limit of a whole call: all attempts, the waits before and between them, including those
            /// for an [admission](Self::with_admission), and the response to its end. Unlimited by default.
            pub fn with_total_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.change(move |service| service.with_total_timeout(limit));
                self
            }

            /// Sets the time limit for the next chunk of a stream. Data sent only to keep the connection alive does not
            /// reset it.
            #[doc = $chunk]
            pub fn with_stream_chunk_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.change(move |service| service.with_stream_chunk_timeout(limit));
                self
            }

            /// Sets the same time limit for each phase of an attempt: connecting, waiting for the response headers, and
            /// waiting for each chunk of the body.
            ///
            /// A call may take many times as long; use [`with_total_timeout`](Self::with_total_timeout) to limit it as
            /// a whole. A shared client keeps its own connect timeout; connecting also counts towards the limit for the
            /// response headers.
            pub fn with_timeout(mut self, limit: ::core::time::Duration) -> Self {
                self.$($field).+.set_timeout(limit);
                self
            }

            /// Sets the maximum number of retries after connection failures and when the service is overloaded.
            /// Defaults to 2.
            ///
            /// The delay in the service's `retry-after` is honoured up to two minutes; without one, retries back off
            /// from half a second, doubling up to eight seconds. A stream is not retried once its response has begun.
            pub fn with_max_retries(mut self, retries: usize) -> Self {
                self.$($field).+.set_max_retries(retries);
                self
            }

            /// Adds a header to every request.
            ///
            /// It takes precedence over the library's own headers, including the key. A header whose name marks it as a
            /// key, such as `authorization`, is sent only where a key may be.
            pub fn with_header(
                mut self,
                name: impl ::core::convert::Into<::std::string::String>,
                value: impl ::core::convert::Into<::std::string::String>,
            ) -> Self {
                self.$($field).+.add_header(name, value);
                self
            }

            /// Adds a query parameter to every request.
            pub fn with_query(
                mut self,
                name: impl ::core::convert::Into<::std::string::String>,
                value: impl ::core::convert::Into<::std::string::String>,
            ) -> Self {
                self.$($field).+.add_query(name, value);
                self
            }

            /// Sets the timer for the waits between attempts and for the wall clock, for tests. Defaults to the system
            /// clock.
            pub fn with_timer(mut self, timer: impl $crate::__private::Timer + 'static) -> Self {
                self.$($field).+.change(move |service| service.with_timer(timer));
                self
            }

            /// Sets the admission control, such as a rate limiter shared by several models.
            ///
            /// It learns the outcome of a request but not its usage: a budget belongs to the run, see
            /// `RunConfig::with_admission`. None by default.
            pub fn with_admission(mut self, admission: impl $crate::__private::Admission + 'static) -> Self {
                self.$($field).+.change(move |service| service.with_admission(admission));
                self
            }

            /// Allows sending keys unencrypted to other machines, for trusted networks.
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

            /// Reads no environment variables: what is not set here has its default, and no proxy is used.
            pub fn ignore_environment(mut self) -> Self {
                self.$($field).+.set_environment($crate::service::Environment::none());
                self
            }
        }
    };
}
