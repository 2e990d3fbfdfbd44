import type { Role } from "@/api/types";

export const ROLES: readonly { value: Role; label: string; means: string }[] = [
  { value: "viewer", label: "viewer", means: "looks at the sessions that are theirs" },
  { value: "operator", label: "operator", means: "steers them, too" },
  { value: "staff", label: "staff", means: "the same for every session" },
  { value: "admin", label: "admin", means: "people, microscopes and settings, too" },
];
