// As much of Engine.IO and Socket.IO as the load contract needs, by hand, over
// a websocket server that can publish to topics. It decodes nothing: it is a
// reference for what the websocket server alone costs, not a server to be used.

let count = 0;
const id = () => (++count).toString(36).padStart(20, "A");

/** The open packet. There is no heartbeat: the interval is an hour. */
export const open = () =>
  `0{"sid":"${id()}","upgrades":[],"pingInterval":3600000,"pingTimeout":20000,"maxPayload":1000000}`;

/**
 * Serves one packet of a client. `ws` has send, publish(topic, text) to all but
 * itself, subscribe and close; `publish` reaches all of a topic.
 */
export function packet(ws, text, publish) {
  switch (text.slice(0, 2)) {
    case "40":
      ws.subscribe("all");
      ws.send(`40{"sid":"${id()}"}`);
      return;
    case "41":
      ws.close();
      return;
    case "42":
      event(ws, text, publish);
  }
}

function event(ws, text, publish) {
  const at = text.indexOf("[");
  const ack = text.slice(2, at);
  if (text.startsWith('["echo",', at)) {
    ws.send(ack ? `43${ack}[${text.slice(at + 8)}` : text);
  } else if (text.startsWith('["all",', at)) {
    publish("all", text);
  } else if (text.startsWith('["room",', at)) {
    const comma = text.indexOf(",", at + 8);
    ws.publish(text.slice(at + 8, comma), `42["room"${text.slice(comma)}`);
  } else if (text.startsWith('["join",', at)) {
    ws.subscribe(text.slice(at + 8, -1));
    ws.send(`43${ack}[]`);
  }
}
