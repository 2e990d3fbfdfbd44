/** Workflow files of icestream and of Scipion, as far as a drawing needs them. */

/** A box of the drawing. */
export interface Shown {
  name: string;
  /** What it does: the name of its protocol. */
  about: string;
  parameters: [string, string][];
  /** It watches others, and stands apart. */
  aside: boolean;
}

export interface Read {
  title: string;
  about: string;
  steps: Shown[];
  /** Names of the steps at both ends, and the output that goes along. */
  links: { from: string; to: string; output: string }[];
}

type Record_ = Record<string, unknown>;

const isRecord = (value: unknown): value is Record_ =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** Read the text of a workflow file; an error says what it should be. */
export function read(text: string): Read {
  // Templates of Scipion begin with lines of plain words.
  const list = text.search(/^\s*\[\s*$/m);
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    if (list <= 0) throw new Error("The file is not JSON.", { cause: error });
    found = JSON.parse(text.slice(list));
  }
  if (isRecord(found) && Array.isArray(found.steps)) return ofIcestream(found, found.steps);
  if (Array.isArray(found) && found.every((one) => isRecord(one) && "object.className" in one))
    return ofScipion(found as Record_[], text.slice(0, Math.max(0, list)).trim());
  throw new Error("The file holds no workflow of icestream or Scipion.");
}

function ofIcestream(document: Record_, steps: unknown[]): Read {
  const known = steps.filter(isRecord);
  const links = known.flatMap((step) =>
    Object.values(isRecord(step.inputs) ? step.inputs : {}).flatMap((given) =>
      [given].flat().map((source) => {
        const [from = "", ...port] = String(source).split(".");
        return { from, to: String(step.name), output: port.join(".") };
      }),
    ),
  );
  return {
    title: String(document.name ?? "Workflow"),
    about: String(document.about ?? ""),
    steps: known.map((step) => ({
      name: String(step.name),
      about: String(step.protocol ?? ""),
      parameters: told(isRecord(step.parameters) ? step.parameters : {}),
      aside: String(step.protocol).startsWith("monitor."),
    })),
    links,
  };
}

const OWN = /^(object\.|_|runName$|runMode$|hostName$|expertLevel$|gpuList$|numberOf|useGpu$)/;
const POINTER = /^\d+(\.\w[\w.]*)?$/;

function ofScipion(protocols: Record_[], about: string): Read {
  const names = namesOf(protocols);
  const links: Read["links"] = [];
  const steps = protocols.map((protocol) => {
    const to = names.get(String(protocol["object.id"])) ?? "";
    const parameters: Record_ = {};
    for (const [key, value] of Object.entries(protocol)) {
      if (OWN.test(key)) continue;
      const pointers = [value].flat().filter((one) => isPointer(one, key, names)) as string[];
      if (pointers.length === 0) parameters[key] = value;
      for (const pointer of pointers) {
        const [id = "", ...output] = pointer.split(".");
        links.push({ from: names.get(id) ?? "", to, output: output.join(".") });
      }
    }
    const kind = String(protocol["object.className"]);
    return { name: to, about: kind, parameters: told(parameters), aside: kind.includes("Monitor") };
  });
  return { title: "Workflow of Scipion", about, steps, links };
}

/** A number alone points to a whole protocol only where the parameter is called so. */
function isPointer(value: unknown, key: string, names: ReadonlyMap<string, string>): boolean {
  if (typeof value !== "string" || !POINTER.test(value)) return false;
  const [id = "", output] = value.split(".");
  if (!names.has(id)) return false;
  return output === undefined ? /^input/i.test(key) : /^[a-z_]/i.test(output);
}

/** Labels of the protocols, by their numbers; one that is there twice is told apart. */
function namesOf(protocols: Record_[]): Map<string, string> {
  const taken = new Set<string>();
  return new Map(
    protocols.map((protocol) => {
      const id = String(protocol["object.id"]);
      const label = String(protocol["object.label"] || protocol["object.className"]);
      const name = taken.has(label) ? `${label} (${id})` : label;
      taken.add(name);
      return [id, name];
    }),
  );
}

const told = (parameters: Record_): [string, string][] =>
  Object.entries(parameters)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
