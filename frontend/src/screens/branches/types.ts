import type { Schemas } from "@/api/types";

/** A branch, what is otherwise in it, and how far it is. */
export type BranchRow = Schemas["ShownBranch"];
/** A quantity that both branches have of the same exposures, as stored. */
export type ComparedQuality = Schemas["ComparedQuantity"];
export type Newest = Schemas["ComparedNewest"];
export type ComparedStep = Schemas["ComparedStepView"];
export type ComparedPicture = Schemas["ComparedPicture"];
export type Comparison = Schemas["ComparedBranches"];
