/** The server's clock, as far as we can tell: a phone's own may be minutes off. */
import { useEffect, useState } from "preact/hooks";

let ahead: number | undefined;

/** Each state says when it was made. The least delayed one tells best. */
export function hearTime(madeAt: string | undefined): void {
  if (!madeAt) return;
  const difference = Date.parse(madeAt) - Date.now();
  ahead = ahead === undefined ? difference : Math.max(ahead, difference);
}

export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return Math.max(now, Date.now()) + (ahead ?? 0);
}
