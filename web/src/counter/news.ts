/** What staff hear: invites claimed and tokens moved. Lost news does no harm here: a reconnect looks again. */
import { io } from "socket.io-client";
import type { Session } from "./session";

const TRY_AGAIN_MS = 3_000;

export interface Hears {
  claimed: (claim: { service_id: string; number: number }) => void;
  moved: (token: { id: string; version: number }) => void;
  connected: () => void;
}

export function listen(session: Session, hears: Hears): () => void {
  const auth = (give: (auth: object) => void): void => {
    session.access().then(
      (token) => give({ token }),
      () => give({}),
    );
  };
  const socket = io("/admin", { transports: ["websocket"], auth });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const again = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => socket.connect(), TRY_AGAIN_MS);
  };
  socket.on("connect", hears.connected);
  socket.on("invite.claimed", hears.claimed);
  socket.on("token.updated", hears.moved);
  // The library comes back by itself from a lost connection, not from having been sent away.
  socket.on("connect_error", () => !socket.active && again());
  socket.on("disconnect", () => !socket.active && again());
  return () => {
    clearTimeout(timer);
    socket.off();
    socket.disconnect();
  };
}
