import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { answered, show } from "@/testing/served";
import { MicrographFigure } from "./MicrographFigure";
import type { ExposureDetail } from "./types";

const MICROGRAPH = {
  ...{ result: 4, port: "micrograph", index: 0, width: 1000, height: 1000, pixel_size: 1 },
};
const DETAIL = {
  name: "e1",
  micrograph: MICROGRAPH,
  qualities: { "picks.count": { value: 2, error: null, step: "pick" } },
} as unknown as ExposureDetail;

const set = (step: string, known = true) => ({
  ...{ step, title: step, diameter: 100, pixel_size: 1, known, points: [[1, 2, null]] },
});

test("of several sets the last is drawn, the others when asked for, around each other", async () => {
  answered({ "/sessions/s1/exposures/e1/picks": [set("one"), set("two", false), set("all")] });
  const { container } = show(<MicrographFigure session="s1" branch="" detail={DETAIL} />);
  const boxes = await screen.findAllByRole("checkbox");
  expect(boxes).toHaveLength(3);
  const drawn = () =>
    [...container.querySelectorAll("[data-picks] circle")].map((one) => one.getAttribute("r"));
  expect(drawn()).toHaveLength(1);
  await userEvent.click(boxes[0]!);
  expect(new Set(drawn()).size).toBe(2);
  expect(screen.getByText(/two: 1 picks, diameter not known yet/)).toBeInTheDocument();
});

test("one set has a choice in the head of the picture", async () => {
  answered({ "/sessions/s1/exposures/e1/picks": [set("one")] });
  const { container } = show(<MicrographFigure session="s1" branch="" detail={DETAIL} />);
  await userEvent.click(await screen.findByRole("checkbox", { name: "1 picks" }));
  expect(container.querySelectorAll("[data-picks]")).toHaveLength(0);
});
