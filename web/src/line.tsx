/** `/{slug}`: the line for everybody, and with `?display=1` for a screen on the wall. */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { newKey, persist } from "./core/api";
import { slug } from "./core/place";
import type { Contact, Joined, Service } from "./core/types";
import { useLine, type Line } from "./core/use";
import { phrase } from "./core/waits";
import { said, type Said } from "./core/words";
import { Display } from "./display";
import { ContactFields, contactOf } from "./pieces/contact";
import { Confirmation } from "./pieces/joined";
import { Facts, Head, Now } from "./pieces/line";
import { Looking, NoSuchLine, Offline, show, Trouble } from "./pieces/shell";

const wall = new URLSearchParams(location.search).has("display");

function LinePage(): VNode {
  const line = useLine(slug);
  useEffect(() => {
    if (line.service) document.title = line.service.name;
  }, [line.service?.name]);
  if (line.service === null) return <NoSuchLine />;
  if (!line.service) return <Looking />;
  return wall ? <Display service={line.service} offline={line.offline} /> : <Public line={line} service={line.service} />;
}

function Public({ line, service }: { line: Line; service: Service }): VNode {
  const [token, setToken] = useState<Joined>();
  if (token) return <Confirmation token={token} service={service} />;
  const words = phrase(service.wait);
  const open = service.state !== "closed";
  return (
    <main class="sheet">
      <Head service={service} />
      {service.description && <p>{service.description}</p>}
      <Offline when={line.offline} />
      {open && words && (
        <section class="ticket">
          <h2 class="label">Who joins now waits</h2>
          <p class="about">{words.about === "any moment" ? "hardly at all" : words.about}</p>
          <p class="bound">{words.bound}</p>
        </section>
      )}
      {!open && <p class="prospect">Nobody can join just now. Those in line are still served.</p>}
      <Now service={service} />
      <Facts service={service} />
      {open && (service.remote_join ? <JoinForm service={service} joined={setToken} /> : <p class="hint">To join, scan the code at the counter.</p>)}
    </main>
  );
}

function JoinForm({ service, joined }: { service: Service; joined: (token: Joined) => void }): VNode {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Said | null>(null);
  const join = async (contact: Contact): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      joined(await persist<Joined>("POST", `/services/${service.id}/tokens`, { body: contact, key: newKey() }));
    } catch (error) {
      setTrouble(said(error));
      setBusy(false);
    }
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!busy) void join(contactOf(new FormData(event.currentTarget as HTMLFormElement)));
  };
  return (
    <section aria-labelledby="join">
      <h2 id="join">Join from here</h2>
      <form onSubmit={submit}>
        <ContactFields verify={service.verify} busy={busy} />
        <button disabled={busy}>{busy ? "One moment …" : "Take my number"}</button>
      </form>
      <Trouble said={trouble} />
    </section>
  );
}

show(<LinePage />);
