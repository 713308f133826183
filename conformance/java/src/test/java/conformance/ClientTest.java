package conformance;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertTrue;

import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.After;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.junit.runners.Parameterized;

/** Each test once for each way of transport. */
@RunWith(Parameterized.class)
public class ClientTest {
    @Parameterized.Parameters(name = "{0}")
    public static List<Object[]> ways() {
        return List.of(
                new Object[] {"websocket", new String[] {"websocket"}},
                new Object[] {"polling", new String[] {"polling"}},
                new Object[] {"upgrade", new String[] {"polling", "websocket"}});
    }

    private static Server server;

    private final String[] transports;
    private final List<Socket> open = new ArrayList<>();

    public ClientTest(String way, String[] transports) {
        this.transports = transports;
    }

    @BeforeClass
    public static void start() throws Exception {
        server = new Server("main", 0);
    }

    @AfterClass
    public static void stop() throws Exception {
        server.stop();
    }

    @After
    public void close() {
        open.forEach(Socket::disconnect);
    }

    private Peer peer(String url, Map<String, String> auth, String... events) throws Exception {
        IO.Options options = new IO.Options();
        options.forceNew = true;
        options.transports = transports;
        options.auth = auth;
        options.timeout = Server.PATIENCE * 1000;
        options.reconnectionDelay = 200;
        options.reconnectionDelayMax = 1000;
        Socket socket = IO.socket(url, options);
        open.add(socket);
        return new Peer(socket, events);
    }

    private Peer connected(String... events) throws Exception {
        return peer(server.url(), null, events).connect();
    }

    /** The same members, in whatever order they came. */
    private static void assertJSON(String want, Object is) throws Exception {
        assertEquals(new JSONObject(want).toString(), new JSONObject(is.toString()).toString());
    }

    @Test
    public void transport() throws Exception {
        Peer peer = connected();
        String want = transports[transports.length - 1];
        // The upgrade takes its time; each question is a round trip.
        long end = System.nanoTime() + Server.PATIENCE * 1_000_000_000L;
        Object is = peer.ask("transport")[0];
        while (!want.equals(is) && System.nanoTime() < end) {
            is = peer.ask("transport")[0];
        }
        assertEquals(want, is);
        assertEquals(4, peer.ask("protocol")[0]);
        assertEquals("after", peer.ask("echo", "after")[0]);
    }

    @Test
    public void authAccepted() throws Exception {
        Peer peer = peer(server.url() + "/admin", Map.of("token", "secret", "name", "Zoë"), "auth", "welcome").connect();
        assertJSON("{\"token\":\"secret\",\"name\":\"Zoë\"}", peer.next("auth")[0]);
        assertEquals("root", ((JSONObject) peer.next("welcome")[0]).getString("user"));
    }

    @Test
    public void authRefused() throws Exception {
        Peer guess = peer(server.url() + "/admin", Map.of("token", "guess"));
        guess.socket.connect();
        JSONObject why = (JSONObject) guess.next(Socket.EVENT_CONNECT_ERROR)[0];
        assertEquals("unauthorized", why.getString("message"));
        assertJSON("{\"code\":401,\"hint\":\"use secret\"}", why.get("data"));
        Peer nobody = peer(server.url() + "/admin", null);
        nobody.socket.connect();
        why = (JSONObject) nobody.next(Socket.EVENT_CONNECT_ERROR)[0];
        assertEquals("missing token", why.getString("message"));
        assertFalse(why.has("data"));
        assertTrue(guess.nothing(Socket.EVENT_CONNECT) && nobody.nothing(Socket.EVENT_CONNECT));
    }

    @Test
    public void unknownNamespace() throws Exception {
        Peer peer = peer(server.url() + "/nowhere", null);
        peer.socket.connect();
        JSONObject why = (JSONObject) peer.next(Socket.EVENT_CONNECT_ERROR)[0];
        assertEquals("Invalid namespace", why.getString("message"));
    }

    @Test
    public void events() throws Exception {
        Peer peer = connected("echo", "message-back");
        peer.socket.emit("echo");
        assertEquals(0, peer.next("echo").length);
        JSONObject deep = new JSONObject("{\"a\":[{},[],null,-1.5,true]}");
        peer.socket.emit("echo", "Zoë \ud83d\ude00", 7, deep);
        Object[] back = peer.next("echo");
        assertArrayEquals(new Object[] {"Zoë \ud83d\ude00", 7}, Arrays.copyOf(back, 2));
        assertJSON(deep.toString(), back[2]);
        peer.socket.emit("message", "one");
        assertArrayEquals(new Object[] {"one"}, peer.next("message-back"));
    }

    @Test
    public void order() throws Exception {
        Peer peer = connected("n");
        peer.socket.emit("seq", 500, "n");
        for (int i = 0; i < 500; i++) {
            assertEquals(i, peer.next("n")[0]);
        }
    }

    @Test
    public void ackOfTheServer() throws Exception {
        Peer peer = connected();
        assertArrayEquals(new Object[] {"one", 2}, peer.ask("echo", "one", 2));
        assertArrayEquals(new Object[] {}, peer.ask("echo"));
        assertArrayEquals(new Object[] {"late"}, peer.ask("ack-late", 50));
        assertArrayEquals(new Object[] {"first"}, peer.ask("ack-twice", "first", "second"));
    }

    @Test
    public void ackOfTheClient() throws Exception {
        Peer peer = connected();
        peer.socket.on("question", args -> ((Ack) args[1]).call("forty", args[0]));
        JSONObject said = (JSONObject) peer.ask("ask", "question", 60000, "which?")[0];
        assertJSON("{\"ok\":true,\"args\":[\"forty\",\"which?\"]}", said);
    }

    @Test
    public void binary() throws Exception {
        Peer peer = connected("echo", "big", "parts");
        byte[] every = new byte[256];
        for (int i = 0; i < every.length; i++) {
            every[i] = (byte) i;
        }
        peer.socket.emit("echo", every, new JSONObject().put("in", new JSONArray().put(new byte[] {0, -1})), "text");
        Object[] back = peer.next("echo");
        assertArrayEquals(every, (byte[]) back[0]);
        assertArrayEquals(new byte[] {0, -1}, (byte[]) ((JSONObject) back[1]).getJSONArray("in").get(0));
        assertEquals("text", back[2]);
        peer.socket.emit("big-bin", 100000, "big");
        byte[] big = new byte[100000];
        Arrays.fill(big, (byte) 0xa5);
        assertArrayEquals(big, (byte[]) peer.next("big")[0]);
        peer.socket.emit("bins", 5, 3, "parts");
        Object[] parts = peer.next("parts");
        assertEquals(5, parts.length);
        for (byte i = 0; i < 5; i++) {
            assertArrayEquals(new byte[] {i, i, i}, (byte[]) parts[i]);
        }
    }

    @Test
    public void binaryAcks() throws Exception {
        Peer peer = connected();
        assertArrayEquals(new byte[] {0, -1}, (byte[]) peer.ask("echo", new byte[] {0, -1})[0]);
        peer.socket.on("question", args -> ((Ack) args[1]).call(args[0], "and"));
        JSONObject said = (JSONObject) peer.ask("ask", "question", 60000, new byte[] {9})[0];
        assertArrayEquals(new byte[] {9}, (byte[]) said.getJSONArray("args").get(0));
        assertEquals("and", said.getJSONArray("args").get(1));
    }

    @Test
    public void large() throws Exception {
        Peer peer = connected("big");
        peer.socket.emit("big", 500000, "big");
        assertEquals("x".repeat(500000), peer.next("big")[0]);
        assertEquals("y".repeat(500000), peer.ask("echo", "y".repeat(500000))[0]);
    }

    @Test
    public void rooms() throws Exception {
        Peer one = connected("news");
        Peer two = connected("news");
        Peer three = connected("news");
        assertEquals("[\"blue\",\"red\"]", one.ask("join", new JSONArray().put("red").put("blue"))[0].toString());
        assertEquals("[\"red\"]", two.ask("join", "red")[0].toString());
        one.socket.emit("to", "red", "news", 1);
        assertEquals(1, two.next("news")[0]);
        one.socket.emit("in", "red", "news", 2);
        assertEquals(2, one.next("news")[0]);
        assertEquals(2, two.next("news")[0]);
        assertEquals("[]", two.ask("leave", "red")[0].toString());
        one.socket.emit("in", "red", "news", 3);
        assertEquals(3, one.next("news")[0]);
        // What was sent to these two before is here when the answer is.
        for (Peer other : List.of(two, three)) {
            assertEquals("[]", other.ask("rooms")[0].toString());
            assertTrue(other.nothing("news"));
        }
        one.socket.emit("broadcast", "news", 4);
        assertEquals(4, two.next("news")[0]);
        assertEquals(4, three.next("news")[0]);
        one.ask("rooms");
        assertTrue(one.nothing("news"));
    }

    @Test
    public void namespaces() throws Exception {
        Peer root = connected("echo");
        List<Peer> all = List.of(root,
                new Peer(root.manager().socket("/chat"), "echo").connect(),
                new Peer(root.manager().socket("/dyn-7"), "echo").connect());
        List<String> names = List.of("/", "/chat", "/dyn-7");
        for (int i = 0; i < 3; i++) {
            Peer peer = all.get(i);
            open.add(peer.socket);
            assertEquals(names.get(i), ((JSONObject) peer.ask("handshake")[0]).getString("nsp"));
            peer.socket.emit("echo", names.get(i));
            assertEquals(names.get(i), peer.next("echo")[0]);
        }
        assertEquals(3, all.stream().map(p -> p.socket.id()).distinct().count());
        for (Peer peer : all) {
            peer.ask("rooms");
            assertTrue(peer.nothing("echo"));
        }
    }

    @Test
    public void endByTheClient() throws Exception {
        Peer peer = connected();
        Peer witness = connected();
        String id = peer.socket.id();
        peer.socket.disconnect();
        String reason = ((JSONObject) witness.ask("reason-of", id)[0]).getString("reason");
        assertTrue(reason, List.of("client namespace disconnect", "transport close").contains(reason));
    }

    @Test
    public void endByTheServer() throws Exception {
        Peer peer = connected();
        peer.socket.emit("server-disconnect", false);
        assertEquals("io server disconnect", peer.next(Socket.EVENT_DISCONNECT)[0]);
    }

    @Test
    public void reconnect() throws Exception {
        Server first = new Server("main", 0);
        Peer peer = peer(first.url(), Map.of("who", "me"), "auth").connect();
        peer.next("auth");
        String before = peer.socket.id();
        first.kill();
        peer.next(Socket.EVENT_DISCONNECT);
        Server second = new Server("main", first.port);
        try {
            peer.next(Socket.EVENT_CONNECT);
            assertEquals("me", ((JSONObject) peer.next("auth")[0]).getString("who"));
            assertNotEquals(before, peer.socket.id());
            assertEquals("again", peer.ask("echo", "again")[0]);
            peer.socket.disconnect();
        } finally {
            second.stop();
        }
    }
}
