/** Who is at this counter, also after a reload. The newer version of a token wins. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Service } from "../core/types";
import type { Person } from "./card";
import type { Session } from "./session";

const AT_WORK = ["called", "serving"];
const MISSED_SHOWN = 3;

export interface Here {
  here: Person[];
  put: (token: Person) => void;
  /** Reads again one of ours, or all. */
  look: (id?: string) => void;
}

export function useHere(session: Session, service: Service, counter: string): Here {
  const [here, setHere] = useState<Person[]>([]);
  const ours = useRef<Person[]>([]);
  const put = useCallback((token: Person) => {
    ours.current = withToken(ours.current, token);
    setHere(ours.current);
  }, []);
  const all = useCallback(async () => {
    for (const status of AT_WORK) {
      const { items } = await session.get<{ items: Person[] }>(`/services/${service.id}/tokens?status=${status}&limit=200`);
      items.filter((token) => token.counter === counter).forEach(put);
    }
  }, [session, service.id, counter]);
  const look = useCallback(
    (id?: string) => {
      if (!id) all().catch(() => {});
      else if (ours.current.some((token) => token.id === id)) session.get<Person>(`/tokens/${id}`).then(put, () => {});
    },
    [session, all],
  );
  useEffect(() => {
    ours.current = [];
    setHere([]);
    look();
  }, [counter]);
  return { here, put, look };
}

/** Those who did not come stay for a while, since it may be undone. */
function withToken(known: Person[], token: Person): Person[] {
  const old = known.find(({ id }) => id === token.id);
  if (old && old.version > token.version) return known;
  const others = known.filter(({ id }) => id !== token.id);
  const busy = AT_WORK.includes(token.status) ? [token] : [];
  const missed = token.status === "no_show" ? [token] : [];
  const were = (status: boolean): Person[] => others.filter((one) => (one.status === "no_show") === status);
  return [...busy, ...were(false), ...[...missed, ...were(true)].slice(0, MISSED_SHOWN)];
}
