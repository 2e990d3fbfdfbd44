// What the server says of exposures; values as they are stored.

import type { Schemas } from "@/api/types";

/** What a person decided. */
export type Word = Schemas["DecisionRecord"];
export type ExposureRow = Schemas["ExposureInTable"];
export type ExposurePage = Schemas["ExposureTablePage"];
/** A picture; of the role "image" it is a micrograph at its full size. */
export type PictureOf = Schemas["PictureLink"];
export type StepResult = Schemas["StepOfExposure"];
export type Measured = Schemas["ValueOfExposure"];
export type Failure = Schemas["FailureRecord"];
export type ExposureDetail = Schemas["ExposureInFull"];
export type Ctf = Schemas["CtfCurve"];
export type Tracks = Schemas["ShotTracks"];
export type PickSet = Schemas["ShotPicks"];
