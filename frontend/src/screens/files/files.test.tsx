import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { answered, show } from "@/testing/served";
import FilesScreen from "./index";

test("a folder is opened whatever its name is", async () => {
  const entry = { name: "a.mrc", path: "50%/a.mrc", kind: "file", bytes: 9, files: 1, changed: 0 };
  answered({
    "/sessions/s1/files": { path: "50%", entries: [entry], bytes: 9, files: 1, more: 0 },
  });
  show(<FilesScreen />, "/s/s1/50%25");
  const link = await screen.findByRole("link", { name: "a.mrc" });
  expect(link).toHaveAttribute("href", "/api/sessions/s1/files/download?path=50%25%2Fa.mrc");
});
