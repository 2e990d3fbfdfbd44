const BRANCH = /^[a-z0-9][a-z0-9_.-]{0,60}$/;

/** Why a branch cannot be called so; empty when it can. */
export function branchProblem(name: string): string {
  if (!BRANCH.test(name))
    return "small letters, digits, '-', '_' and '.', beginning with a letter or digit";
  return /^\d+$/.test(name) ? "a number would be taken for that of an alert" : "";
}
