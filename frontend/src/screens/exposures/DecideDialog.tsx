import { ReasonDialog } from "@/ui";
import { plural } from "@/units";
import { USUAL, type useDecide } from "./useDecide";

/** Asks for the reason of a decision on one exposure or many. */
export function DecideDialog({ decide }: { decide: ReturnType<typeof useDecide> }) {
  const { asked } = decide;
  const names = asked?.names ?? [];
  const verb = asked?.verb ?? "reject";
  const what = names.length === 1 ? (names[0] ?? "") : plural(names.length, "exposure");
  return (
    <ReasonDialog
      opened={asked !== null}
      onClose={decide.close}
      title={`${verb === "accept" ? "Accept" : "Reject"} ${names.length === 1 ? "this exposure" : what}`}
      verb={`${verb === "accept" ? "Accept" : "Reject"} ${names.length === 1 ? "it" : what}`}
      danger={verb === "reject"}
      busy={decide.busy}
      error={decide.error}
      usual={USUAL[verb]}
      onConfirm={decide.send}
    >
      {names.length === 1 && `${what}. `}
      {verb === "accept"
        ? "It counts as accepted whatever the selection says, and what follows is done with it."
        : "It counts as rejected whatever the selection says; its results stay."}
    </ReasonDialog>
  );
}
