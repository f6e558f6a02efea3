//! The part of WASI 0.2 that Rust's standard library imports on `wasm32-wasip2`, for factors whose libraries ask it for random
//! bytes and the time.
//!
//! Owns its meaning here: the time is that of the call, the environment is empty, what is written is counted against the
//! log's quota and dropped, there is nothing to read, to wait or to exit is a fault. Files, sockets and HTTP are absent: a component
//! that imports them is refused by name ([`crate::imports`]).

use wasmtime::component::{ComponentType, Linker, Lower, Resource, ResourceType};
use wasmtime::{Result, StoreContextMut};

use crate::call::CallState;

/// What is linked.
pub(crate) const INTERFACES: [&str; 18] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
];

/// By which every 0.2.x is met.
const VERSION: &str = "0.2.6";

/// A plugin did what ends it: `exit`, or a wait.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Ended(&'static str);

// Handles without content: what they stand for is the same for every one.
struct InputStream;
struct OutputStream;
struct IoError;
struct TerminalInput;
struct TerminalOutput;
struct Pollable;

/// A pollable that would wait for time to pass; the others are ready.
const SLEEP: u32 = 1;

/// `wasi:io/streams.stream-error`. Nothing here fails in the other way: `last-operation-failed`.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[allow(dead_code, reason = "the type of the interface has it")]
    LastOperationFailed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

/// `wasi:clocks/wall-clock.datetime`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

type Cx<'a> = StoreContextMut<'a, CallState>;

pub(crate) fn add_to_linker(linker: &mut Linker<CallState>) -> Result<()> {
    cli(linker)?;
    io(linker)?;
    output(linker)?;
    clocks(linker)?;
    random(linker)
}

fn name(interface: &str) -> String {
    format!("wasi:{interface}@{VERSION}")
}

fn cli(linker: &mut Linker<CallState>) -> Result<()> {
    let mut environment = linker.instance(&name("cli/environment"))?;
    environment.func_wrap("get-environment", |_: Cx<'_>, (): ()| Ok((Vec::<(String, String)>::new(),)))?;
    environment.func_wrap("get-arguments", |_: Cx<'_>, (): ()| Ok((Vec::<String>::new(),)))?;
    environment.func_wrap("initial-cwd", |_: Cx<'_>, (): ()| Ok((None::<String>,)))?;

    let mut exit = linker.instance(&name("cli/exit"))?;
    exit.func_wrap("exit", |_: Cx<'_>, (_,): (Result<(), ()>,)| -> Result<()> { Err(Ended("it exited").into()) })?;
    exit.func_wrap("exit-with-code", |_: Cx<'_>, (_,): (u8,)| -> Result<()> { Err(Ended("it exited").into()) })?;

    linker
        .instance(&name("cli/stdin"))?
        .func_wrap("get-stdin", |_: Cx<'_>, (): ()| Ok((Resource::<InputStream>::new_own(0),)))?;
    for stream in ["stdout", "stderr"] {
        linker
            .instance(&name(&format!("cli/{stream}")))?
            .func_wrap(&format!("get-{stream}"), |_: Cx<'_>, (): ()| Ok((Resource::<OutputStream>::new_own(0),)))?;
    }

    linker.instance(&name("cli/terminal-input"))?.resource(
        "terminal-input",
        ResourceType::host::<TerminalInput>(),
        |_, _| Ok(()),
    )?;
    linker.instance(&name("cli/terminal-output"))?.resource(
        "terminal-output",
        ResourceType::host::<TerminalOutput>(),
        |_, _| Ok(()),
    )?;
    linker
        .instance(&name("cli/terminal-stdin"))?
        .func_wrap("get-terminal-stdin", |_: Cx<'_>, (): ()| Ok((None::<Resource<TerminalInput>>,)))?;
    for stream in ["stdout", "stderr"] {
        linker
            .instance(&name(&format!("cli/terminal-{stream}")))?
            .func_wrap(&format!("get-terminal-{stream}"), |_: Cx<'_>, (): ()| {
                Ok((None::<Resource<TerminalOutput>>,))
            })?;
    }
    Ok(())
}

fn io(linker: &mut Linker<CallState>) -> Result<()> {
    let mut error = linker.instance(&name("io/error"))?;
    error.resource("error", ResourceType::host::<IoError>(), |_, _| Ok(()))?;
    error.func_wrap("[method]error.to-debug-string", |_: Cx<'_>, (_,): (Resource<IoError>,)| Ok((String::new(),)))?;

    let mut poll = linker.instance(&name("io/poll"))?;
    poll.resource("pollable", ResourceType::host::<Pollable>(), |_, _| Ok(()))?;
    poll.func_wrap("[method]pollable.ready", |_: Cx<'_>, (pollable,): (Resource<Pollable>,)| {
        Ok((pollable.rep() != SLEEP,))
    })?;
    poll.func_wrap("[method]pollable.block", |_: Cx<'_>, (pollable,): (Resource<Pollable>,)| wait(&pollable))?;
    poll.func_wrap("poll", |_: Cx<'_>, (pollables,): (Vec<Resource<Pollable>>,)| {
        let ready: Vec<u32> = (0..).zip(&pollables).filter(|(_, one)| one.rep() != SLEEP).map(|(n, _)| n).collect();
        if ready.is_empty() { Err(Ended("it wanted to wait").into()) } else { Ok((ready,)) }
    })?;

    let mut streams = linker.instance(&name("io/streams"))?;
    streams.resource("input-stream", ResourceType::host::<InputStream>(), |_, _| Ok(()))?;
    for read in ["read", "blocking-read"] {
        streams
            .func_wrap(&format!("[method]input-stream.{read}"), |_: Cx<'_>, (_, _): (Resource<InputStream>, u64)| {
                Ok((Err::<Vec<u8>, _>(StreamError::Closed),))
            })?;
    }
    for skip in ["skip", "blocking-skip"] {
        streams
            .func_wrap(&format!("[method]input-stream.{skip}"), |_: Cx<'_>, (_, _): (Resource<InputStream>, u64)| {
                Ok((Err::<u64, _>(StreamError::Closed),))
            })?;
    }
    streams.func_wrap("[method]input-stream.subscribe", |_: Cx<'_>, (_,): (Resource<InputStream>,)| {
        Ok((Resource::<Pollable>::new_own(0),))
    })?;
    Ok(())
}

/// Output, which is taken, counted and dropped.
fn output(linker: &mut Linker<CallState>) -> Result<()> {
    let mut streams = linker.instance(&name("io/streams"))?;
    streams.resource("output-stream", ResourceType::host::<OutputStream>(), |_, _| Ok(()))?;
    streams.func_wrap("[method]output-stream.check-write", |_: Cx<'_>, (_,): (Resource<OutputStream>,)| {
        Ok((Ok::<u64, StreamError>(4096),))
    })?;
    for write in ["write", "blocking-write-and-flush"] {
        streams.func_wrap(
            &format!("[method]output-stream.{write}"),
            |mut cx: Cx<'_>, (_, bytes): (Resource<OutputStream>, Vec<u8>)| {
                cx.data_mut().discard(bytes.len());
                Ok((Ok::<(), StreamError>(()),))
            },
        )?;
    }
    for flush in ["flush", "blocking-flush"] {
        streams
            .func_wrap(&format!("[method]output-stream.{flush}"), |_: Cx<'_>, (_,): (Resource<OutputStream>,)| {
                Ok((Ok::<(), StreamError>(()),))
            })?;
    }
    for zeroes in ["write-zeroes", "blocking-write-zeroes-and-flush"] {
        streams.func_wrap(
            &format!("[method]output-stream.{zeroes}"),
            |_: Cx<'_>, (_, _): (Resource<OutputStream>, u64)| Ok((Ok::<(), StreamError>(()),)),
        )?;
    }
    for splice in ["splice", "blocking-splice"] {
        streams.func_wrap(
            &format!("[method]output-stream.{splice}"),
            |_: Cx<'_>, (_, _, _): (Resource<OutputStream>, Resource<InputStream>, u64)| {
                Ok((Err::<u64, _>(StreamError::Closed),))
            },
        )?;
    }
    streams.func_wrap("[method]output-stream.subscribe", |_: Cx<'_>, (_,): (Resource<OutputStream>,)| {
        Ok((Resource::<Pollable>::new_own(0),))
    })?;
    Ok(())
}

fn wait(pollable: &Resource<Pollable>) -> Result<()> {
    if pollable.rep() == SLEEP { Err(Ended("it wanted to wait").into()) } else { Ok(()) }
}

fn clocks(linker: &mut Linker<CallState>) -> Result<()> {
    let mut wall = linker.instance(&name("clocks/wall-clock"))?;
    wall.func_wrap("now", |cx: Cx<'_>, (): ()| {
        let millis = cx.data().now_millis();
        let nanoseconds = u32::try_from(millis % 1000).unwrap_or_default() * 1_000_000;
        Ok((Datetime { seconds: millis / 1000, nanoseconds },))
    })?;
    wall.func_wrap("resolution", |_: Cx<'_>, (): ()| Ok((Datetime { seconds: 0, nanoseconds: 1_000_000 },)))?;

    let mut monotonic = linker.instance(&name("clocks/monotonic-clock"))?;
    monotonic.func_wrap("now", |cx: Cx<'_>, (): ()| Ok((cx.data().now_millis().saturating_mul(1_000_000),)))?;
    monotonic.func_wrap("resolution", |_: Cx<'_>, (): ()| Ok((1_000_000_u64,)))?;
    for subscribe in ["subscribe-instant", "subscribe-duration"] {
        monotonic.func_wrap(subscribe, |_: Cx<'_>, (_,): (u64,)| Ok((Resource::<Pollable>::new_own(SLEEP),)))?;
    }
    Ok(())
}

fn random(linker: &mut Linker<CallState>) -> Result<()> {
    for (interface, bytes, number) in [
        ("random/random", "get-random-bytes", "get-random-u64"),
        ("random/insecure", "get-insecure-random-bytes", "get-insecure-random-u64"),
    ] {
        let mut random = linker.instance(&name(interface))?;
        random.func_wrap(bytes, |mut cx: Cx<'_>, (length,): (u64,)| Ok((cx.data_mut().draw(length)?,)))?;
        random.func_wrap(number, |mut cx: Cx<'_>, (): ()| Ok((cx.data_mut().draw_u64(),)))?;
    }
    linker.instance(&name("random/insecure-seed"))?.func_wrap("insecure-seed", |mut cx: Cx<'_>, (): ()| {
        let state = cx.data_mut();
        Ok(((state.draw_u64(), state.draw_u64()),))
    })
}
