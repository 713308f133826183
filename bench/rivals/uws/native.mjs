// uWebSockets.js alone, with hand-written packets and its own publish.
import { open, packet } from "../bytes.mjs";
import { host, port, ready } from "../contract.mjs";
import uWS from "./uws.mjs";

const app = uWS.App();
const publish = (topic, text) => app.publish(topic, text);

app.ws("/socket.io/", {
  idleTimeout: 0,
  sendPingsAutomatically: false,
  maxPayloadLength: 1_000_000,
  maxBackpressure: 16 << 20, // what is dropped would fail the run
  open: (ws) => ws.send(open()),
  message: (ws, data) => packet(ws, Buffer.from(data).toString(), publish),
});
app.listen(host, port, (socket) => {
  if (!socket) {
    console.error(`cannot listen on ${host}:${port}`);
    process.exit(1);
  }
  ready(uWS.us_socket_local_port(socket));
});
