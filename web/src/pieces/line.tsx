/** The line as everybody may see it: numbers only. */
import type { VNode } from "preact";
import { useNow } from "../core/clock";
import type { Service } from "../core/types";
import { counterName, elapsed, minutes, people } from "../core/waits";

const STATES = { open: "Open", paused: "Paused", closed: "Closed" };

export function Head({ service, link }: { service: Service; link?: boolean }): VNode {
  const name = link ? <a href={`/${service.slug}`}>{service.name}</a> : service.name;
  return (
    <header class="head">
      {link ? <p class="name">{name}</p> : <h1 class="name">{name}</h1>}
      <p class={`state ${service.state}`}>{STATES[service.state]}</p>
    </header>
  );
}

export function Now({ service, own }: { service: Service; own?: number }): VNode {
  const now = useNow(5_000);
  return (
    <section class="now" aria-labelledby="now">
      <h2 id="now">Now serving</h2>
      {service.now_serving.length === 0 && <p class="soft">Nobody at the moment.</p>}
      <ul>
        {service.now_serving.map((one) => (
          <li key={one.number} class={one.number === own ? "own" : ""}>
            <strong>{one.number}</strong>
            <span>
              {one.counter && <b class="desk-name">{counterName(one.counter)}</b>}
              <span class="soft">{elapsed(one.since, now)}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** As large as fits. */
export function Large({ number }: { number: number }): VNode {
  return (
    <span class="number" style={{ "--digits": String(number).length }}>
      {number}
    </span>
  );
}

export function Facts({ service }: { service: Service }): VNode {
  const average = service.average_minutes_today;
  return (
    <ul class="facts">
      <li>
        <strong>{service.waiting}</strong> waiting
      </li>
      <li>
        <strong>{service.served_today}</strong> served today
      </li>
      {average ? (
        <li>
          <strong>{minutes(average)}</strong> each on average
        </li>
      ) : null}
    </ul>
  );
}

export function turn(ahead: number | null): string {
  if (ahead === null) return "You are in line";
  return ahead === 0 ? "You are next" : `${people(ahead)} ahead of you`;
}
