//! The server under test as a process, and a client that remembers what it got.

use futures_util::FutureExt;
use rust_socketio::asynchronous::{Client, ClientBuilder};
use rust_socketio::{Event, Payload, TransportType};
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long anything may take on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One process of `COMMAND --profile NAME`, killed when dropped.
pub struct Server {
    profile: String,
    port: u16,
    process: Child,
}

impl Server {
    pub fn start(profile: &str) -> Server {
        let (process, port) = launch(profile, 0);
        Server { profile: profile.into(), port, process }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends the process as a crash would.
    pub fn kill(&mut self) {
        self.process.kill().expect("kill");
        self.process.wait().expect("wait");
    }

    /// Starts a new process on the port of the old one.
    pub fn restart(&mut self) {
        self.process = launch(&self.profile, self.port).0;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn launch(profile: &str, port: u16) -> (Child, u16) {
    let command = std::env::var("COMMAND").expect("COMMAND: the server to test");
    let mut words = command.split_whitespace();
    let mut process = Command::new(words.next().expect("COMMAND is empty"))
        .args(words)
        .args(["--profile", profile, "--host", "127.0.0.1", "--port", &port.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server does not start");
    let mut out = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).expect("the server's first line");
    let port = line.trim().strip_prefix("READY ").expect("READY").parse().expect("a port");
    // The pipe must not fill up.
    std::thread::spawn(move || out.read_to_end(&mut Vec::new()));
    (process, port)
}

// All clients live on one runtime. The crate's client for threads polls and sends
// from a runtime each, and loses the connection when both happen at once.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// An event that came: its name and what came with it.
pub type Got = (String, Payload);

/// A client of one namespace.
pub struct Peer {
    client: Client,
    events: Receiver<Got>,
}

/// What a builder is told before it connects.
pub struct Plan {
    pub transport: TransportType,
    pub namespace: &'static str,
    pub auth: Value,
    pub reconnect: bool,
}

impl Plan {
    pub fn over(transport: TransportType) -> Plan {
        Plan { transport, namespace: "/", auth: json!({}), reconnect: false }
    }
}

impl Peer {
    /// A client that the server has let in.
    pub fn connect(server: &Server, plan: Plan) -> Peer {
        let peer = Peer::try_connect(server, plan);
        let (name, payload) = peer.take("connect or error", |n| n == "connect" || n == "error");
        assert_eq!(name, "connect", "{payload:?}");
        peer
    }

    /// A client that has sent its CONNECT.
    pub fn try_connect(server: &Server, plan: Plan) -> Peer {
        let (tell, events) = channel::<Got>();
        let note = |tell: &Sender<Got>, name: &'static str| {
            let tell = Mutex::new(tell.clone());
            move |p: Payload, _| {
                drop(tell.lock().unwrap().send((name.into(), p)));
                async {}.boxed()
            }
        };
        let others = Mutex::new(tell.clone());
        let builder = ClientBuilder::new(server.url())
            .namespace(plan.namespace)
            .auth(plan.auth)
            .transport_type(plan.transport)
            .reconnect(plan.reconnect)
            .reconnect_on_disconnect(plan.reconnect)
            .reconnect_delay(100, 500)
            .on(Event::Connect, note(&tell, "connect"))
            .on(Event::Close, note(&tell, "close"))
            .on(Event::Error, note(&tell, "error"))
            .on_any(move |event, p, _| {
                drop(others.lock().unwrap().send((event.to_string(), p)));
                async {}.boxed()
            });
        let client = RUNTIME.block_on(builder.connect()).expect("connect");
        Peer { client, events }
    }

    fn take(&self, what: &str, fits: impl Fn(&str) -> bool) -> Got {
        let mut passed = Vec::new();
        loop {
            match self.events.recv_timeout(PATIENCE) {
                Ok(got) if fits(&got.0) => return got,
                Ok(other) => passed.push(other),
                Err(err) => panic!("waiting for {what}: {err}; there were {passed:?}"),
            }
        }
    }

    /// What the next such event came with; what came before is dropped.
    pub fn next(&self, event: &str) -> Payload {
        self.take(event, |n| n == event).1
    }

    /// The arguments of the next such event.
    pub fn args(&self, event: &str) -> Vec<Value> {
        match self.next(event) {
            Payload::Text(args) => args,
            other => panic!("{event} came with {other:?}"),
        }
    }

    /// The names of events that have come and were not taken.
    pub fn names(&self) -> Vec<String> {
        self.events.try_iter().map(|(name, _)| name).collect()
    }

    pub fn emit(&self, event: &str, args: Vec<Value>) {
        self.send(event, Payload::Text(args));
    }

    pub fn send(&self, event: &str, payload: Payload) {
        RUNTIME.block_on(self.client.emit(event, payload)).expect("emit");
    }

    pub fn close(&self) {
        RUNTIME.block_on(self.client.disconnect()).expect("disconnect");
    }

    /// The arguments of the acknowledgement.
    pub fn ask(&self, event: &str, args: Vec<Value>) -> Vec<Value> {
        let (tell, answer) = channel();
        let tell = Mutex::new(tell);
        let note = move |p: Payload, _| {
            drop(tell.lock().unwrap().send(p));
            async {}.boxed()
        };
        RUNTIME
            .block_on(self.client.emit_with_ack(event, Payload::Text(args), PATIENCE, note))
            .expect("emit");
        match answer.recv_timeout(PATIENCE) {
            // The client hands over the list of arguments as one value.
            Ok(Payload::Text(mut got)) => match got.pop() {
                Some(Value::Array(args)) if got.is_empty() => args,
                other => panic!("{event} was answered with {other:?}"),
            },
            other => panic!("{event} was answered with {other:?}"),
        }
    }
}
