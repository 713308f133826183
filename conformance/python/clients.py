"""The two clients of python-socketio behind one face."""

import asyncio
import queue
import threading

import socketio

from server import PATIENCE

TRANSPORTS = {
    "websocket": ["websocket"],
    "polling": ["polling"],
    "upgrade": ["polling", "websocket"],
}


class Client:
    """A client that remembers what it was sent; run carries out what its method gave."""

    def __init__(self, client, transport, namespaces):
        self.client = client
        self.transports = TRANSPORTS[transport]
        self.namespaces = namespaces
        self.received = {nsp: queue.Queue() for nsp in namespaces}
        self.connects = queue.Queue()
        self.disconnects = queue.Queue()
        self.errors = queue.Queue()
        for nsp in namespaces:
            self.listen(nsp)

    def listen(self, nsp):
        client, received = self.client, self.received[nsp]
        client.on("connect", lambda: self.connects.put(nsp), namespace=nsp)
        client.on("disconnect", lambda reason: self.disconnects.put((nsp, reason)), namespace=nsp)
        client.on("connect_error", lambda data: self.errors.put((nsp, data)), namespace=nsp)
        client.on("*", lambda event, *args: received.put((event, list(args))), namespace=nsp)

    def run(self, result):
        return result

    def connect(self, url, auth=None):
        self.run(
            self.client.connect(
                url,
                auth=auth,
                transports=self.transports,
                namespaces=self.namespaces,
                wait_timeout=PATIENCE,
            )
        )
        return self

    def emit(self, event, *args, nsp="/"):
        self.run(self.client.emit(event, args, namespace=nsp))

    def ask(self, event, *args, nsp="/"):
        """The acknowledgement: one argument as it is, several as a list."""
        answer = self.run(self.client.call(event, args, namespace=nsp, timeout=PATIENCE))
        return list(answer) if isinstance(answer, tuple) else answer

    def next(self, event, nsp="/"):
        """The arguments of the next such event; what came before is dropped."""
        while True:
            name, args = self.received[nsp].get(timeout=PATIENCE)
            if name == event:
                return args

    def names(self, nsp="/"):
        """The names of the events that have come and were not taken."""
        found = []
        while not self.received[nsp].empty():
            found.append(self.received[nsp].get()[0])
        return found

    def transport(self):
        return self.client.transport()

    def close(self):
        self.run(self.client.disconnect())


class Plain(Client):
    """socketio.Client, on threads."""

    def __init__(self, transport, namespaces=("/",), reconnection=False):
        client = socketio.Client(
            reconnection=reconnection, reconnection_delay=0.2, reconnection_delay_max=1, handle_sigint=False
        )
        super().__init__(client, transport, list(namespaces))


class Async(Client):
    """socketio.AsyncClient, on an event loop of its own."""

    def __init__(self, transport, namespaces=("/",), reconnection=False):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        client = socketio.AsyncClient(
            reconnection=reconnection, reconnection_delay=0.2, reconnection_delay_max=1, handle_sigint=False
        )
        super().__init__(client, transport, list(namespaces))

    def run(self, result):
        return asyncio.run_coroutine_threadsafe(result, self.loop).result(2 * PATIENCE)


KINDS = {"Client": Plain, "AsyncClient": Async}
