/** `/{slug}/join#<invite>`: one look, one tap, one number. Leaving the page costs nobody a number. */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { call, newKey, persist, Problem, sleep } from "./core/api";
import { hearTime } from "./core/clock";
import { forget, keep, kept, slug } from "./core/place";
import type { Contact, Joined, Service } from "./core/types";
import { minutes, people, phrase } from "./core/waits";
import { said, type Said } from "./core/words";
import { ContactFields, contactOf } from "./pieces/contact";
import { Confirmation } from "./pieces/joined";
import { Looking, NoSuchLine, Notice, show, Trouble } from "./pieces/shell";

const invite = location.hash.slice(1);
const MINE = `usher:claimed:${invite}`;
const ASKED = `usher:claiming:${invite}`;

/** A request that was sent and not answered yet: the same one must be sent again, whatever happened here. */
interface Asked {
  key: string;
  contact: Contact;
}

function Join(): VNode {
  const [service, setService] = useState<Service | null>();
  const [token, setToken] = useState(() => kept<Joined>("session", MINE));
  const [asked, setAsked] = useState(() => kept<Asked>("session", ASKED));
  const [slow, setSlow] = useState(false);
  const [trouble, setTrouble] = useState<{ said: Said; final: boolean } | null>(null);

  useEffect(() => void look(setService), []);
  useEffect(() => {
    if (service && asked && !token) void claim(service, asked);
  }, [service, asked]);

  const claim = async (line: Service, { key, contact }: Asked): Promise<void> => {
    try {
      const body = { invite, ...contact };
      const joined = await persist<Joined>("POST", `/services/${line.id}/claim`, { body, key }, () => setSlow(true));
      keep("session", MINE, joined);
      setToken(joined);
    } catch (error) {
      setTrouble({ said: said(error), final: error instanceof Problem && [404, 410].includes(error.status) });
    }
    forget("session", ASKED);
    setSlow(false);
    setAsked(null);
  };
  const confirm = (event: SubmitEvent): void => {
    event.preventDefault();
    if (asked) return;
    const now = { key: newKey(), contact: contactOf(new FormData(event.currentTarget as HTMLFormElement)) };
    keep("session", ASKED, now);
    setTrouble(null);
    setAsked(now);
  };

  if (service === null) return <NoSuchLine />;
  if (!service) return <Looking />;
  if (token) return <Confirmation token={token} service={service} />;
  if (!invite || trouble?.final) return <NoInvite said={trouble?.said} service={service} />;
  if (service.state === "closed" && !asked) {
    return <Notice title={`${service.name} is closed`}><p>Nobody can join just now.</p></Notice>;
  }
  return (
    <main class="sheet">
      <h1>{service.name}</h1>
      <Prospect service={service} />
      <form onSubmit={confirm}>
        <ContactFields verify={service.verify} busy={asked !== null} />
        <button disabled={asked !== null}>{asked ? "One moment …" : "Take my number"}</button>
      </form>
      <p class="hint" role="status">{slow && "The connection is slow. We keep trying; you will get one number only."}</p>
      <Trouble said={trouble?.said ?? null} />
    </main>
  );
}

function Prospect({ service }: { service: Service }): VNode {
  const words = phrase(service.wait);
  return (
    <p class="prospect">
      {service.waiting === 0 ? "Nobody is waiting." : `${people(service.waiting)} waiting.`}
      {words && service.wait && (
        <>
          {" "}
          Your turn would come in <strong>{words.about === "any moment" ? "a moment" : `about ${minutes(service.wait.median_minutes)}`}</strong>.
        </>
      )}
    </p>
  );
}

function NoInvite({ said, service }: { said: Said | undefined; service: Service }): VNode {
  return (
    <Notice title={said?.title ?? "Please scan the code"}>
      <p>{said?.text ?? "The code at the counter leads here and takes a number for you."}</p>
      <a class="button quiet" href={`/${service.slug}`}>See the line</a>
    </Notice>
  );
}

async function look(found: (service: Service | null) => void): Promise<void> {
  for (;;) {
    try {
      const service = await call<Service>("GET", `/services/${encodeURIComponent(slug)}`);
      hearTime(service.wait?.as_of);
      return found(service);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return found(null);
      await sleep(1_000 + 1_000 * Math.random());
    }
  }
}

show(<Join />);
