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

/** `#tok_….us_…` or, shorter for text messages, without the prefixes. Kept in this browser, so that the
 * bare address works here too. */
export function tokenKey(): Key | null {
  const name = `usher:${slug}/${number}`;
  const [, id, secret] = FRAGMENT.exec(location.hash) ?? [];
  if (!id || !secret) return kept<Key>("local", name);
  const key = { id: `tok_${id}`, secret: `us_${secret}` };
  keep("local", name, key);
  return key;
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
