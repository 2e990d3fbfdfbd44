import { fireEvent, render, screen } from "@testing-library/react";
import { MantineProvider } from "@mantine/core";
import { expect, test, vi } from "vitest";
import { KeyHelp, useKeys } from "./keys";

function Part({ reject, next }: { reject: () => void; next: () => void }) {
  useKeys("Part", {
    r: { what: "Reject it", do: reject },
    ArrowRight: { what: "The next one", do: next },
  });
  return (
    <>
      <input type="text" aria-label="Name" />
      <input type="radio" aria-label="20 Å" />
    </>
  );
}

test("letters are the page's beside a choice, and text in a field", () => {
  const [reject, next] = [vi.fn(), vi.fn()];
  render(
    <MantineProvider>
      <Part reject={reject} next={next} />
      <KeyHelp />
    </MantineProvider>,
  );
  fireEvent.keyDown(screen.getByLabelText("Name"), { key: "r" });
  expect(reject).not.toHaveBeenCalled();
  fireEvent.keyDown(screen.getByLabelText("20 Å"), { key: "r" });
  expect(reject).toHaveBeenCalledOnce();
  // The arrows move the choice.
  fireEvent.keyDown(screen.getByLabelText("20 Å"), { key: "ArrowRight" });
  expect(next).not.toHaveBeenCalled();
  fireEvent.keyDown(document.body, { key: "ArrowRight" });
  expect(next).toHaveBeenCalledOnce();
});
