import type { Schemas } from "@/api/types";

export type Correlation = Schemas["Correlation"];
export type View = Schemas["View"];
export type MapView = Schemas["VolumeView"];
/** A file of the map. */
export type Part = MapView["parts"][number];
/** The newest map of a step, or one of its earlier updates. */
export type MapAnswer = Schemas["ShownVolume"];
