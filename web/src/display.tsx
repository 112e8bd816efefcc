/** For a screen on the wall: read from across the room. */
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { chime } from "./core/attention";
import { useNow } from "./core/clock";
import type { Service } from "./core/types";
import { counterName, people, phrase } from "./core/waits";
import { Offline } from "./pieces/shell";
import { Sound } from "./pieces/sound";

const SHOWN = 12;
const NEXT = 8;

export function Display({ service, offline }: { service: Service; offline: boolean }): VNode {
  const fresh = useFresh(service);
  useAwake();
  const serving = [...service.now_serving].sort((a, b) => (b.since ?? "").localeCompare(a.since ?? "")).slice(0, SHOWN);
  const words = phrase(service.wait);
  return (
    <main class="wall">
      <header>
        <h1>{service.name}</h1>
        <Time timezone={service.timezone} />
      </header>
      <section class="serving" aria-labelledby="serving" data-many={serving.length > 4 ? "" : undefined} style={{ "--columns": columns(serving.length) }}>
        <h2 id="serving">Now serving</h2>
        {serving.length === 0 && <p class="empty">{service.state === "closed" ? "The line is closed." : "Please take a number."}</p>}
        <ul>
          {serving.map((one) => (
            <li key={`${one.number} ${one.counter}`} class={fresh.has(one.number) ? "fresh" : ""}>
              <strong style={{ "--digits": String(one.number).length }}>{one.number}</strong>
              {one.counter && <span class="desk-name">{counterName(one.counter)}</span>}
            </li>
          ))}
        </ul>
      </section>
      <section class="next" aria-labelledby="next">
        <h2 id="next">Next</h2>
        {service.next.length === 0 && <p class="soft">Nobody is waiting.</p>}
        <ol>
          {service.next.slice(0, NEXT).map((number) => (
            <li key={number}>{number}</li>
          ))}
        </ol>
      </section>
      <footer>
        <p>
          {service.state === "paused" && <strong>The line is paused for a moment. </strong>}
          {people(service.waiting)} waiting
          {service.state !== "closed" && words && ` · who joins now waits ${words.about === "any moment" ? "hardly at all" : words.about}`}
        </p>
        <Sound off="Sound is off" />
      </footer>
      <Offline when={offline} />
    </main>
  );
}

/** As near to a square as leaves no hole. */
function columns(count: number): number {
  return count <= 3 ? Math.max(1, count) : count === 4 ? 2 : count <= 6 ? 3 : 4;
}

function Time({ timezone }: { timezone: string }): VNode {
  const now = useNow(1_000);
  const time = new Date(now).toLocaleTimeString(undefined, { timeZone: timezone, hour: "2-digit", minute: "2-digit" });
  return <p class="time">{time}</p>;
}

/** Numbers called since we last looked: they stand out for a while. */
function useFresh(service: Service): Set<number> {
  const known = useRef<Set<string> | null>(null);
  const [fresh, setFresh] = useState(new Set<number>());
  useEffect(() => {
    const before = known.current;
    const now = new Map(service.now_serving.map((one) => [`${one.number} ${one.counter}`, one.number]));
    known.current = new Set(now.keys());
    if (!before) return;
    const added = [...now].filter(([name]) => !before.has(name)).map(([, number]) => number);
    if (added.length === 0) return;
    chime();
    setFresh(new Set(added));
  }, [service]);
  return fresh;
}

/** Screens on walls must not fall asleep; where the browser cannot promise it, the screen's settings must. */
function useAwake(): void {
  useEffect(() => {
    const hold = (): void => {
      if (document.visibilityState === "visible") void navigator.wakeLock?.request("screen").catch(() => {});
    };
    hold();
    document.addEventListener("visibilitychange", hold);
    return () => document.removeEventListener("visibilitychange", hold);
  }, []);
}
