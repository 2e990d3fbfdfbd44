import { shown } from "@/workflow/changes";
import { bytes, duration, fullMoment, number } from "@/units";
import type { Ancestor, Ancestry } from "./types";

/** How one result was made, as plain text. */
export function ancestorText(node: Ancestor, software: Record<string, string> = {}): string {
  const parameters = Object.entries(node.parameters).map(
    ([name, value]) => `  ${name} = ${shown(value)}`,
  );
  const programs = Object.entries(software).map(([name, version]) => `${name} ${version}`);
  return [
    `Result ${node.result}: ${node.step}, ${node.subject}`,
    `${node.title} (${node.protocol}, version ${node.version}), revision ${node.revision} of the step`,
    `made ${fullMoment(node.finished)} on ${node.host || "an unknown machine"} in ${duration(node.seconds)}, run ${node.epoch}`,
    ...(spentText(node) ? [spentText(node)] : []),
    ...(node.by_hand ? [byHandText(node.by_hand)] : []),
    ...(parameters.length > 0 ? ["Parameters:", ...parameters] : []),
    ...(node.command ? ["Command:", `  ${node.command}`] : []),
    ...(node.files.length > 0
      ? ["Files:", ...node.files.map((file) => `  ${file.path} (${bytes(file.bytes)})`)]
      : []),
    ...(programs.length > 0 ? [`Software: ${programs.join(", ")}`] : []),
  ].join("\n");
}

/** What it took of the machine, as far as that is known. */
export function spentText({ cpu, memory }: Ancestor): string {
  return [
    cpu === null ? "" : `${duration(cpu)} of processor time`,
    memory === null ? "" : `at most ${bytes(memory)} of memory`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** What a person changed, where a person made it of the step's own result. */
export function byHandText({ who, why, added, removed }: NonNullable<Ancestor["by_hand"]>): string {
  const reason = why ? ` – “${why}”` : "";
  return `corrected by hand by ${who}: ${number(added)} added, ${number(removed)} removed${reason}`;
}

/** The whole lineage as plain text, the result first. */
export function ancestryText(found: Ancestry): string {
  const parts = found.nodes.map((node) => ancestorText(node, found.software[String(node.epoch)]));
  const missing = found.left_out.map((one) => `Not shown: ${one.words}`);
  return [...parts, ...missing].join("\n\n") + "\n";
}
