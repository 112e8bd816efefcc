/** One person at the counter: who they say they are, and what happens next. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Service, Token } from "../core/types";

export interface Person extends Token {
  name?: string | null;
}
export type Act = (token: Person, action: string, more?: Record<string, string>) => Promise<void>;

const WORDS: Partial<Record<Token["status"], string>> = { called: "Called", serving: "Being served", no_show: "Did not come" };

export function Card({ token, service, act }: { token: Person; service: Service; act: Act }): VNode {
  const [busy, setBusy] = useState(false);
  const run = (action: string, more?: Record<string, string>): void => {
    setBusy(true);
    void act(token, action, more).finally(() => setBusy(false));
  };
  const unknown = token.status === "called" && service.verify !== "none" && !token.verified;
  return (
    <section class={`person card ${token.status}`} aria-label={`Number ${token.number}`}>
      <header>
        <strong>{token.number}</strong>
        <p>
          <b>{WORDS[token.status] ?? token.status}</b>
          <span class="soft">{token.name ?? ""}</span>
          {token.verified && <span class="soft">Identified</span>}
        </p>
      </header>
      {unknown && <Identify busy={busy} verify={(said) => run("verify", said)} />}
      <div class="deeds">
        {token.status === "called" && !unknown && <Deed primary busy={busy} run={() => run("start")}>Start</Deed>}
        {token.status === "serving" && <Deed primary busy={busy} run={() => run("complete")}>Done</Deed>}
        {(token.status === "called" || token.status === "no_show") && <Deed busy={busy} run={() => run("recall")}>Call again</Deed>}
        {token.status === "called" && <Deed busy={busy} run={() => run("no-show")}>Did not come</Deed>}
        <Deed busy={busy} run={() => run("requeue")}>Back in line</Deed>
      </div>
    </section>
  );
}

function Deed({ primary, busy, run, children }: { primary?: boolean; busy: boolean; run: () => void; children: string }): VNode {
  return (
    <button type="button" class={primary ? "" : "quiet"} disabled={busy} onClick={run}>
      {children}
    </button>
  );
}

function Identify({ busy, verify }: { busy: boolean; verify: (said: Record<string, string>) => void }): VNode {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const said = String(new FormData(event.currentTarget as HTMLFormElement).get("said")).trim();
    verify(/^\d{6}$/.test(said) ? { code: said } : { alias: said });
  };
  return (
    <form class="row" onSubmit={submit}>
      <label>
        Their code or words
        <input name="said" required autocomplete="off" autocapitalize="none" spellcheck={false} maxLength={60} />
      </label>
      <button disabled={busy}>Check</button>
    </form>
  );
}
