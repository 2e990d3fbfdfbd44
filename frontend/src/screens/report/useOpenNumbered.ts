import { useNavigate } from "react-router";
import { api } from "@/api/client";
import { sessionPath } from "@/api/queries";
import { exposureHref, tableHref } from "../exposures/addresses";

/** Open an exposure by its number, which plots know; addresses have its name. */
export function useOpenNumbered(session: string, branch: string): (number: number) => void {
  const navigate = useNavigate();
  return (number) => {
    const where = `number:${number}:${number}`;
    const asked = { where, branch, limit: 1 };
    void api
      .get<{ rows: { name: string }[] }>(sessionPath(session, "/exposures"), asked)
      .then(({ rows: [row] }) => row && exposureHref(session, row.name, branch))
      // The table says what is wrong.
      .catch(() => tableHref(session, new URLSearchParams({ where }).toString(), branch))
      .then((to) => to && navigate(to));
  };
}
