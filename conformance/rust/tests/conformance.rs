//! rust_socketio's client against the conformance server.

use conformance::{Peer, Plan, Server};
use rust_socketio::{Payload, TransportType};
use serde_json::json;

/// Every test below, over each transport.
macro_rules! over {
    ($($transport:ident: $kind:expr, $name:literal;)*) => {$(
        mod $transport {
            use super::*;
            const NAME: &str = $name;
            fn plan() -> Plan { Plan::over($kind) }

            #[test] fn greeting() { super::greeting(plan) }
            #[test] fn auth_accepted() { super::auth_accepted(plan) }
            #[test] fn auth_refused() { super::auth_refused(plan) }
            #[test] fn transport() { super::transport(plan, NAME) }
            #[test] fn events() { super::events(plan) }
            #[test] fn order() { super::order(plan) }
            #[test] fn acks() { super::acks(plan) }
            #[test] fn binary() { super::binary(plan) }
            #[test] fn rooms() { super::rooms(plan) }
            #[test] fn namespaces() { super::namespaces(plan) }
            #[test] fn leaving() { super::leaving(plan) }
            #[test] fn restart() { super::restart(plan) }
        }
    )*};
}

over! {
    websocket: TransportType::Websocket, "websocket";
    polling: TransportType::Polling, "polling";
    upgrade: TransportType::WebsocketUpgrade, "websocket";
}

fn greeting(plan: fn() -> Plan) {
    let server = Server::start("main");
    let auth = json!({"name": "käthe", "n": [1, 2.5, null]});
    let p = Peer::try_connect(&server, Plan { auth: auth.clone(), ..plan() });
    assert_eq!(p.args("auth"), [auth]);
}

fn auth_accepted(plan: fn() -> Plan) {
    let server = Server::start("main");
    let auth = json!({"token": "secret"});
    let p = Peer::try_connect(&server, Plan { namespace: "/admin", auth, ..plan() });
    assert_eq!(p.args("welcome"), [json!({"user": "root"})]);
}

fn auth_refused(plan: fn() -> Plan) {
    let server = Server::start("main");
    let auth = json!({"token": "wrong"});
    let p = Peer::try_connect(&server, Plan { namespace: "/admin", auth, ..plan() });
    let said = format!("{:?}", p.next("error"));
    assert!(said.contains("unauthorized") && said.contains("use secret"), "{said}");
}

fn transport(plan: fn() -> Plan, name: &str) {
    let server = Server::start("main");
    let p = Peer::connect(&server, plan());
    assert_eq!(p.ask("transport", vec![]), [json!(name)]);
    assert_eq!(p.ask("protocol", vec![]), [json!(4)]);
}

fn events(plan: fn() -> Plan) {
    let server = Server::start("main");
    let p = Peer::connect(&server, plan());
    for args in [
        vec![json!("x")],
        vec![json!(1), json!("zwei"), json!(null), json!(true), json!({"a": ["é", "🂡", "\u{2028}"]})],
        vec![json!("y".repeat(4_000))],
    ] {
        p.emit("message", args.clone());
        assert_eq!(p.args("message-back"), args);
    }
}

fn order(plan: fn() -> Plan) {
    let server = Server::start("main");
    let p = Peer::connect(&server, plan());
    p.emit("seq", vec![json!(500), json!("n")]);
    for i in 0..500 {
        assert_eq!(p.args("n"), [json!(i)]);
    }
}

fn acks(plan: fn() -> Plan) {
    let server = Server::start("main");
    let p = Peer::connect(&server, plan());
    let args = vec![json!(1), json!("2"), json!({"3": [false]})];
    assert_eq!(p.ask("message-with-ack", args.clone()), args);
    assert_eq!(p.ask("ack-late", vec![json!(50)]), [json!("late")]);
}

// The client sends and takes one attachment as the only argument. It splits what
// comes at each byte 0x1e, attachments too, so there is none here; and it takes
// each piece of a polled answer for a whole one, so they are small.
fn binary(plan: fn() -> Plan) {
    let server = Server::start("main");
    let p = Peer::connect(&server, plan());
    let data: Vec<u8> = (0..3_000).map(|i| i as u8).map(|b| if b == 0x1e { 0 } else { b }).collect();
    p.send("message", Payload::from(data.clone()));
    match p.next("message-back") {
        Payload::Binary(got) => assert_eq!(got.to_vec(), data),
        other => panic!("came with {other:?}"),
    }
    p.emit("big-bin", vec![json!(3000), json!("bin")]);
    match p.next("bin") {
        Payload::Binary(got) => assert_eq!(got.to_vec(), vec![0xa5; 3000]),
        other => panic!("came with {other:?}"),
    }
}

fn rooms(plan: fn() -> Plan) {
    let server = Server::start("main");
    let (a, b, c) =
        (Peer::connect(&server, plan()), Peer::connect(&server, plan()), Peer::connect(&server, plan()));
    assert_eq!(a.ask("join", vec![json!("r")]), [json!(["r"])]);
    assert_eq!(b.ask("join", vec![json!(["r", "q"])]), [json!(["q", "r"])]);
    a.emit("to", vec![json!("r"), json!("to-others"), json!(1)]);
    a.emit("in", vec![json!("r"), json!("to-all"), json!(2)]);
    a.emit("except", vec![json!(["r"]), json!(["q"]), json!("all-but"), json!(3)]);
    assert_eq!(a.args("to-all"), [json!(2)]);
    assert_eq!(a.args("all-but"), [json!(3)]);
    assert_eq!(b.args("to-others"), [json!(1)]);
    assert_eq!(b.args("to-all"), [json!(2)]);
    // What was sent to them before has come when these are answered.
    b.ask("rooms", vec![]);
    c.ask("rooms", vec![]);
    assert!(!b.names().contains(&"all-but".to_string()));
    for name in c.names() {
        assert!(!["to-others", "to-all", "all-but"].contains(&name.as_str()), "{name}");
    }
    assert_eq!(a.ask("leave", vec![json!("r")]), [json!([])]);
}

// A client is of one namespace; each has a connection of its own.
fn namespaces(plan: fn() -> Plan) {
    let server = Server::start("main");
    for namespace in ["/chat", "/dyn-7"] {
        let p = Peer::connect(&server, Plan { namespace, ..plan() });
        p.emit("message", vec![json!(namespace)]);
        assert_eq!(p.args("message-back"), [json!(namespace)]);
        assert_eq!(p.ask("handshake", vec![])[0]["nsp"], json!(namespace));
    }
    let p = Peer::try_connect(&server, Plan { namespace: "/nobody", ..plan() });
    let said = format!("{:?}", p.next("error"));
    assert!(said.contains("Invalid namespace"), "{said}");
}

fn leaving(plan: fn() -> Plan) {
    let server = Server::start("main");
    let (a, b) = (Peer::connect(&server, plan()), Peer::connect(&server, plan()));
    let id = a.ask("handshake", vec![])[0]["id"].clone();
    a.close();
    let left = b.ask("reason-of", vec![id]);
    let reason = left[0]["reason"].as_str().expect("a reason").to_string();
    assert!(["client namespace disconnect", "transport close"].contains(&reason.as_str()), "{reason}");
}

fn restart(plan: fn() -> Plan) {
    let mut server = Server::start("main");
    let p = Peer::connect(&server, Plan { reconnect: true, ..plan() });
    let before = p.ask("handshake", vec![])[0]["id"].clone();
    server.kill();
    server.restart();
    p.next("connect");
    p.emit("message", vec![json!("again")]);
    assert_eq!(p.args("message-back"), [json!("again")]);
    assert_ne!(p.ask("handshake", vec![])[0]["id"], before);
}
