import type { Told } from "./types";

type Listener = (told: Told) => void;
/** open; waiting: between two attempts; refused: by the server, which is not asked again. */
export type LinkState = "open" | "waiting" | "refused";

interface Topic {
  seq: number | null;
  listeners: Set<Listener>;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** Codes by which the server refuses: it would refuse again. */
const REFUSED = new Set([4401, 4403, 1008]);

/**
 * The one socket of a tab. Topics are subscribed to once, however many parts of the page listen;
 * after a break each goes on with what came after the last event that was seen.
 */
export class Link {
  private socket: WebSocket | null = null;
  private readonly topics = new Map<string, Topic>();
  private readonly watchers = new Set<() => void>();
  private wait = FIRST_WAIT;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private now: LinkState = "waiting";
  private readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** Where the connection stands. */
  get state(): LinkState {
    return this.now;
  }

  /** Be called whenever the state changes; gives what ends that. */
  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  /** Hear of a topic; gives what ends that. */
  subscribe(name: string, listener: Listener): () => void {
    const topic = this.topics.get(name) ?? { seq: null, listeners: new Set() };
    const isNew = topic.listeners.size === 0;
    topic.listeners.add(listener);
    this.topics.set(name, topic);
    if (this.socket === null && this.timer === null) this.open();
    else if (isNew) this.say({ subscribe: name, since: topic.seq });
    return () => {
      topic.listeners.delete(listener);
      if (topic.listeners.size > 0) return;
      this.topics.delete(name);
      this.say({ unsubscribe: name });
      if (this.topics.size === 0) this.close();
    };
  }

  /** Try at once instead of waiting, as when a tab is looked at again or somebody logged in. */
  hurry(): void {
    if (this.socket !== null || this.topics.size === 0) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.open();
  }

  private open(): void {
    this.timer = null;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => {
      this.wait = FIRST_WAIT;
      this.become("open");
      for (const [name, topic] of this.topics) this.say({ subscribe: name, since: topic.seq });
    };
    socket.onmessage = (message: MessageEvent<string>) => this.hear(message.data);
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (REFUSED.has(event.code)) this.become("refused");
      else this.later();
    };
  }

  private later(): void {
    this.become("waiting");
    if (this.topics.size === 0) return;
    // Not all tabs at the same moment, when a server comes back.
    this.timer = setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }

  private close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.become("waiting");
  }

  private become(state: LinkState): void {
    if (state === this.now) return;
    this.now = state;
    for (const watcher of this.watchers) watcher();
  }

  private say(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private hear(text: string): void {
    const message = JSON.parse(text) as Partial<Told>;
    const topic = message.topic === undefined ? undefined : this.topics.get(message.topic);
    if (!topic) return;
    if (message.seq !== undefined) topic.seq = message.seq;
    for (const listener of topic.listeners) listener(message as Told);
  }
}

/** Address of the server's socket, from the page's own. */
export function socketUrl(place: Location = window.location): string {
  return `${place.protocol === "https:" ? "wss:" : "ws:"}//${place.host}/api/ws`;
}

/** The socket of this tab. */
export const link = new Link(socketUrl());
