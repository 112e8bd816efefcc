/**
 * Push. Every payload is a whole state with the room's `seq` (`{epoch}.{n}`); on a gap, a new epoch or a
 * reconnect we watch again after up to two seconds of jitter, and the snapshot heals whatever was lost.
 */
import { io, type Socket } from "socket.io-client";

export const JITTER_MS = 2_000;
const TRY_AGAIN_MS = 3_000;
const ANSWER_MS = 8_000;
/** Unanswered watches after which a connection counts as dead. */
const SILENCES = 2;

interface Stamp {
  room?: string;
  seq?: string | null;
}
interface Refusal {
  error: { code: string; status: number };
}
type Answer<T> = (T & Stamp) | Refusal;

export interface Room<T> {
  query: Record<string, string>;
  /** The event that carries its news. */
  event: string;
  hear: (state: T) => void;
  /** It is not there, or the secret is wrong: no use in asking again. */
  refused?: (code: string) => void;
}

export class Live {
  private readonly socket: Socket;
  private readonly rooms = new Set<Pick<Watched<unknown>, "later" | "beat">>();

  constructor(onConnected: (connected: boolean) => void) {
    this.socket = io("/live", { transports: ["websocket"], reconnectionDelay: 500, reconnectionDelayMax: 5_000 });
    let before = false;
    this.socket.on("connect", () => {
      onConnected(true);
      for (const room of this.rooms) room.later(before ? JITTER_MS : 0);
      before = true;
    });
    this.socket.on("disconnect", () => onConnected(false));
    // A phone that wakes up may hold a connection that has died meanwhile without a word.
    const awake = (): void => {
      if (document.visibilityState !== "visible") return;
      if (!this.socket.connected) this.socket.connect();
      else for (const room of this.rooms) room.later(JITTER_MS);
    };
    document.addEventListener("visibilitychange", awake);
    addEventListener("online", awake);
    this.socket.on("heartbeat", (stamp: Stamp) => {
      for (const room of this.rooms) room.beat(stamp);
    });
  }

  /** The function it returns ends it. */
  watch<T>(room: Room<T>): () => void {
    const watched = new Watched(this.socket, room);
    this.rooms.add(watched);
    if (this.socket.connected) watched.later(0);
    return () => {
      this.rooms.delete(watched);
      watched.end();
    };
  }
}

class Watched<T> {
  private name: string | undefined;
  private readonly order = new Order();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private judging: ReturnType<typeof setTimeout> | undefined;
  /** News that came before we were told the room's name. */
  private early: (T & Stamp)[] = [];
  private silences = 0;
  private ended = false;

  constructor(
    private readonly socket: Socket,
    private readonly room: Room<T>,
  ) {
    socket.on(room.event, this.news);
  }

  /** Watches (again) within `jitter` ms. */
  later(jitter: number): void {
    if (this.ended || this.timer) return;
    const watch = (): void => {
      this.timer = undefined;
      void this.watch();
    };
    this.timer = setTimeout(watch, jitter * Math.random());
  }

  beat(stamp: Stamp): void {
    if (!this.isOurs(stamp) || !this.order.isBehind(stamp.seq)) return;
    this.check();
  }

  end(): void {
    this.ended = true;
    clearTimeout(this.timer);
    clearTimeout(this.judging);
    this.socket.off(this.room.event, this.news);
    if (this.name) this.socket.emit("unwatch", { room: this.name });
  }

  private readonly news = (state: T & Stamp): void => {
    if (this.name === undefined) this.early.push(state);
    if (!this.isOurs(state)) return;
    if (this.order.take(state.seq)) this.room.hear(state);
    if (this.order.hasGap) this.check();
  };

  /** Two workers may swap two numbers, so a gap is judged only after the jitter. */
  private check(): void {
    this.judging ??= setTimeout(
      () => {
        this.judging = undefined;
        if (this.order.hasGap && this.socket.connected) this.later(0);
      },
      200 + JITTER_MS * Math.random(),
    );
  }

  private async watch(): Promise<void> {
    let answer: Answer<T>;
    try {
      answer = (await this.socket.timeout(ANSWER_MS).emitWithAck("watch", this.room.query)) as Answer<T>;
    } catch {
      if (!this.socket.connected) return;
      if (++this.silences >= SILENCES) this.socket.io.engine.close(); // It comes back with a new one.
      else this.later(TRY_AGAIN_MS);
      return;
    }
    this.silences = 0;
    if (this.ended) return;
    if ("error" in answer) return this.refused(answer);
    this.name = answer.room;
    if (this.order.restart(answer.seq)) this.room.hear(answer);
    this.early.splice(0).forEach(this.news);
  }

  private refused({ error }: Refusal): void {
    if (error.status >= 500 || error.status === 429) this.later(TRY_AGAIN_MS);
    else this.room.refused?.(error.code);
  }

  private isOurs(stamp: Stamp): boolean {
    return this.name !== undefined && stamp.room === this.name;
  }
}

/** Where we are in a room's numbers. */
export class Order {
  private epoch = "";
  private last = 0;
  private readonly missing = new Set<number>();
  private lost = false;

  get hasGap(): boolean {
    return this.lost || this.missing.size > 0;
  }

  /** Whether this is the newest we know of. */
  take(seq: string | null | undefined): boolean {
    const [epoch, n] = parts(seq);
    if (epoch !== this.epoch) {
      this.begin(epoch, n);
      this.lost = true;
      return true;
    }
    this.missing.delete(n);
    if (n <= this.last) return false;
    for (let lacking = this.last + 1; lacking < n; lacking++) this.missing.add(lacking);
    this.last = n;
    return true;
  }

  /** What a heartbeat says: nothing new comes with it, but we see what we never got. */
  isBehind(seq: string | null | undefined): boolean {
    const [epoch, n] = parts(seq);
    if (epoch === this.epoch && n <= this.last) return false;
    if (seq) this.lost = true;
    return this.lost;
  }

  /** A snapshot carries the seq read before it, so news that overtook it is newer. */
  restart(seq: string | null | undefined): boolean {
    const [epoch, n] = parts(seq);
    const fresh = epoch !== this.epoch || n >= this.last;
    this.lost = false;
    this.missing.clear();
    if (fresh) this.begin(epoch, n);
    return fresh;
  }

  private begin(epoch: string, n: number): void {
    this.epoch = epoch;
    this.last = n;
    this.missing.clear();
  }
}

function parts(seq: string | null | undefined): [string, number] {
  const [epoch = "", n = "0"] = (seq ?? "").split(".");
  return [epoch, Number(n)];
}
