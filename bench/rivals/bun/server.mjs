// socket.io on Bun and its engine for Bun.
import { Server as Engine } from "@socket.io/bun-engine";
import { Server } from "socket.io";
import { host, port, ready, serve } from "../contract.mjs";

const io = new Server();
const engine = new Engine({ path: "/socket.io/" });
io.bind(engine);
serve(io);
ready(Bun.serve({ hostname: host, port, ...engine.handler() }).port);
