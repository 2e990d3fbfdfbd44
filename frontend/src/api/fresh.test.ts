import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { spaced, weigh } from "./fresh";
import type { EventRecord } from "./types";

function event(kind: string, exposure = ""): EventRecord {
  return { seq: 1, time: 0, kind, step: "", exposure, subject: "", document: {} };
}

function told(...events: EventRecord[]) {
  return { topic: "session/x", seq: 1, events };
}

describe("weigh", () => {
  it("passes over what changes nothing on a screen", () => {
    expect(weigh(told())).toBe("nothing");
    expect(weigh(told(event("samples.taken"), event("task.done", "e1")))).toBe("nothing");
  });

  it("takes an exposure that is done, a batch and an alert for news", () => {
    expect(weigh(told(event("task.done", "e1"), event("exposure.state", "e1")))).toBe("news");
    expect(weigh(told(event("task.done")))).toBe("news");
    expect(weigh(told(event("alert.raised")))).toBe("news");
  });

  it("looks at everything again when somebody changed something, or too much was missed", () => {
    expect(weigh(told(event("step.revised")))).toBe("all");
    expect(weigh(told(event("request.answered")))).toBe("all");
    expect(weigh({ topic: "session/x", reset: true })).toBe("all");
  });
});

describe("spaced", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("acts soon, and then not more often than it may", () => {
    const act = vi.fn();
    const one = spaced(act, 300, 2000);
    one.ask();
    one.ask();
    vi.advanceTimersByTime(299);
    expect(act).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(act).toHaveBeenCalledTimes(1);
    one.ask();
    vi.advanceTimersByTime(1999);
    expect(act).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(act).toHaveBeenCalledTimes(2);
  });

  it("acts soon all the same where somebody waits", () => {
    const act = vi.fn();
    const one = spaced(act, 300, 60_000);
    one.ask(true);
    vi.advanceTimersByTime(300);
    one.ask();
    one.ask(true);
    vi.advanceTimersByTime(300);
    expect(act).toHaveBeenCalledTimes(2);
  });

  it("does nothing once it is stopped", () => {
    const act = vi.fn();
    const one = spaced(act, 300, 2000);
    one.ask();
    one.stop();
    vi.advanceTimersByTime(5000);
    expect(act).not.toHaveBeenCalled();
  });
});
