import type { Schemas } from "@/api/types";
import { Note } from "@/ui";
import { holdsWords } from "./editing";

/** What a change has done, until the next one. */
export function Done({ answer }: { answer: Schemas["SettingsAnswer"] | null }) {
  if (!answer) return null;
  return (
    <div role="status">
      <Note tone="good" title={answer.words || "Nothing became different"}>
        in {answer.file}; {holdsWords(answer.holds)}.
      </Note>
    </div>
  );
}
