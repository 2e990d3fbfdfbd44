import "./mantine.css";
import "virtual:mantine-variables.css";
import "@/app/global.css";
import { createRoot } from "react-dom/client";
import { HashRouter } from "react-router";
import { Providers } from "@/app/Providers";
import { follow } from "./data/files";
import { Report } from "./Report";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no place for the report");
follow();
createRoot(root).render(
  <Providers>
    <HashRouter>
      <Report software={root.dataset.software ?? ""} title={document.title} />
    </HashRouter>
  </Providers>,
);
