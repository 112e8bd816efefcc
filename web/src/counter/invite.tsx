/** The code to scan. It is good for one person, so a new one comes as soon as it is claimed. */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Service } from "../core/types";
import type { Session } from "./session";

const TURN_MS = 20_000;

export function Invite({ service, session, claims }: { service: Service; session: Session; claims: number[] }): VNode {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    let shown: string | undefined;
    let over = false;
    const turn = async (): Promise<void> => {
      const picture = await session.picture(`/services/${service.id}/invite.svg`).catch(() => null);
      if (!picture || over) return;
      if (shown) URL.revokeObjectURL(shown);
      shown = URL.createObjectURL(picture);
      setAddress(shown);
    };
    void turn();
    const timer = setInterval(() => void turn(), TURN_MS);
    return () => {
      over = true;
      clearInterval(timer);
      if (shown) URL.revokeObjectURL(shown);
    };
  }, [service.id, claims.length, service.state === "closed"]);
  const last = claims.at(-1);
  return (
    <section class="invite card" aria-labelledby="invite">
      <h2 id="invite">Scan to join</h2>
      {service.state === "closed" ? <p class="soft">The line takes nobody new.</p> : <img src={address} alt="QR code that takes a number in this line" width="280" height="280" />}
      <p role="status">{last !== undefined && `Number ${last} has joined.`}</p>
    </section>
  );
}
