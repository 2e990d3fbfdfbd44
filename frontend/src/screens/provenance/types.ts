import type { Schemas } from "@/api/types";

export type Ancestor = Schemas["Ancestor"];
/** How a result was made, from what else. */
export type Ancestry = Schemas["Ancestry"];
export type Provenance = Schemas["Provenance"];
