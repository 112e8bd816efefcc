// The official client, as a page uses it: watches, prints what it hears, one JSON object a line.
import { io } from "socket.io-client";

const [url, namespace, auth, watch] = process.argv.slice(2);
const say = (event, payload) => console.log(JSON.stringify({ event, payload }));

const socket = io(url + namespace, {
  transports: ["websocket"],
  auth: JSON.parse(auth),
  reconnectionDelay: 100,
  reconnectionDelayMax: 500,
});
socket.on("connect", () => socket.emit("watch", JSON.parse(watch), (answer) => say("watched", answer)));
socket.on("connect_error", (error) => say("refused", error.data ?? null));
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.onAny(say);
