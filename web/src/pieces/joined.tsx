/** The number, taken: large, to copy, to open, to photograph. */
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { keyOf, pageOf } from "../core/place";
import type { Joined, Service } from "../core/types";
import { people, phrase, prospect } from "../core/waits";
import { Large } from "./line";

export function Confirmation({ token, service }: { token: Joined; service: Service }): VNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const key = keyOf(token);
  if (!key) return <Again token={token} service={service} />;
  const { ahead, wait } = prospect(token, service);
  const words = phrase(wait);
  const page = pageOf(token, key);
  return (
    <main class="sheet">
      <section class="ticket">
        <p class="label">{service.name}</p>
        <h1 ref={heading} tabIndex={-1}>
          <span class="label">Your number</span> <Large number={token.number} />
        </h1>
        <Alias token={token} />
        <hr />
        <p class="turn">{ahead === null ? "You are in line" : ahead === 0 ? "You are next" : `${people(ahead)} ahead of you`}</p>
        {words && <p class="about">{words.about}</p>}
      </section>
      <a class="button" href={page} target="_blank" rel="noopener">
        Watch my turn <span class="hidden">(opens in a new tab)</span>
      </a>
      <Copy text={token.text ?? `Number ${token.number} at ${service.name}: ${location.origin}${page}`} />
      <p class="hint">Take a screenshot too. The number and the words under it are all you need.</p>
    </main>
  );
}

/** Somebody who knows this address may have typed it, so neither secret nor words are shown. */
function Again({ token, service }: { token: Joined; service: Service }): VNode {
  return (
    <main class="sheet notice">
      <p class="label">{service.name}</p>
      <h1>
        You have number <b>{token.number}</b> already
      </h1>
      <p>We have sent the link to your page to you once more.</p>
    </main>
  );
}

export function Alias({ token }: { token: Joined }): VNode | null {
  if (!token.alias) return null;
  return (
    <p class="alias">
      {token.alias}
      {token.own_alias && <span> · {token.own_alias}</span>}
    </p>
  );
}

function Copy({ text }: { text: string }): VNode {
  const [copied, setCopied] = useState(false);
  const shown = useRef<HTMLParagraphElement>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Plain http has no clipboard: mark the text, so that one can copy it by hand.
      if (shown.current) getSelection()?.selectAllChildren(shown.current);
    }
  };
  return (
    <div class="copy">
      <p ref={shown} class="text">
        {text}
      </p>
      <button type="button" class="quiet" onClick={() => void copy()}>
        Copy this text
      </button>
      <span role="status">{copied && "Copied."}</span>
    </div>
  );
}
