import type { Schemas } from "@/api/types";

export type ClassUpdate = Schemas["ClassUpdate"];
export type ClassRow = Schemas["ShownClass"];
export type ClassesAnswer = Schemas["ShownClasses"];
export type Member = Schemas["Member"];
export type MembersAnswer = Schemas["ShownMembers"];
