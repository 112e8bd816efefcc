/** What the API answers, as far as the pages use it. `docs` in `/openapi.json`. */

export interface Wait {
  median_minutes: number;
  p90_minutes: number;
}

export interface NowServing {
  number: number;
  counter: string | null;
  since: string | null;
}

export interface Service {
  id: string;
  slug: string;
  name: string;
  description?: string | null;
  timezone: string;
  state: "open" | "paused" | "closed";
  counters: number;
  remote_join?: boolean;
  verify?: "none" | "alias" | "otp";
  now_serving: NowServing[];
  waiting: number;
  /** Numbers waiting, in order, the first hundred. */
  next: number[];
  /** Knots: people ahead, median and 90th percentile in minutes. */
  waits: [number, number, number][];
  /** For one who joins now. */
  wait: (Wait & { as_of?: string }) | null;
  served_today: number;
  average_minutes_today?: number | null;
}

export type Status =
  | "waiting"
  | "away"
  | "called"
  | "serving"
  | "completed"
  | "no_show"
  | "cancelled"
  | "transferred";

export interface Token {
  id: string;
  service_id: string;
  slug: string;
  number: number;
  alias?: string | null;
  own_alias?: string | null;
  status: Status;
  ahead: number | null;
  wait: Wait | null;
  counter: string | null;
  called_at?: string | null;
  verified?: boolean;
  version: number;
  transferred_to?: { service_id: string; token_id: string } | null;
  text?: string;
  url?: string;
}

/** The secret is missing when this contact had joined before. */
export type Joined = Token & { secret?: string };

export interface Contact {
  email?: string;
  phone?: string;
  name?: string;
  alias?: string;
  notify_minutes_before?: number;
}
