/** One field for an address of either kind, because one field is all that is asked for. */
import type { VNode } from "preact";
import type { Contact } from "../core/types";

const BEFORE = [5, 10, 15, 30];

export function contactOf(form: FormData): Contact {
  const text = (name: string): string => String(form.get(name) ?? "").trim();
  const contact: Contact = {};
  const address = text("contact");
  if (address.includes("@")) contact.email = address;
  else if (address) contact.phone = address.replace(/[\s()/.-]/g, "").replace(/^00/, "+");
  if (address && text("before")) contact.notify_minutes_before = Number(text("before"));
  if (text("alias")) contact.alias = text("alias");
  if (text("name")) contact.name = text("name");
  return contact;
}

export function ContactFields({ verify, busy }: { verify: string | undefined; busy: boolean }): VNode {
  const wanted = verify === "otp";
  return (
    <>
      <label for="contact">Email or mobile number {!wanted && <span class="soft">(optional)</span>}</label>
      <input
        id="contact"
        name="contact"
        autocomplete="email"
        autocapitalize="none"
        spellcheck={false}
        disabled={busy}
        required={wanted}
        maxLength={254}
        aria-describedby="why"
      />
      <p id="why" class="hint">
        {wanted ? "We send your number and the code you show at the counter." : "So we can send you your number and tell you when it is your turn."}
      </p>
      <details>
        <summary>More wishes</summary>
        <label for="before">Tell me before it is my turn</label>
        <select id="before" name="before" disabled={busy} aria-describedby="before-why">
          <option value="">No, thank you</option>
          {BEFORE.map((minutes) => (
            <option key={minutes} value={minutes}>
              About {minutes} minutes before
            </option>
          ))}
        </select>
        <p id="before-why" class="hint">
          By the email or number above.
        </p>
        <label for="alias">Your name in this line</label>
        <input id="alias" name="alias" autocomplete="nickname" maxLength={40} disabled={busy} aria-describedby="alias-why" />
        <p id="alias-why" class="hint">
          Only the staff see it.
        </p>
      </details>
    </>
  );
}
