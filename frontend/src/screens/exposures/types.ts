// What the server says of exposures; values as they are stored.

import type { Schemas } from "@/api/types";

export type ExposureRow = Schemas["ExposureInTable"];
export type ExposurePage = Schemas["ExposureTablePage"];
export type ExposureDetail = Schemas["ExposureInFull"];
export type Ctf = Schemas["CtfCurve"];
export type Tracks = Schemas["ShotTracks"];
export type PickSet = Schemas["ShotPicks"];
