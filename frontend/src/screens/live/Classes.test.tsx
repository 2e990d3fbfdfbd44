import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { answered, show } from "@/testing/served";
import { Classes } from "./Classes";

const CLASS = { number: 3, particles: 120, resolution: null, selected: true, url: "/c.png" };
const CLASSES = { classes: [CLASS] };

test("a step that has no map yet has no sections, and the classes are shown all the same", async () => {
  const volume = { there: false, resolution: 0, particles: 0 };
  answered({
    "/sessions/s1/classes": CLASSES,
    "/sessions/s1/volumes": { sections: null, volume },
  });
  show(<Classes session="s1" branch="" />);
  expect(await screen.findByAltText("Class 3")).toBeInTheDocument();
  expect(screen.queryByAltText("Section of the map")).toBeNull();
});

test("a map of which the halves agree nowhere has no resolution of 0 Å", async () => {
  const volume = { there: true, resolution: 0, particles: 5000 };
  answered({
    "/sessions/s1/classes": CLASSES,
    "/sessions/s1/volumes": { sections: "/m.png", volume },
  });
  show(<Classes session="s1" branch="" />);
  expect(await screen.findAllByAltText("Section of the map")).toHaveLength(3);
  const words = screen.getByText(/3D map/);
  expect(words).toHaveTextContent(/5000\sparticles/);
  expect(words).not.toHaveTextContent("Å");
});
