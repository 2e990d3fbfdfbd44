"""The recipe of the container image: its steps are done without a builder, and what they make runs.

Packages of Debian and images are not fetched. The wheel is built and installed as the recipe does,
into an environment of its own that sees the packages of the tests.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import zipfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from icestream.cli.app import build

ROOT = Path(__file__).parents[2]

KINDS = "ARG FROM WORKDIR COPY RUN ENV USER VOLUME EXPOSE HEALTHCHECK ENTRYPOINT CMD"


@dataclass(frozen=True)
class Step:
    """An instruction of a Dockerfile."""

    stage: int
    kind: str
    text: str

    @property
    def words(self) -> list[str]:
        """As a list of JSON, or as a shell splits it."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return shlex.split(self.text)


def steps() -> list[Step]:
    """The Dockerfile, without comments, and with continued lines as one."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line[:1] != "#"]
    text = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found, stage = [], 0
    for line in filter(None, map(str.strip, text.splitlines())):
        kind, _, rest = line.partition(" ")
        stage += kind == "FROM"
        found.append(Step(stage, kind, rest.strip()))
    return found


def one(kind: str) -> Step:
    """The last of a kind: of those that can be there once, the one that holds."""
    return [step for step in steps() if step.kind == kind][-1]


def runs(pattern: str) -> str:
    """The command that a step runs."""
    (found,) = [
        step.text for step in steps() if step.kind == "RUN" and re.search(pattern, step.text)
    ]
    return found


def environment() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", one("ENV").text))


def ignored(name: str) -> bool:
    """Whether a file is not handed to the builder: the last pattern that fits says so."""
    said = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        if pattern and line[:1] != "#":
            parts = Path(name).parts
            heads = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
            tails = list(parts) if "**/" in line else heads
            if any(fnmatch(each, pattern) for each in tails if "/" not in each or "/" in pattern):
                said = not line.startswith("!")
    return said


def copied() -> list[tuple[list[str], str]]:
    """What is copied out of the repository, and where to."""
    found = [step.words for step in steps() if step.kind == "COPY" and "--from" not in step.text]
    return [(words[:-1], words[-1]) for words in found]


def test_it_has_instructions_that_builders_know() -> None:
    known = set(KINDS.split())
    assert {step.kind for step in steps()} == known
    given = {step.text.partition("=")[0] for step in steps() if step.kind == "ARG"}
    used = set(re.findall(r"\$\{?([A-Z]+)\b", (ROOT / "Dockerfile").read_text()))
    assert used == given


def test_all_that_is_copied_is_there_and_is_handed_to_the_builder() -> None:
    names = [name for sources, _ in copied() for name in sources]
    assert names
    for name in names:
        assert (ROOT / name).exists(), name
        assert not ignored(name), name
    for name in ("docs/index.md", ".git/HEAD", "frontend/node_modules/x/y.js", "tests/balls.py",
                 "src/icestream/__pycache__/log.cpython-312.pyc"):  # fmt: skip
        assert ignored(name), name
    assert not ignored("src/icestream/log.py")
    assert not ignored("frontend/src/main.tsx")


def test_whoever_runs_it_is_not_root_and_can_write_where_it_writes() -> None:
    user = one("USER").text
    made = runs("useradd")
    assert user == made.split()[-1] or f" {user}" in made
    assert made.index("chown") > made.index("mkdir")
    for place in one("VOLUME").words:
        assert re.search(rf"chown -R {user}:{user} .*{place}\b", made), place
    held = [Path(value) for value in environment().values() if value.startswith("/")]
    volumes = [Path(place) for place in one("VOLUME").words]
    assert all(any(place.is_relative_to(each) for each in volumes) for place in held)
    # What is changed in a volume after it was declared is lost.
    order = [step.kind for step in steps()]
    assert max(n for n, kind in enumerate(order) if kind == "RUN") < order.index("VOLUME")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `icestream`, installed from the wheel that the recipe builds."""
    folder = tmp_path_factory.mktemp("image")
    build, wheels = folder / "build", folder / "wheels"
    for sources, target in copied():
        for name in sources:
            place = build / target / ("" if (ROOT / name).is_dir() else name)
            place.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(
                    ROOT / name, place, ignore=shutil.ignore_patterns("node_modules", "__pycache__")
                )
            else:
                shutil.copy2(ROOT / name, place)
    # The packages that build it are those of the tests: nothing is fetched.
    command = (
        runs("pip wheel").replace("/wheels", str(wheels)).replace(" .", " --no-build-isolation .")
    )
    command = re.sub(r"^python ", f"{shlex.quote(sys.executable)} ", command)
    done = subprocess.run(
        ["sh", "-ec", command], cwd=build, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = wheels.glob("icestream-*.whl")
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    assert {"icestream/server/static/index.html", "icestream/report/static/report.js"} <= names
    assert not [name for name in names if name.startswith(("tests", "frontend"))]
    return _installed(folder, wheels)


def _installed(folder: Path, wheels: Path) -> Path:
    place = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    command = runs("pip install").partition(" && ")[0]
    (command,) = re.findall(r'"\$\(.*\)\[[a-z,]+\]"', command)
    assert command.endswith('[ispyb,objects,postgres]"')
    shown = subprocess.run(
        ["sh", "-ec", f"echo {command}".replace("/wheels", str(wheels))],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    asked = shown.stdout.strip()
    assert Path(asked.partition("[")[0]).is_file()
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--python", place / "bin" / "python", "install",
         "--no-deps", "--no-index", asked],
        check=True,
    )  # fmt: skip
    purelib = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        # All but icestream itself, its plugins, and what makes editable packages seen.
        if path.suffix == ".pth" or path.name.startswith(("icestream", "__")):
            continue
        Path(purelib, path.name).symlink_to(path)
    return place / "bin" / "icestream"


def _of_the_image(built: Path, folder: Path) -> dict[str, str]:
    """The variables that the recipe sets, with its places below a folder."""
    own = {
        name: str(folder / value.lstrip("/")) if value.startswith("/") else value
        for name, value in environment().items()
    }
    for name in ("data/sessions", "var/lib/icestream/kernels", "etc/icestream"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    plain = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "HOME")
    }
    return {**plain, **own, "HOME": str(folder), "PATH": f"{built.parent}:{os.environ['PATH']}"}


def test_what_it_installs_runs(built: Path, tmp_path: Path) -> None:
    own = _of_the_image(built, tmp_path)
    for words in (["--version"], ["doctor", str(tmp_path / "data")], ["facility", "example"]):
        done = subprocess.run(
            [built, *words], env=own, capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout
    where = [built.parent / "python", "-c", "import icestream; print(icestream.__file__)"]
    done = subprocess.run(where, env=own, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.startswith(str(built.parent.parent))


def _healthy(built: Path, own: dict[str, str]) -> bool:
    kind, _, rest = one("HEALTHCHECK").text.partition(" CMD ")
    assert "--start-period" in kind
    command = [str(word) for word in json.loads(rest)]
    assert command[0] == "python"
    asked = [str(built.parent / "python"), *command[1:]]
    return subprocess.run(asked, env=own, capture_output=True, check=False).returncode == 0


def test_what_it_runs_when_nothing_is_said_is_healthy(built: Path, tmp_path: Path) -> None:
    own = _of_the_image(built, tmp_path)
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert f":{one('EXPOSE').text}/" in own["HEALTH"]
    own["HEALTH"] = own["HEALTH"].replace(f":{one('EXPOSE').text}/", f":{port}/")
    entry = one("ENTRYPOINT").words
    assert entry == ["tini", "--", "icestream"]
    command, *words = one("CMD").words
    place = str(tmp_path / words[-1].lstrip("/"))
    assert not _healthy(built, own)
    with subprocess.Popen([built, command, place, "--port", str(port)], env=own) as process:
        try:
            deadline = time.monotonic() + 240
            while not _healthy(built, own):
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.2)
        finally:
            process.terminate()
    assert process.returncode in (0, -15)


def _services() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text())["services"])


def test_the_facility_in_containers_is_of_one_image() -> None:
    document = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = _services()
    assert set(services) == {"server", "duties", "database"}
    own = [services["server"], services["duties"]]
    for service in own:
        assert service["image"] == "icestream"
        assert service["hostname"] == "icestream"
        assert "PGPASSWORD" in service["environment"]
        mounted = {volume.rsplit(":", 1)[0] if volume.endswith(":ro") else volume
                   for volume in service["volumes"]}  # fmt: skip
        assert {each.rpartition(":")[2] for each in mounted} == set(one("VOLUME").words)
        assert set(service["depends_on"]) == {"database"}
        given = {step.text.partition("=")[0] for step in steps() if step.kind == "ARG"}
        assert set(service["build"]["args"]) <= given
    named = {
        volume.split(":")[0]
        for service in services.values()
        for volume in service["volumes"]
        if volume[0].isalpha()
    }
    assert named == set(document["volumes"])
    assert services["server"]["ports"] == [f"443:{one('EXPOSE').text}"]


@pytest.mark.parametrize("name", ["server", "duties"])
def test_its_commands_are_icestream_s(name: str) -> None:
    words = [re.sub(r"\$\{NAME:[^}]*\}", "em.example.org", word) for word in
             _services()[name]["command"]]  # fmt: skip
    command, bound, _ = build().parse_args(words, print_error=False, exit_on_error=False)
    assert command.__name__ == {"server": "serve", "duties": "run"}[name]
    if name == "server":
        reached = bound.arguments["reached"]
        assert bound.arguments["host"] == "0.0.0.0"
        assert reached.name == ("em.example.org",)
        assert str(reached.tls_cert).startswith("/etc/icestream/")


def _make(folder: Path, **programs: str) -> "subprocess.CompletedProcess[str]":
    """Run `make image` where there are these programs, and no others but the system's."""
    place = folder / "bin"
    place.mkdir()
    for name in ("make", "sh", "python3", "find", "grep", "cat"):
        found = shutil.which(name)
        assert found, name
        (place / name).symlink_to(found)
    for name, text in programs.items():
        (place / name).write_text(f"#!/bin/sh\n{text}\n")
        (place / name).chmod(0o755)
    return subprocess.run(
        ["make", "--no-print-directory", "image"],
        cwd=ROOT, env={"PATH": str(place)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_make_image_says_what_it_needs(tmp_path: Path) -> None:
    done = _make(tmp_path)
    assert done.returncode != 0
    assert "needs docker or podman, and neither is installed" in done.stderr


def test_make_image_builds_with_what_is_there(tmp_path: Path) -> None:
    done = _make(tmp_path, podman=f'echo "$@" > {tmp_path}/asked')
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "asked").read_text() == "build --tag icestream .\n"


def test_make_image_says_that_its_builder_failed(tmp_path: Path) -> None:
    done = _make(tmp_path, docker="echo no service >&2; exit 1")
    assert done.returncode != 0
    assert "no service" in done.stderr
    assert "the image was not built" in done.stderr
