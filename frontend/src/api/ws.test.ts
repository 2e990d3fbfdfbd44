import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Link } from "./ws";

/** What the browser would open; a test plays the server. */
class Wire {
  static readonly OPEN = 1;
  static all: Wire[] = [];
  readyState = 0;
  said: unknown[] = [];
  onopen?: () => void;
  onmessage?: (message: { data: string }) => void;
  onclose?: (event: { code: number }) => void;
  constructor(readonly url: string) {
    Wire.all.push(this);
  }
  send(text: string) {
    this.said.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  open() {
    this.readyState = Wire.OPEN;
    this.onopen?.();
  }
  tell(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  drop(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

beforeEach(() => {
  Wire.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Wire);
});
afterEach(() => vi.useRealTimers());
const newest = () => Wire.all.at(-1)!;

describe("the socket of a tab", () => {
  it("opens one socket, and subscribes once to a topic that two listen to", () => {
    const link = new Link("ws://here");
    const heard: unknown[] = [];
    link.subscribe("session/a", (told) => heard.push(told));
    link.subscribe("session/a", (told) => heard.push(told));
    newest().open();
    link.subscribe("sessions", () => undefined);
    newest().tell({ topic: "session/a", seq: 7, events: [{ seq: 7 }] });
    expect(Wire.all).toHaveLength(1);
    expect(newest().said).toEqual([
      { subscribe: "session/a", since: null },
      { subscribe: "sessions", since: null },
    ]);
    expect(heard).toHaveLength(2);
  });

  it("goes on after a break with what came after the last event, ever more patiently", () => {
    const link = new Link("ws://here");
    link.subscribe("session/a", () => undefined);
    newest().open();
    newest().tell({ topic: "session/a", seq: 41, events: [] });
    newest().drop();
    expect(link.state).toBe("waiting");
    vi.advanceTimersByTime(700);
    expect(Wire.all).toHaveLength(2);
    newest().drop();
    vi.advanceTimersByTime(700);
    expect(Wire.all).toHaveLength(2);
    vi.advanceTimersByTime(700);
    newest().open();
    expect(link.state).toBe("open");
    expect(newest().said).toEqual([{ subscribe: "session/a", since: 41 }]);
  });

  it("does not ask a server again that refuses, until somebody logs in", () => {
    const link = new Link("ws://here");
    link.subscribe("sessions", () => undefined);
    newest().drop(4401);
    vi.advanceTimersByTime(60_000);
    expect(Wire.all).toHaveLength(1);
    expect(link.state).toBe("refused");
    link.hurry();
    expect(Wire.all).toHaveLength(2);
  });

  it("closes when nobody listens any more, and tells a listener of a reset", () => {
    const link = new Link("ws://here");
    const heard: unknown[] = [];
    const leave = link.subscribe("sessions", (told) => heard.push(told));
    const wire = newest();
    wire.open();
    wire.tell({ topic: "sessions", reset: true, seq: 3 });
    wire.tell({ topic: "other", events: [] });
    leave();
    expect(heard).toEqual([{ topic: "sessions", reset: true, seq: 3 }]);
    expect(wire.readyState).toBe(3);
    vi.advanceTimersByTime(60_000);
    expect(Wire.all).toHaveLength(1);
  });
});
