/** HTTP: problems as errors, and requests that may be repeated until they are answered. */

const SLOW_MS = 12_000;
const LONGEST_PAUSE_MS = 8_000;

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly data: Record<string, unknown>,
  ) {
    super(`${status} ${code}`);
  }
}

/** No answer: offline, too slow, or the server has no time for us just now. */
export class Unreached extends Error {}

export interface Options {
  bearer?: string | undefined;
  body?: unknown;
  /** With an Idempotency-Key the same request may be sent again and counts once. */
  key?: string;
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const answer = await send(method, path, options);
  return (await answer.json()) as T;
}

export async function send(method: string, path: string, { bearer, body, key }: Options): Promise<Response> {
  const headers = new Headers();
  if (bearer) headers.set("Authorization", `Bearer ${bearer}`);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  if (key) headers.set("Idempotency-Key", key);
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "omit",
      signal: AbortSignal.timeout(SLOW_MS),
    });
  } catch {
    throw new Unreached();
  }
  if (answer.ok) return answer;
  const problem = await read(answer);
  if (answer.status >= 500 || problem.code === "key_in_progress") throw new Unreached();
  throw problem;
}

/** Sends again until there is an answer, so a slow network or a double tap never makes two of anything. */
export async function persist<T>(
  method: string,
  path: string,
  options: Options & { key: string },
  onTrouble: () => void = () => {},
): Promise<T> {
  for (let pause = 500; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await call<T>(method, path, options);
    } catch (error) {
      if (!(error instanceof Unreached)) throw error;
    }
    onTrouble();
    await sleep(pause * (0.5 + Math.random()));
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** `crypto.randomUUID` exists on https and localhost only; a line in a shop may be plain http. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
}

async function read(answer: Response): Promise<Problem> {
  const data = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  return new Problem(answer.status, String(data["code"] ?? ""), String(data["detail"] ?? ""), data);
}
