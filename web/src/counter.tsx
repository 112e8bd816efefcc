/** `/{slug}/counter`: the staff's screen. */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "./core/api";
import { slug } from "./core/place";
import { useLine } from "./core/use";
import { said, type Said } from "./core/words";
import { Desk } from "./counter/desk";
import { Session } from "./counter/session";
import { Looking, NoSuchLine, show, Trouble } from "./pieces/shell";
import "./counter/counter.css";

function CounterPage(): VNode {
  const [session, setSession] = useState<Session | null>(() => Session.known(() => setSession(null)));
  const line = useLine(slug);
  const { service } = line;
  useEffect(() => {
    if (service) document.title = `Counter · ${service.name}`;
  }, [service?.name]);
  if (service === null) return <NoSuchLine />;
  if (!service) return <Looking />;
  if (!session) return <SignIn name={service.name} begun={setSession} ended={() => setSession(null)} />;
  return <Desk line={line} service={service} session={session} />;
}

interface SignInProps {
  name: string;
  begun: (session: Session) => void;
  ended: () => void;
}

function SignIn({ name, begun, ended }: SignInProps): VNode {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Said | null>(null);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setTrouble(null);
    Session.begin(String(form.get("email")), String(form.get("password")), ended).then(begun, (error: unknown) => {
      const wrong = error instanceof Problem && error.status === 401;
      setTrouble(wrong ? { title: "That is not right", text: "Please check email and password." } : said(error));
      setBusy(false);
    });
  };
  return (
    <main class="sheet">
      <h1>Staff of {name}</h1>
      <form onSubmit={submit}>
        <label for="email">Email</label>
        <input id="email" name="email" type="email" autocomplete="username" required />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <button disabled={busy}>Sign in</button>
      </form>
      <Trouble said={trouble} />
    </main>
  );
}

show(<CounterPage />);
