// The load contract for any server of the socket.io package: what its user
// would write.
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    profile: { type: "string", default: "load" },
  },
});

export const port = Number(values.port);
export const host = values.host;

/** Adds the events echo, join, room and all to the default namespace. */
export function serve(io) {
  io.on("connection", (socket) => {
    socket.on("echo", (payload, ack) => {
      if (ack) ack(payload);
      else socket.emit("echo", payload);
    });
    socket.on("join", (room, ack) => {
      socket.join(room);
      ack();
    });
    socket.on("room", (room, payload) => {
      socket.to(room).emit("room", payload);
    });
    socket.on("all", (payload) => {
      io.emit("all", payload);
    });
  });
}

/** Says where the server listens, and has it end politely. */
export function ready(port) {
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
  console.log(`READY ${port}`);
}
