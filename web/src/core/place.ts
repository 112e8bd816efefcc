/** Where this page is: the line, the number, and what stands behind the `#`, which no server ever sees. */
import type { Joined } from "./types";

const [, slugPart = "", second = ""] = location.pathname.split("/").map(decodeURIComponent);
export const slug = slugPart;
export const number = Number(second);

export interface Key {
  id: string;
  secret: string;
}

const FRAGMENT = /^#(?:tok_)?([0-9A-Z]{26})\.(?:us_)?([\w-]{40,})$/;

const NAME = `usher:${slug}/${number}`;
/** Numbers begin anew every day. */
const KEPT_MS = 20 * 3_600_000;

/** `#tok_….us_…` or, shorter for text messages, without the prefixes. Kept in this browser for the day, so
 * that the bare address works here too. */
export function tokenKey(): Key | null {
  const [, id, secret] = FRAGMENT.exec(location.hash) ?? [];
  if (!id || !secret) {
    const known = kept<Key & { at: number }>("local", NAME);
    return known && Date.now() - known.at < KEPT_MS ? known : null;
  }
  const key = { id: `tok_${id}`, secret: `us_${secret}` };
  keep("local", NAME, { ...key, at: Date.now() });
  return key;
}

/** Once it opens nothing any more. */
export function forgetTokenKey(): void {
  forget("local", NAME);
}

export function pageOf(token: { slug: string; number: number }, key?: Key): string {
  const fragment = key ? `#${key.id}.${key.secret}` : "";
  return `/${token.slug}/${token.number}${fragment}`;
}

export function keyOf(token: Joined): Key | undefined {
  return token.secret ? { id: token.id, secret: token.secret } : undefined;
}

type Where = "local" | "session";
const shelf = (where: Where): Storage => (where === "local" ? localStorage : sessionStorage);

/** Browsers that keep nothing (private windows, full disks, forbidden storage) lose comfort only. */
export function keep(where: Where, name: string, value: unknown): void {
  try {
    shelf(where).setItem(name, JSON.stringify(value));
  } catch {
    // Said above.
  }
}

export function kept<T>(where: Where, name: string): T | null {
  try {
    return JSON.parse(shelf(where).getItem(name) ?? "null") as T | null;
  } catch {
    return null;
  }
}

export function forget(where: Where, name: string): void {
  try {
    shelf(where).removeItem(name);
  } catch {
    // As above.
  }
}
