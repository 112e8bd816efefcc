/** Staff signed in on this screen. The tokens live as long as the tab does. */
import { call, newKey, persist, Problem, send } from "../core/api";
import { forget, keep, kept } from "../core/place";

interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
}
interface Kept {
  access: string;
  refresh: string;
  until: number;
}

const NAME = "usher:staff";
const EARLY_MS = 60_000;

export class Session {
  private renewing: Promise<void> | undefined;

  private constructor(
    private tokens: Kept,
    private readonly ended: () => void,
  ) {}

  static known(ended: () => void): Session | null {
    const tokens = kept<Kept>("session", NAME);
    return tokens && new Session(tokens, ended);
  }

  static async begin(email: string, password: string, ended: () => void): Promise<Session> {
    const session = new Session({ access: "", refresh: "", until: 0 }, ended);
    session.take(await call<Tokens>("POST", "/auth/signin", { body: { email, password } }));
    return session;
  }

  end(): void {
    void send("POST", "/auth/signout", { body: { refresh_token: this.tokens.refresh } }).catch(() => {});
    this.forgotten();
  }

  async get<T>(path: string): Promise<T> {
    return this.held(call<T>("GET", path, { bearer: await this.access() }));
  }

  async picture(path: string): Promise<Blob> {
    const answer = await this.held(send("GET", path, { bearer: await this.access() }));
    return answer.blob();
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return this.held(persist<T>("POST", path, { bearer: await this.access(), body, key: newKey() }));
  }

  /** A token with some time left. One renewal at a time: the old one is good for one use only. */
  async access(): Promise<string> {
    if (Date.now() > this.tokens.until - EARLY_MS) {
      this.renewing ??= this.renew().finally(() => (this.renewing = undefined));
      await this.renewing;
    }
    return this.tokens.access;
  }

  private async renew(): Promise<void> {
    const body = { refresh_token: this.tokens.refresh };
    this.take(await this.held(call<Tokens>("POST", "/auth/refresh", { body })));
  }

  private take({ access_token, refresh_token, expires_in }: Tokens): void {
    this.tokens = { access: access_token, refresh: refresh_token, until: Date.now() + expires_in * 1000 };
    keep("session", NAME, this.tokens);
  }

  private async held<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.forgotten();
      throw error;
    }
  }

  private forgotten(): void {
    forget("session", NAME);
    this.ended();
  }
}
