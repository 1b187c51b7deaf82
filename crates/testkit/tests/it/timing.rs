//! Delays, pauses and gates.

use std::time::{Duration, Instant};

use catena_testkit::{Framing, Gate, Reply, Server};

use crate::client::{Client, PATIENCE};

#[test]
fn a_gate_holds_the_rest_back() {
    let (first, last) = (Gate::new(), Gate::new());
    let reply = Reply::sse(["1", "2", "3"]).hold_after(0, first.clone()).hold_after(2, last.clone());
    let server = Server::replay([reply]);
    let mut client = Client::connect(server.address());
    client.get("/");
    client.head();
    assert_eq!(client.chunk(), "data: 1\n\n");
    // Nothing follows while the gate is shut.
    client.stream.get_ref().set_read_timeout(Some(Duration::from_millis(30))).unwrap();
    assert!(std::io::Read::read(&mut client.stream, &mut [0]).is_err());
    client.stream.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
    first.open();
    assert_eq!(client.chunk(), "data: 2\n\n");
    assert_eq!(client.chunk(), "data: 3\n\n");
    assert_eq!(server.in_flight(), 1);
    last.open();
    assert_eq!(client.chunk(), "");
}

#[test]
fn one_gate_holds_many() {
    let gate = Gate::new();
    let server = Server::replay([Reply::text(200, "go").hold(gate.clone())]);
    let mut clients = [(); 20].map(|()| Client::connect(server.address()));
    clients.iter_mut().for_each(|client| client.get("/"));
    assert!(server.wait_for_requests(20, PATIENCE));
    assert_eq!((server.in_flight(), server.peak_in_flight()), (20, 20));
    gate.open();
    assert!(clients.iter_mut().all(|client| client.answer().body == "go"));
    // An open gate holds nobody.
    let mut late = Client::connect(server.address());
    late.get("/");
    assert_eq!(late.answer().body, "go");
    assert_eq!((server.in_flight(), server.peak_in_flight()), (0, 20));
}

#[test]
fn a_gate_for_a_part_that_does_not_exist_is_ignored() {
    let server = Server::replay([Reply::text(200, "short").hold_after(5, Gate::new())]);
    let mut client = Client::connect(server.address());
    client.get("/");
    assert_eq!(client.answer().body, "short");
}

#[test]
fn delay_and_pauses_add_up() {
    let (delay, pause) = (Duration::from_millis(40), Duration::from_millis(10));
    let reply = Reply::text(200, "abcdef").with_framing(Framing::Chunked).split_every(1);
    let server = Server::replay([reply.with_delay(delay).with_pause(pause)]);
    let mut client = Client::connect(server.address());
    let start = Instant::now();
    client.get("/");
    client.head();
    assert!(start.elapsed() >= delay);
    assert_eq!(client.chunks().len(), 6);
    assert!(start.elapsed() >= delay + pause * 5);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
