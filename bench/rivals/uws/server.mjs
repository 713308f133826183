// socket.io on Node and uWebSockets.js.
import { Server } from "socket.io";
import { host, port, ready, serve } from "../contract.mjs";
import uWS from "./uws.mjs";

const app = uWS.App();
const io = new Server();
io.attachApp(app);
serve(io);
app.listen(host, port, (socket) => {
  if (!socket) {
    console.error(`cannot listen on ${host}:${port}`);
    process.exit(1);
  }
  ready(uWS.us_socket_local_port(socket));
});
