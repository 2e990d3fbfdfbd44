import { expect, test } from "vitest";
import { dayName, extent, midnights, roomBeside } from "./timeline";

const at = (text: string): number => Date.parse(text) / 1000;

test("what reaches out of the span is cut", () => {
  expect(extent(0, 10, 5, 25)).toEqual({ left: 0, width: 25 });
  expect(extent(20, 90, 5, 25)).toEqual({ left: 75, width: 25 });
});

test("days begin by the facility's clock", () => {
  const found = midnights(at("2026-11-30T15:00Z"), at("2026-12-02T12:00Z"), "Europe/Madrid");
  expect(found).toEqual([at("2026-11-30T23:00Z"), at("2026-12-01T23:00Z")]);
  expect(dayName(found[0] ?? 0, "Europe/Madrid")).toBe("Tue 1 Dec");
});

test("a day of 25 hours, and one of 23", () => {
  const autumn = midnights(at("2026-10-24T12:00Z"), at("2026-10-26T12:00Z"), "Europe/Madrid");
  expect(autumn).toEqual([at("2026-10-24T22:00Z"), at("2026-10-25T23:00Z")]);
  const spring = midnights(at("2026-03-28T12:00Z"), at("2026-03-30T12:00Z"), "Europe/Madrid");
  expect(spring).toEqual([at("2026-03-28T23:00Z"), at("2026-03-29T22:00Z")]);
});

test("a name stands beside a bar that is too narrow for it, where there is room", () => {
  const bar = (left: number, width: number) => ({ left, width });
  expect(roomBeside(bar(0, 5), undefined)).toBe(1900);
  expect(roomBeside(bar(0, 5), bar(15, 5))).toBe(200);
  expect(roomBeside(bar(0, 5), bar(10, 5))).toBeNull();
  expect(roomBeside(bar(0, 20), undefined)).toBeNull();
  expect(roomBeside(bar(97, 3), undefined)).toBeNull();
});
