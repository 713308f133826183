// The clients of Socket.IO 1, 2 and 3, behind what the current one is behind.
import io1 from "socket.io-client-1";
import io2 from "socket.io-client-2";
import io3 from "socket.io-client-3";
import { Client } from "./client.js";
import { patience, within } from "./util.js";

/** The older clients by version, with the revision of Engine.IO that they speak. */
export const versions = {
  "3.1.3": { io: io3.io, eio: 4 },
  "2.5.0": { io: io2, eio: 3 },
  "1.7.4": { io: io1, eio: 3 },
};

/** Gives v with everything binary as a Buffer: each version has types of its own. */
function buffers(v) {
  if (v instanceof ArrayBuffer) return Buffer.from(v);
  if (ArrayBuffer.isView(v)) return Buffer.from(v.buffer, v.byteOffset, v.byteLength);
  if (Array.isArray(v)) return v.map(buffers);
  if (v === null || typeof v !== "object") return v;
  return Object.fromEntries(Object.entries(v).map(([key, x]) => [key, buffers(x)]));
}

export class Older extends Client {
  // Before version 3 there is no onAny.
  listen() {
    const { onevent } = this.socket;
    this.socket.onevent = (packet) => {
      const [event, ...args] = packet.data;
      this.received.push({ event, args: buffers(args) });
      onevent.call(this.socket, packet);
    };
  }
  // Nor a timeout, in any of them.
  askAll(event, ...args) {
    const answer = new Promise((resolve) => this.socket.emit(event, ...args, (...got) => resolve(buffers(got))));
    return within(patience, answer, event).catch((err) => {
      throw this.explain(err, event);
    });
  }
}

/** Connects a client of this version. */
export function connectOlder(version, server, opts) {
  const c = new Older(server.url, { io: versions[version].io, ...opts });
  return within(patience, c.connected, `connect ${version}`);
}

/** What a refused client of this version is told. */
export async function refusedOlder(version, server, opts) {
  const c = new Older(server.url, { io: versions[version].io, ...opts });
  try {
    await within(patience, c.connected, `refusal ${version}`);
  } catch (err) {
    return err;
  } finally {
    c.close();
  }
  throw new Error("the connection was accepted");
}
