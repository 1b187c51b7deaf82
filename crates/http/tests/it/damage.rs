//! Bytes that are damaged in transit: the call is worth a retry.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use catena_core::{Context, ErrorKind};
use catena_http::HttpClient;
use catena_http::service::{Call, Service};
use pollster::block_on;

use crate::server::{Server, client, text};
use crate::service::support::{Hasty, Plain};
use crate::tls::{self, trusting_client};

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    ToServer,
    ToClient,
}

/// A relay to `server` that damages what next passes it in one direction whenever the flag is set.
fn relay(server: SocketAddr, direction: Direction) -> (Server, Arc<AtomicBool>) {
    let damage = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&damage);
    let relay = Server::raw(move |client| {
        let server = TcpStream::connect(server).unwrap();
        let (from, to, flag) = (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&flag));
        let never = Arc::default();
        let (sent, received) =
            if direction == Direction::ToServer { (Arc::clone(&flag), never) } else { (never, flag) };
        thread::spawn(move || pass(from, to, &sent));
        pass(server, client, &received);
    });
    (relay, damage)
}

fn pass(mut from: TcpStream, mut to: TcpStream, damage: &AtomicBool) {
    let mut buffer = [0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if damage.swap(false, Ordering::SeqCst) {
            // Inside the first TLS record, whose header has five bytes, or the version of HTTP.
            buffer[6] ^= 1;
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// Makes a call, damages the next, and makes it again, without and with a retry.
#[track_caller]
fn check(client: HttpClient, url: &str, damage: impl Fn()) {
    assert!(block_on(text(&client, url)).is_ok());
    damage();
    let error = block_on(text(&client, url)).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true), "{error}");
    let service = Service::builder(url, Plain).with_http_client(client).with_max_retries(1);
    let service = service.with_timer(Arc::new(Hasty::default())).build().unwrap();
    let cx = Context::default();
    assert!(block_on(service.send(Call::get(""), &cx)).is_ok());
    damage();
    assert!(block_on(service.send(Call::get(""), &cx)).is_ok());
}

#[test]
fn a_damaged_tls_record_is_retried() {
    for protocol in ["http/1.1", "h2"] {
        for direction in [Direction::ToServer, Direction::ToClient] {
            let (relay, flag) = relay(tls::server(protocol).address(), direction);
            check(trusting_client(), &relay.https("/"), || flag.store(true, Ordering::SeqCst));
        }
    }
}

#[test]
fn a_garbled_head_after_valid_ones_is_retried() {
    let (relay, flag) = relay(Server::echo().address(), Direction::ToClient);
    check(client(), &relay.url("/"), || flag.store(true, Ordering::SeqCst));
}
