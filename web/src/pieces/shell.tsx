/** What all pages share. */
import { render, type ComponentChildren, type VNode } from "preact";
import "../style.css";

export function show(page: VNode): void {
  const place = document.getElementById("page");
  if (place) render(page, place);
}

export function Notice({ title, children }: { title: string; children?: ComponentChildren }): VNode {
  return (
    <main class="sheet notice">
      <h1>{title}</h1>
      {children}
    </main>
  );
}

export function Looking(): VNode {
  return (
    <main class="sheet notice" aria-busy="true">
      <p class="soft">One moment …</p>
    </main>
  );
}

export function NoSuchLine(): VNode {
  return (
    <Notice title="There is no such line">
      <p>Please check the address, or scan the code at the counter again.</p>
    </Notice>
  );
}

/** Stays in the document, so that screen readers hear it change. */
export function Offline({ when }: { when: boolean }): VNode {
  return (
    <div class="offline" role="status">
      {when && <p>No connection just now. What you see may be old; we keep trying.</p>}
    </div>
  );
}

export function Trouble({ said }: { said: { title: string; text: string } | null }): VNode {
  return (
    <div role="alert">
      {said && (
        <p class="trouble">
          <strong>{said.title}.</strong> {said.text}
        </p>
      )}
    </div>
  );
}
