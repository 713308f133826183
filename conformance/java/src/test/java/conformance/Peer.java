package conformance;

import static org.junit.Assert.assertNotNull;

import io.socket.client.Ack;
import io.socket.client.Manager;
import io.socket.client.Socket;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** One socket of the client, with a queue for each event that it listens to. */
final class Peer {
    final Socket socket;
    private final Map<String, BlockingQueue<Object[]>> got = new ConcurrentHashMap<>();

    Peer(Socket socket, String... events) {
        this.socket = socket;
        listen(Socket.EVENT_CONNECT);
        listen(Socket.EVENT_CONNECT_ERROR);
        listen(Socket.EVENT_DISCONNECT);
        for (String event : events) {
            listen(event);
        }
    }

    private void listen(String event) {
        BlockingQueue<Object[]> queue = new LinkedBlockingQueue<>();
        got.put(event, queue);
        socket.on(event, queue::add);
    }

    /** Opens the socket and waits until the server has accepted it. */
    Peer connect() throws Exception {
        socket.connect();
        next(Socket.EVENT_CONNECT);
        return this;
    }

    /** The arguments of the next such event. */
    Object[] next(String event) throws Exception {
        Object[] args = got.get(event).poll(Server.PATIENCE, TimeUnit.SECONDS);
        assertNotNull("no " + event + " came", args);
        return args;
    }

    boolean nothing(String event) {
        return got.get(event).isEmpty();
    }

    /** Emits the event and gives what its ack said. */
    Object[] ask(String event, Object... args) throws Exception {
        BlockingQueue<Object[]> answer = new LinkedBlockingQueue<>();
        socket.emit(event, args, (Ack) answer::add);
        Object[] said = answer.poll(Server.PATIENCE, TimeUnit.SECONDS);
        assertNotNull("no ack of " + event + " came", said);
        return said;
    }

    /** The same socket's manager, which other namespaces of the connection share. */
    Manager manager() {
        return socket.io();
    }
}
