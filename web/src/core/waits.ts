/** How long, in words for people who stand and wait. */
import type { Service, Token, Wait } from "./types";

/** People ahead of a waiting number: counted in what everybody sees, so that two phones agree. */
export function aheadOf(number: number, service: Service): number | null {
  const at = service.next.indexOf(number);
  return at < 0 ? null : at;
}

/** Between the knots that everybody gets, on a straight line; past the last one as far as it says. */
export function waitOf(ahead: number, service: Service): Wait | null {
  const knots = service.waits;
  const after = knots.findIndex(([at]) => at >= ahead);
  const right = knots[after < 0 ? knots.length - 1 : after];
  if (!right) return service.wait;
  const left = after > 0 ? (knots[after - 1] ?? right) : right;
  const part = right[0] === left[0] ? 0 : Math.min(1, (ahead - left[0]) / (right[0] - left[0]));
  const between = (a: number, b: number): number => a + (b - a) * part;
  return { median_minutes: between(left[1], right[1]), p90_minutes: between(left[2], right[2]) };
}

/** Of a token, from the line's own state where its number is in it. */
export function prospect(token: Token, service: Service): { ahead: number | null; wait: Wait | null } {
  const ahead = aheadOf(token.number, service);
  if (ahead === null) return { ahead: token.ahead, wait: token.wait };
  return { ahead, wait: waitOf(ahead, service) };
}

/** "about 12 min", rounded as coarsely as anybody would say it. */
export function minutes(exact: number): string {
  const n = exact < 10 ? Math.round(exact) : Math.round(exact / 5) * 5;
  if (n < 1) return "less than a minute";
  if (n < 60) return `${n} min`;
  const rest = n % 60;
  return rest ? `${Math.floor(n / 60)} h ${rest} min` : `${n / 60} h`;
}

export interface Phrase {
  /** In large letters. */
  about: string;
  /** Under it. */
  bound: string;
}

export function phrase(wait: Wait | null): Phrase | null {
  if (!wait) return null;
  const about = minutes(wait.median_minutes);
  const atMost = minutes(wait.p90_minutes);
  if (wait.median_minutes < 1) {
    return { about: "any moment", bound: about === atMost ? "Please stay close by." : `Hardly ever more than ${atMost}.` };
  }
  return { about: `about ${about}`, bound: about === atMost ? "Give or take a little." : `Hardly ever more than ${atMost}.` };
}

/** "4 min", for what goes on. */
export function elapsed(since: string | null, now: number): string {
  if (!since) return "";
  const whole = Math.max(0, Math.floor((now - Date.parse(since)) / 60_000));
  return whole < 1 ? "just now" : whole < 60 ? `${whole} min` : `${Math.floor(whole / 60)} h ${whole % 60} min`;
}

/** "counter 3", but "Window B" as it is. */
export function counterName(counter: string): string {
  return counter.length <= 3 ? `counter ${counter}` : counter;
}

export function people(n: number): string {
  return n === 1 ? "1 person" : `${n} people`;
}
