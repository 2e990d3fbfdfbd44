import type { Schemas } from "@/api/types";

/** A branch, what is otherwise in it, and how far it is. */
export type BranchRow = Schemas["ShownBranch"];
/** One exposure as both branches have it, with standard errors where they are known. */
export type Point = Schemas["ComparedPoint"];
/** A quantity that both branches have of the same exposures, as stored. */
export type ComparedQuality = Schemas["ComparedQuantity"];
export type Newest = Schemas["ComparedNewest"];
export type Sides = Schemas["Sides"];
export type ComparedStep = Schemas["ComparedStepView"];
export type ComparedPicture = Schemas["ComparedPicture"];
export type Comparison = Schemas["ComparedBranches"];
