/** `/{slug}/{number}#<id>.<secret>`: where one stands, until one is served. Without a secret: what all may see. */
import type { VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { call, newKey, persist } from "./core/api";
import { attract } from "./core/attention";
import { useNow } from "./core/clock";
import { forgetTokenKey, number, pageOf, slug, tokenKey, type Key } from "./core/place";
import type { Service, Status, Token } from "./core/types";
import { useLine, useToken } from "./core/use";
import { aheadOf, counterName, elapsed, people, phrase, prospect, waitOf } from "./core/waits";
import { said, type Said } from "./core/words";
import { Alias } from "./pieces/joined";
import { Facts, Head, Large, Now, turn } from "./pieces/line";
import { Looking, NoSuchLine, Offline, show, Trouble } from "./pieces/shell";
import { Sound } from "./pieces/sound";

const ENDED: Partial<Record<Status, [string, string]>> = {
  completed: ["All done", "Thank you for waiting. Have a good day."],
  cancelled: ["You have left the line", "Your place went to the next person."],
  no_show: ["You were called", "Nobody came, so we went on. Please speak to the staff: they can call you again."],
  transferred: ["You are in another line now", "You kept the time you have waited."],
};

function TokenPage(): VNode {
  const key = useMemo(tokenKey, []);
  const line = useLine(slug);
  const { token, hear } = useToken(key, line);
  const { service } = line;
  useTitle(token, service);
  useEffect(() => {
    if (token?.status === "completed" || token?.status === "cancelled") forgetTokenKey();
  }, [token?.status]);
  if (service === null) return <NoSuchLine />;
  if (!service || token === undefined) return <Looking />;
  return (
    <main class={`sheet ${token?.status ?? ""}`}>
      <Head service={service} link />
      {token && key ? <Mine token={token} service={service} secret={key} hear={hear} /> : <Public service={service} />}
      {!token && <Now service={service} own={number} />}
      <Offline when={line.offline} />
      <Facts service={service} />
    </main>
  );
}

interface MineProps {
  token: Token;
  service: Service;
  secret: Key;
  hear: (token: Token) => void;
}

function Mine({ token, service, secret, hear }: MineProps): VNode {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Said | null>(null);
  const act = async (action: "cancel" | "away" | "back"): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      hear(await persist<Token>("POST", `/tokens/${secret.id}/${action}`, { bearer: secret.secret, key: newKey() }));
    } catch (error) {
      setTrouble(said(error));
    }
    setBusy(false);
  };
  return (
    <>
      <section class="ticket">
        <h1>
          <span class="label">Your number</span> <Large number={token.number} />
        </h1>
        <Alias token={token} />
        <hr />
        <p class="hidden" role="status">
          {headline(token, service)}
        </p>
        <Where token={token} service={service} secret={secret} />
      </section>
      {token.status !== "completed" && <Now service={service} own={number} />}
      <Trouble said={trouble} />
      <Actions token={token} busy={busy} act={(action) => void act(action)} />
    </>
  );
}

/** What is worth interrupting a screen reader for: the place, not each minute of the forecast. */
function headline(token: Token, service: Service): string {
  const ended = ENDED[token.status];
  if (ended) return ended[0];
  switch (token.status) {
    case "called":
      return token.counter ? `Please go to ${counterName(token.counter)}` : "It is your turn";
    case "serving":
      return `You are being served${token.counter ? ` at ${counterName(token.counter)}` : ""}`;
    case "away":
      return "You are away";
    default:
      return turn(prospect(token, service).ahead);
  }
}

function Where({ token, service, secret }: Omit<MineProps, "hear">): VNode {
  const ended = ENDED[token.status];
  return (
    <>
      <p class="turn" aria-hidden="true">
        {headline(token, service)}
      </p>
      {ended && <Ended text={ended[1]} token={token} secret={secret} />}
      {token.status === "called" && <Called token={token} service={service} />}
      {token.status === "away" && (
        <p class="bound">We keep your place and call others meanwhile. Tell us when you are back.</p>
      )}
      {token.status === "waiting" && <Waiting token={token} service={service} />}
    </>
  );
}

function Waiting({ token, service }: { token: Token; service: Service }): VNode {
  const words = phrase(prospect(token, service).wait);
  return (
    <>
      {service.state === "paused" && <p class="bound">The line is paused for a moment.</p>}
      {words && service.state !== "paused" && (
        <>
          <p class="about">{words.about}</p>
          <p class="bound">{words.bound}</p>
        </>
      )}
    </>
  );
}

function Called({ token, service }: { token: Token; service: Service }): VNode {
  const now = useNow(5_000);
  return (
    <p class="bound">
      {service.verify === "otp" ? "Have the code ready that we sent you." : token.alias ? "The staff may ask for the words above." : ""}
      {token.called_at && ` Called ${ago(token.called_at, now)}.`}
    </p>
  );
}

function ago(since: string, now: number): string {
  const passed = elapsed(since, now);
  return passed === "just now" ? passed : `${passed} ago`;
}

function Ended({ text, token, secret }: { text: string; token: Token; secret: Key }): VNode {
  const onward = useOnward(token, secret);
  return (
    <>
      <p class="bound">{text}</p>
      {onward && (
        <a class="button" href={pageOf(onward, { ...secret, id: onward.id })}>
          Your new number: {onward.number}
        </a>
      )}
    </>
  );
}

/** The secret opens the new token too. */
function useOnward(token: Token, { secret }: Key): Token | undefined {
  const [onward, setOnward] = useState<Token>();
  const id = token.transferred_to?.token_id;
  useEffect(() => {
    if (id) call<Token>("GET", `/tokens/${id}`, { bearer: secret }).then(setOnward, () => {});
  }, [id]);
  return onward;
}

function Actions({ token, busy, act }: { token: Token; busy: boolean; act: (action: "cancel" | "away" | "back") => void }): VNode | null {
  const { status } = token;
  const mayLeave = status === "waiting" || status === "away" || status === "called";
  if (!mayLeave) return null;
  return (
    <div class="actions">
      {status === "away" && (
        <button type="button" disabled={busy} onClick={() => act("back")}>I am back</button>
      )}
      {status === "waiting" && (
        <>
          <Sound off="Ring when it is my turn" />
          <button type="button" class="quiet" disabled={busy} onClick={() => act("away")}>Step away for a while</button>
        </>
      )}
      <Leave busy={busy} leave={() => act("cancel")} />
    </div>
  );
}

function Leave({ busy, leave }: { busy: boolean; leave: () => void }): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" class="quiet" disabled={busy} onClick={() => dialog.current?.showModal()}>Leave the line</button>
      <dialog ref={dialog} aria-labelledby="sure">
        <h2 id="sure">Leave the line?</h2>
        <p>Your place goes to the next person, and you cannot get it back.</p>
        <form method="dialog">
          <button>Stay in line</button>
          <button class="danger" onClick={leave}>Yes, leave</button>
        </form>
      </dialog>
    </>
  );
}

function Public({ service }: { service: Service }): VNode {
  const ahead = aheadOf(number, service);
  const served = service.now_serving.find((one) => one.number === number);
  const words = phrase(ahead === null ? null : waitOf(ahead, service));
  return (
    <section class="ticket">
      <h1>
        <span class="label">Number</span> <Large number={number} />
      </h1>
      <hr />
      <div role="status">
        {served && <p class="turn">Is called{served.counter ? ` to ${counterName(served.counter)}` : " now"}</p>}
        {!served && <p class="turn">{ahead === null ? "Is not among the next ones" : ahead === 0 ? "Is next" : `${people(ahead)} ahead`}</p>}
        {words && <p class="about">{words.about}</p>}
        <p class="bound">To change anything, open the link you were given with your number.</p>
      </div>
    </section>
  );
}

/** Being called is shown wherever the page is: title, sound, vibration. */
function useTitle(token: Token | null | undefined, service: Service | null | undefined): void {
  const before = useRef<Status | null>(null);
  useEffect(() => {
    if (token?.status === "called" && before.current && before.current !== "called") attract();
    before.current = token?.status ?? null;
  }, [token?.status]);
  useEffect(() => {
    if (!service) return;
    const ahead = token?.status === "waiting" ? prospect(token, service).ahead : null;
    const place = ahead === null ? "" : ahead === 0 ? "next · " : `${ahead} ahead · `;
    document.title =
      token?.status === "called"
        ? `● Your turn${token.counter ? `: ${counterName(token.counter)}` : ""}`
        : `${place}${number} · ${service.name}`;
  }, [token, service]);
}

show(<TokenPage />);
