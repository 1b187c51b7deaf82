//! Tokens are seen when they come, and add up to what `invoke` gives.

use catena::prelude::*;
use catena::{Result, gather};
use catena_testkit::{Gate, Server};

use crate::chains::{TextChain, chat, llm, llm_chains, named, pipes, prompt, text_chains};
use crate::executors::on_every_executor;
use crate::service::{echo, reply};
use crate::watchdog::watched;

const PIECES: [&str; 3] = ["Brush", "Wise", " Co."];

/// A service that says the first piece and keeps the rest until the gate opens.
fn held(gate: &Gate) -> Server {
    let gate = gate.clone();
    Server::start(move |request| reply(request, &PIECES).hold_after(0, gate.clone()))
}

/// Reads a stream whose server waits; opens the gate once the first piece was seen.
async fn first_piece_comes_first<T>(mut stream: ChunkStream<'_, T>, gate: &Gate, text: fn(T) -> String) {
    assert_eq!(text(stream.next().await.unwrap().unwrap()), PIECES[0]);
    gate.open();
    let mut rest = Vec::new();
    while let Some(piece) = stream.next().await {
        rest.push(text(piece.unwrap()));
    }
    rest.retain(|piece| !piece.is_empty());
    assert_eq!(rest, PIECES[1..], "each piece is a chunk of its own");
}

/// Runs `test` on every executor with each chain, each time with a server that holds back.
fn check<C: Send + 'static, F: Future<Output = ()> + Send>(
    chains: impl Fn(&Server) -> Vec<C> + Copy + Send + 'static,
    test: impl Fn(C, Gate) -> F + Copy + Send + 'static,
) {
    watched(move || {
        on_every_executor(move || async move {
            for index in 0.. {
                let gate = Gate::new();
                let server = held(&gate);
                let Some(chain) = chains(&server).into_iter().nth(index) else { break };
                test(chain, gate).await;
            }
        });
    });
}

#[test]
fn the_first_token_is_there_while_the_server_holds_the_rest() {
    check(text_chains, |chain, gate| async move {
        first_piece_comes_first(chain.stream("tea"), &gate, |text| text).await;
    });
}

#[test]
fn also_from_an_llm_chain_itself() {
    check(
        |server| llm_chains(server).into(),
        |chain, gate| async move {
            first_piece_comes_first(chain.stream("tea"), &gate, |output| output.text).await;
        },
    );
}

#[test]
fn also_from_a_model_alone_and_from_a_pipe_without_a_box() {
    check(
        |server| vec![chat(server)],
        |chat, gate| async move {
            first_piece_comes_first(chat.stream("tea"), &gate, |message| message.text().into_owned()).await;
        },
    );
    check(
        |server| vec![prompt() | llm(server) | StrOutputParser],
        |chain, gate| async move { first_piece_comes_first(chain.stream("tea"), &gate, |text| text).await },
    );
}

#[test]
fn also_without_async() {
    fn check<T>(mut pieces: impl Iterator<Item = Result<T>>, gate: &Gate, text: fn(T) -> String) {
        assert_eq!(text(pieces.next().unwrap().unwrap()), PIECES[0]);
        gate.open();
        let rest: String = pieces.map(|piece| text(piece.unwrap())).collect();
        assert_eq!(rest, PIECES[1..].concat());
    }
    watched(|| {
        for index in 0..2 {
            let gate = Gate::new();
            let server = held(&gate);
            check(pipes(&server)[index].blocking().stream("tea"), &gate, |text| text);
            let gate = Gate::new();
            let server = held(&gate);
            check(llm_chains(&server)[index].blocking().stream("tea"), &gate, |output| output.text);
        }
    });
}

#[test]
fn also_through_branches_that_run_side_by_side() {
    watched(|| {
        let gate = Gate::new();
        let server = held(&gate);
        let [text, chat] = pipes(&server);
        let both = (text, chat);
        futures_executor::block_on(async {
            let mut stream = both.stream("tea");
            let mut seen = (String::new(), String::new());
            while seen != (PIECES[0].to_owned(), PIECES[0].to_owned()) {
                seen.merge(stream.next().await.unwrap().unwrap());
            }
            gate.open();
            seen.merge(gather(stream).await.unwrap().unwrap());
            assert_eq!(seen, (PIECES.concat(), PIECES.concat()));
        });
    });
}

async fn adds_up(chain: TextChain) -> Result<()> {
    let mut pieces = Vec::new();
    let mut stream = chain.stream("tea");
    while let Some(piece) = stream.next().await {
        pieces.push(piece?);
    }
    pieces.retain(|piece| !piece.is_empty());
    assert_eq!(pieces, named("tea").split_inclusive(' ').collect::<Vec<_>>());
    assert_eq!(pieces.concat(), chain.invoke("tea").await?);
    Ok(())
}

#[test]
fn chunks_add_up_to_what_invoke_gives() {
    watched(|| {
        let server = echo();
        on_every_executor(|| {
            let (chains, llm_chains) = (text_chains(&server), llm_chains(&server));
            async move {
                for chain in chains {
                    adds_up(chain).await.unwrap();
                }
                for chain in llm_chains {
                    let whole = gather(chain.stream("tea")).await.unwrap();
                    assert_eq!(whole, Some(chain.invoke("tea").await.unwrap()));
                }
            }
        });
    });
}
