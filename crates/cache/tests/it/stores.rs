//! Every store keeps the same promises.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catena_cache::{CacheExt, CacheKey, CacheStore, MemoryStore};
use catena_core::fakes::FakeLlm;
use catena_core::{Context, RunnableExt};
use futures_executor::block_on;

fn key(text: &str) -> CacheKey {
    FakeLlm::new(["x"]).with_cache(MemoryStore::new(1)).key(&text.into(), &Context::default()).unwrap()
}

fn keeps_its_promises(store: impl CacheStore + 'static) {
    let store: Arc<dyn CacheStore> = Arc::new(store);
    block_on(async {
        store.clear().await.unwrap();
        assert_eq!(store.get(&key("a")).await.unwrap(), None);
        let binary = Bytes::from_static(b"\0\xff{\"a\":1}");
        store.put(&key("a"), binary.clone(), None).await.unwrap();
        store.put(&key("b"), Bytes::from("old"), Some(Duration::from_secs(60))).await.unwrap();
        store.put(&key("b"), Bytes::new(), Some(Duration::MAX)).await.unwrap();
        assert_eq!(store.get(&key("a")).await.unwrap(), Some(binary));
        assert_eq!(store.get(&key("b")).await.unwrap(), Some(Bytes::new()));
        let large = Bytes::from(vec![7; 1 << 20]);
        store.put(&key("c"), large.clone(), None).await.unwrap();
        assert_eq!(store.get(&key("c")).await.unwrap(), Some(large));
        store.clear().await.unwrap();
        assert_eq!(store.get(&key("a")).await.unwrap(), None);
    });
    let model = FakeLlm::new(["one", "two"]);
    let cached = model.clone().with_cache(Arc::clone(&store));
    for _ in 0..2 {
        assert_eq!(block_on(cached.invoke("Hi")).unwrap(), "one");
    }
    assert_eq!(model.prompts().len(), 1);
}

#[test]
fn memory_keeps_its_promises() {
    keeps_its_promises(MemoryStore::new(10));
    keeps_its_promises(MemoryStore::with_max_bytes(2 << 20));
}

#[test]
fn memory_forgets_what_nobody_wants_any_more() {
    let store = MemoryStore::new(10);
    let put = |keep| block_on(store.put(&key("a"), Bytes::from("x"), keep)).unwrap();
    let is_there = || block_on(store.get(&key("a"))).unwrap().is_some();
    for (keep, expected) in [
        (Some(Duration::ZERO), false),
        (Some(Duration::from_secs(60)), true),
        (Some(Duration::from_nanos(1)), false),
        (None, true),
        (Some(Duration::ZERO), false),
        (Some(Duration::MAX), true),
    ] {
        put(keep);
        assert_eq!(is_there(), expected, "{keep:?}");
    }
}

#[test]
fn memory_forgets_what_was_not_used_for_the_longest_time() {
    let store = MemoryStore::new(2);
    block_on(async {
        for text in ["a", "b"] {
            store.put(&key(text), Bytes::new(), None).await.unwrap();
        }
        assert_eq!(store.len(), 2);
        assert!(store.get(&key("a")).await.unwrap().is_some());
        store.put(&key("c"), Bytes::new(), None).await.unwrap();
        assert_eq!(store.len(), 2);
        assert!(store.get(&key("a")).await.unwrap().is_some());
        assert!(store.get(&key("b")).await.unwrap().is_none());
    });
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use catena_cache::SqliteStore;
    use catena_core::ErrorKind;

    use super::*;

    #[test]
    fn keeps_its_promises() {
        let folder = tempfile::tempdir().unwrap();
        super::keeps_its_promises(SqliteStore::open(folder.path().join("a.sqlite")).unwrap());
    }

    #[test]
    fn two_stores_share_a_file_and_it_outlives_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let (one, two) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
        block_on(one.put(&key("a"), Bytes::from("x"), None)).unwrap();
        assert_eq!(block_on(two.get(&key("a"))).unwrap(), Some(Bytes::from("x")));
        drop((one, two));
        let later = SqliteStore::open(&path).unwrap();
        assert_eq!(block_on(later.get(&key("a"))).unwrap(), Some(Bytes::from("x")));
    }

    #[test]
    fn a_full_file_forgets_what_was_not_used_for_the_longest_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("a.sqlite")).unwrap().with_max_answers(2);
        block_on(async {
            for text in ["a", "b"] {
                store.put(&key(text), Bytes::new(), None).await.unwrap();
            }
            store.get(&key("a")).await.unwrap();
            store.put(&key("c"), Bytes::new(), None).await.unwrap();
            assert_eq!(store.len().await.unwrap(), 2);
            assert!(store.get(&key("b")).await.unwrap().is_none());
            // What is too old goes before what is still good.
            store.put(&key("d"), Bytes::new(), Some(Duration::ZERO)).await.unwrap();
            assert!(store.get(&key("c")).await.unwrap().is_some());
        });
    }

    #[test]
    fn what_is_too_old_goes_with_the_next_answer() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("a.sqlite")).unwrap();
        block_on(async {
            for text in ["a", "b"] {
                store.put(&key(text), Bytes::new(), Some(Duration::from_micros(1))).await.unwrap();
            }
            store.put(&key("c"), Bytes::new(), None).await.unwrap();
            // The clock may have moved on by less than a microsecond.
            store.put(&key("d"), Bytes::new(), None).await.unwrap();
            assert_eq!(store.len().await.unwrap(), 2);
        });
    }

    #[test]
    fn a_file_that_is_none_is_an_error_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("novel.txt");
        std::fs::write(&path, "Call me Ishmael. Some years ago, never mind how long precisely ...").unwrap();
        for path in [path, folder.path().join("no/such/folder/a.sqlite")] {
            let error = SqliteStore::open(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
        }
    }
}

#[cfg(feature = "redis")]
mod redis {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, Command, Stdio};
    use std::time::Instant;

    use catena_cache::RedisStore;
    use catena_core::ErrorKind;

    use super::*;

    /// A server of this test's own; `None` where there is no `redis-server`.
    struct Server {
        process: Child,
        port: u16,
    }

    impl Server {
        fn start() -> Option<Self> {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let process = Command::new("redis-server")
                .args(["--port", &port.to_string(), "--save", "", "--bind", "127.0.0.1"])
                .stdout(Stdio::null())
                .spawn();
            let Ok(process) = process else {
                // Past what captures the output of tests: nobody is to think that this one ran.
                let _ = writeln!(std::io::stderr(), "skipped: there is no redis-server");
                return None;
            };
            let server = Self { process, port };
            let start = Instant::now();
            while !server.answers() {
                assert!(start.elapsed() < Duration::from_secs(10), "redis-server does not answer");
                std::thread::yield_now();
            }
            Some(server)
        }

        fn answers(&self) -> bool {
            let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
            let mut pong = [0; 5];
            stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut pong).is_ok() && &pong == b"+PONG"
        }

        fn url(&self) -> String {
            format!("redis://127.0.0.1:{}/0", self.port)
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }

    #[test]
    fn keeps_its_promises() {
        let Some(server) = Server::start() else { return };
        super::keeps_its_promises(RedisStore::open(&server.url()).unwrap().with_prefix("odd*[prefix]\\:"));
    }

    #[test]
    fn clearing_leaves_other_keys_alone() {
        let Some(server) = Server::start() else { return };
        let [one, two] =
            ["one:", "two:"].map(|prefix| RedisStore::open(&server.url()).unwrap().with_prefix(prefix));
        block_on(async {
            one.put(&key("a"), Bytes::from("x"), None).await.unwrap();
            two.put(&key("a"), Bytes::from("y"), None).await.unwrap();
            one.clear().await.unwrap();
            assert_eq!(one.get(&key("a")).await.unwrap(), None);
            assert_eq!(two.get(&key("a")).await.unwrap(), Some(Bytes::from("y")));
        });
    }

    #[test]
    fn a_server_that_is_not_there_is_no_error_of_the_call() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let store = RedisStore::open(&format!("redis://:secret@127.0.0.1:{port}/0")).unwrap();
        let error = block_on(store.get(&key("a"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(!format!("{error:?} {store:?}").contains("secret"));
        let cached = FakeLlm::new(["one"]).with_cache(store);
        assert_eq!(block_on(cached.invoke("Hi")).unwrap(), "one");
    }

    #[test]
    fn a_url_that_is_none_is_refused_without_showing_it() {
        let error = RedisStore::open("http://:secret@example.com").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}
