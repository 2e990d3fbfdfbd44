import { useParams } from "react-router";
import { ExposureScreen } from "./ExposureScreen";
import { TableScreen } from "./TableScreen";

/** The table of exposures, or one of them in full. */
export default function Exposures() {
  const name = useParams()["*"] ?? "";
  return name ? <ExposureScreen key="one" name={name} /> : <TableScreen />;
}
