// The parts of the page, in its order, as its menu and its addresses name them.

export const PARTS = [
  { id: "main", title: "Now" },
  { id: "timeline", title: "Timeline" },
  { id: "trends", title: "Trends" },
  { id: "where", title: "Grid" },
  { id: "groups", title: "Groups" },
  { id: "agreement", title: "Side by side" },
  { id: "classes", title: "Classes" },
  { id: "maps", title: "Map" },
  { id: "others", title: "Others" },
  { id: "steps", title: "Steps" },
  { id: "exposures", title: "Exposures" },
  { id: "workflow", title: "Workflow" },
  { id: "decisions", title: "Decisions" },
  { id: "machine", title: "Machine" },
  { id: "gains", title: "Gain" },
  { id: "acquisition", title: "Acquisition" },
] as const;

export type PartId = (typeof PARTS)[number]["id"];
