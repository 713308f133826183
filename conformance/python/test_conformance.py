"""python-socketio's clients against the conformance server: python -m unittest."""

import itertools
import unittest

import socketio

from clients import KINDS, TRANSPORTS
from server import Server


class Contract:
    """What each kind of client does over each transport."""

    kind = None
    transport = ""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("main")

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        if code != 0:
            raise AssertionError(f"the server ended with {code}")

    def new(self, **options):
        client = self.kind(self.transport, **options)
        self.addCleanup(client.close)
        return client

    def client(self, auth=None, **options):
        return self.new(**options).connect(self.server.url, auth)

    def test_greeting_holds_the_auth_payload(self):
        c = self.client({"name": "käthe", "n": [1, 2.5, None]})
        self.assertEqual(c.next("auth"), [{"name": "käthe", "n": [1, 2.5, None]}])

    def test_auth_accepted(self):
        c = self.client({"token": "secret"}, namespaces=["/admin"])
        self.assertEqual(c.next("welcome", nsp="/admin"), [{"user": "root"}])

    def test_auth_refused_with_data(self):
        c = self.new(namespaces=["/admin"])
        with self.assertRaises(socketio.exceptions.ConnectionError):
            c.connect(self.server.url, {"token": "wrong"})
        self.assertEqual(
            c.errors.get(timeout=1),
            ("/admin", {"message": "unauthorized", "data": {"code": 401, "hint": "use secret"}}),
        )

    def test_unknown_namespace_is_refused(self):
        c = self.new(namespaces=["/nobody"])
        with self.assertRaises(socketio.exceptions.ConnectionError):
            c.connect(self.server.url)
        self.assertEqual(c.errors.get(timeout=1), ("/nobody", {"message": "Invalid namespace"}))

    def test_transport_is_the_one_asked_for(self):
        c = self.client()
        want = "polling" if self.transport == "polling" else "websocket"
        self.assertEqual(c.transport(), want)
        self.assertEqual(c.ask("transport"), want)
        self.assertEqual(c.ask("protocol"), 4)

    def test_events_both_ways(self):
        c = self.client()
        for args in [[], ["x"], [1, "zwei", None, True, {"a": ["é", "🂡", "\u2028"]}], ["y" * 100_000]]:
            c.emit("message", *args)
            self.assertEqual(c.next("message-back"), args)

    def test_order_is_kept(self):
        # python-engineio gives up on an answer to a poll with more than 16 packets
        # (Payload.max_decode_packets), whichever server it comes from.
        n = 10 if self.transport == "polling" else 500
        c = self.client()
        c.emit("seq", n, "n")
        self.assertEqual([c.next("n") for _ in range(n)], [[i] for i in range(n)])

    def test_ack_of_the_server(self):
        c = self.client()
        self.assertEqual(c.ask("message-with-ack", 1, "2", {"3": [False]}), [1, "2", {"3": [False]}])
        self.assertEqual(c.ask("ack-late", 50), "late")

    def test_ack_of_the_client(self):
        c = self.client()
        c.client.on("question", lambda *args: ("answer", len(args)))
        self.assertEqual(c.ask("ask", "question", 20_000, "a", "b"), {"ok": True, "args": ["answer", 2]})

    def test_binary_both_ways(self):
        c = self.client()
        data = bytes(range(256)) * 40
        args = [data, {"deep": [b"", {"x": b"\x00\xff"}], "text": "t"}]
        c.emit("message", *args)
        self.assertEqual(c.next("message-back"), args)
        self.assertEqual(c.ask("message-with-ack", *args), args)
        c.client.on("bin", lambda got: got + b"!")
        self.assertEqual(c.ask("ask", "bin", 20_000, b"bytes"), {"ok": True, "args": [b"bytes!"]})

    def test_rooms(self):
        a, b, d = self.client(), self.client(), self.client()
        room = f"room of {self.id()}"
        self.assertEqual(a.ask("join", room), [room])
        self.assertEqual(b.ask("join", [room, room + "2"]), [room, room + "2"])
        a.emit("to", room, "to-others", 1)
        a.emit("in", room, "to-all", 2)
        a.emit("except", [room], [room + "2"], "all-but", 3)
        self.assertEqual(a.next("to-all"), [2])
        self.assertEqual(a.next("all-but"), [3])
        self.assertEqual(b.next("to-others"), [1])
        self.assertEqual(b.next("to-all"), [2])
        d.ask("rooms")  # what was sent to it before has come when this is answered
        b.ask("rooms")
        self.assertEqual(set(d.names()) & {"to-others", "to-all", "all-but"}, set())
        self.assertEqual(b.names(), [])
        self.assertEqual(a.ask("leave", room), [])

    def test_namespaces_share_a_connection(self):
        c = self.client(namespaces=["/", "/chat", "/dyn-7"])
        for nsp in ["/", "/chat", "/dyn-7"]:
            c.emit("message", nsp, nsp=nsp)
            self.assertEqual(c.next("message-back", nsp=nsp), [nsp])
            self.assertEqual(c.ask("handshake", nsp=nsp)["nsp"], nsp)
        self.assertEqual(len({c.client.get_sid(nsp) for nsp in ["/", "/chat", "/dyn-7"]}), 3)

    def test_disconnected_by_the_server(self):
        c = self.client()
        c.emit("server-disconnect", False)
        nsp, _ = c.disconnects.get(timeout=30)
        self.assertEqual(nsp, "/")

    def test_server_hears_why_it_left(self):
        a, b = self.client(), self.client()
        gone = a.client.get_sid()
        a.close()
        answer = b.ask("reason-of", gone)
        self.assertIn(answer["reason"], ["client namespace disconnect", "transport close"])
        self.assertEqual(answer["rooms"], [])


class Restart:
    """What a client does when the server goes and comes back on its port."""

    def test_reconnects(self):
        server = Server("main")
        self.addCleanup(lambda: server.stop())
        c = self.kind(self.transport, reconnection=True)
        self.addCleanup(c.close)
        c.connect(server.url, {"try": 1})
        self.assertEqual(c.connects.get(timeout=30), "/")
        before = c.client.get_sid()
        server.kill()
        self.assertEqual(c.disconnects.get(timeout=60)[0], "/")
        server.start()
        self.assertEqual(c.connects.get(timeout=60), "/")
        self.assertNotEqual(c.client.get_sid(), before)
        c.emit("message", "again")
        self.assertEqual(c.next("message-back"), ["again"])
        self.assertEqual(c.ask("rooms"), [])


def cases():
    """A test case for each kind of client over each transport."""
    for (name, kind), transport in itertools.product(KINDS.items(), TRANSPORTS):
        body = {"kind": kind, "transport": transport, "__module__": __name__}
        for part in (Contract, Restart):
            title = f"{name}_{transport}_{part.__name__}"
            yield title, type(title, (part, unittest.TestCase), dict(body))


globals().update(cases())

if __name__ == "__main__":
    unittest.main(verbosity=2)
