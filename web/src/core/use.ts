/** What pages look at: a line, a token, kept up to date by push, and by asking where push cannot come. */
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { call, Problem } from "./api";
import { hearTime } from "./clock";
import { Live } from "./live";
import type { Key } from "./place";
import type { Service, Token } from "./types";

const ASK_EVERY_MS = 15_000;
/** Nothing is pushed while nobody moves, but waits go on and forecasts with them. */
const REFRESH_EVERY_MS = 60_000;
const PATIENCE_MS = 4_000;

export interface Line {
  live: Live;
  /** Undefined: still looking. Null: there is no such line. */
  service: Service | null | undefined;
  /** Push has been away for longer than anybody should have to notice. */
  offline: boolean;
}

export function useLine(slug: string): Line {
  const [service, setService] = useState<Service | null>();
  const [connected, setConnected] = useState(false);
  const live = useMemo(() => new Live(setConnected), []);
  const newest = useRef(0);
  const offline = useLasting(!connected, PATIENCE_MS);

  const hear = useCallback((state: Service) => {
    hearTime(state.wait?.as_of);
    newest.current = madeAt(state);
    setService(state);
  }, []);
  const gone = useCallback(() => setService((known) => known ?? null), []);

  useEffect(() => {
    return live.watch<Service>({ query: { service: slug }, event: "service.updated", hear, refused: gone });
  }, [slug]);

  useAsking(offline ? ASK_EVERY_MS : REFRESH_EVERY_MS, async () => {
    try {
      const state = await call<Service>("GET", `/services/${encodeURIComponent(slug)}`);
      if (madeAt(state) > newest.current) hear(state);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) gone();
    }
  });
  return { live, service, offline };
}

export interface Own {
  /** Undefined: still looking. Null: there is no such token for this secret. */
  token: Token | null | undefined;
  hear: (token: Token) => void;
}

export function useToken(key: Key | null, line: Line): Own {
  const [token, setToken] = useState<Token | null | undefined>(key ? undefined : null);
  // Push carries numbers and states only, so what we know besides is kept.
  const hear = useCallback((state: Token) => {
    setToken((known) => (known && known.version > state.version ? { ...state, ...known } : { ...known, ...state }));
  }, []);
  const gone = useCallback(() => setToken((known) => known ?? null), []);

  useEffect(() => {
    if (!key) return undefined;
    const query = { token: key.id, secret: key.secret };
    return line.live.watch<Token>({ query, event: "token.updated", hear, refused: gone });
  }, [key?.id]);

  const unseen = token?.status === "waiting" && !line.service?.next.includes(token.number);
  useAsking(key !== null && (line.offline || unseen) ? ASK_EVERY_MS : null, async () => {
    if (!key) return;
    try {
      hear(await call<Token>("GET", `/tokens/${key.id}`, { bearer: key.secret }));
    } catch (error) {
      if (error instanceof Problem && [401, 403, 404].includes(error.status)) gone();
    }
  });
  return { token, hear };
}

function madeAt(service: Service): number {
  return Date.parse(service.wait?.as_of ?? "") || 0;
}

/** Asks once, and again every so often while anybody looks, all at different moments. */
function useAsking(everyMs: number | null, ask: () => Promise<void>): void {
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    void latest.current();
    if (everyMs === null) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    let over = false;
    const next = (): void => {
      if (!over) timer = setTimeout(() => void again().then(next), everyMs * (0.8 + 0.4 * Math.random()));
    };
    const again = async (): Promise<void> => {
      if (document.visibilityState === "visible") await latest.current();
    };
    next();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [everyMs]);
}

/** True once `now` has been true for so long. */
function useLasting(now: boolean, ms: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!now) {
      setLasting(false);
      return undefined;
    }
    const timer = setTimeout(() => setLasting(true), ms);
    return () => clearTimeout(timer);
  }, [now, ms]);
  return lasting;
}
