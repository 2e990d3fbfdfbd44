import type { Schemas } from "@/api/types";

export type ClassRow = Schemas["ShownClass"];
export type ClassesAnswer = Schemas["ShownClasses"];
export type MembersAnswer = Schemas["ShownMembers"];
