// Bun's websocket server alone, which is uWebSockets inside, with hand-written
// packets and its own publish.
import { open, packet } from "../bytes.mjs";
import { host, port, ready } from "../contract.mjs";

const server = Bun.serve({
  hostname: host,
  port,
  fetch(request, server) {
    if (server.upgrade(request)) return;
    return new Response(null, { status: 404 });
  },
  websocket: {
    idleTimeout: 0,
    sendPings: false,
    backpressureLimit: 16 << 20, // what is dropped would fail the run
    open: (ws) => ws.send(open()),
    message: (ws, text) => packet(ws, text, publish),
  },
});
const publish = (topic, text) => server.publish(topic, text);
ready(server.port);
