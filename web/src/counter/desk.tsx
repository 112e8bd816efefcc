/** A counter at work. */
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../core/api";
import { keep, kept, slug } from "../core/place";
import type { Service } from "../core/types";
import type { Line } from "../core/use";
import { people } from "../core/waits";
import { said, type Said } from "../core/words";
import { contactOf } from "../pieces/contact";
import { Head } from "../pieces/line";
import { Offline, Trouble } from "../pieces/shell";
import { Card, type Person } from "./card";
import { useHere } from "./here";
import { Invite } from "./invite";
import { listen } from "./news";
import type { Session } from "./session";

const COUNTER = `usher:counter:${slug}`;

export function Desk({ line, service, session }: { line: Line; service: Service; session: Session }): VNode {
  const [counter, setCounter] = useState(() => kept<string>("local", COUNTER) ?? "1");
  const [claims, setClaims] = useState<number[]>([]);
  const [trouble, setTrouble] = useState<Said | null>(null);
  const [busy, setBusy] = useState(false);
  const { here, put, look } = useHere(session, service, counter);
  const news = useRef(look);
  news.current = look;

  useEffect(
    () =>
      listen(session, {
        claimed: (claim) => claim.service_id === service.id && setClaims((known) => [...known, claim.number]),
        moved: (token) => news.current(token.id),
        connected: () => news.current(),
      }),
    [session, service.id],
  );

  const attempt = async (deed: () => Promise<void>): Promise<void> => {
    setTrouble(null);
    try {
      await deed();
    } catch (error) {
      if (error instanceof Problem && error.code === "stale_version") put(error.data["current"] as Person);
      setTrouble(said(error));
    }
  };
  const act = (token: Person, action: string, more: Record<string, string> = {}): Promise<void> =>
    attempt(async () => put(await session.post<Person>(`/tokens/${token.id}/${action}`, { version: token.version, ...more })));
  const callNext = async (): Promise<void> => {
    setBusy(true);
    await attempt(async () => put(await session.post<Person>(`/services/${service.id}/next`, { counter })));
    setBusy(false);
  };
  const turn = (to: "open" | "pause" | "close"): void =>
    void attempt(async () => void (await session.post(`/services/${service.id}/${to}`, {})));

  return (
    <main class="desk">
      <Head service={service} />
      <Offline when={line.offline} />
      <div class="columns">
        <div class="work">
          <label class="row">
            Counter
            <input
              value={counter}
              maxLength={20}
              onChange={(event) => {
                setCounter(event.currentTarget.value.trim());
                keep("local", COUNTER, event.currentTarget.value.trim());
              }}
            />
          </label>
          <button class="huge" disabled={busy || !counter} onClick={() => void callNext()}>
            Call next
          </button>
          <p class="soft">
            {people(service.waiting)} waiting{service.next[0] === undefined ? "" : `, next is number ${service.next[0]}`}
          </p>
          <Trouble said={trouble} />
          {here.map((token) => (
            <Card key={token.id} token={token} service={service} act={act} />
          ))}
        </div>
        <div class="side">
          <Invite service={service} session={session} claims={claims} />
          <ByHand service={service} session={session} attempt={attempt} />
          <div class="deeds">
            {service.state !== "open" && <button class="quiet" onClick={() => turn("open")}>Open the line</button>}
            {service.state === "open" && <button class="quiet" onClick={() => turn("pause")}>Pause</button>}
            {service.state !== "closed" && <button class="quiet" onClick={() => turn("close")}>Close</button>}
            <button class="quiet" onClick={() => session.end()}>Sign out</button>
          </div>
        </div>
      </div>
    </main>
  );
}

interface ByHandProps {
  service: Service;
  session: Session;
  attempt: (deed: () => Promise<void>) => Promise<void>;
}

/** People without a phone. */
function ByHand({ service, session, attempt }: ByHandProps): VNode {
  const [number, setNumber] = useState<number>();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    void attempt(async () => {
      const token = await session.post<Person>(`/services/${service.id}/tokens`, contactOf(new FormData(form)));
      setNumber(token.number);
      form.reset();
    });
  };
  return (
    <details class="card">
      <summary>Enter somebody by hand</summary>
      <form onSubmit={submit}>
        <label for="name">Name <span class="soft">(optional)</span></label>
        <input id="name" name="name" maxLength={100} autocomplete="off" />
        <label for="contact">Email or mobile number <span class="soft">(optional)</span></label>
        <input id="contact" name="contact" maxLength={254} autocomplete="off" autocapitalize="none" />
        <button class="quiet">Give a number</button>
      </form>
      <p role="status">{number !== undefined && `They have number ${number}.`}</p>
    </details>
  );
}
