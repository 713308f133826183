// socket.io on Node and ws, as `npm install socket.io` gives it.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { host, port, ready, serve } from "../contract.mjs";

const http = createServer();
serve(new Server(http));
http.listen({ port, host, backlog: 4096 }, () => ready(http.address().port));
