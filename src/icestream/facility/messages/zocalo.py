"""zocalo's messages, in and out: start requests, steps of recipes, feedback and alerts.

Spoken as they go over the wire: what a zocalo site sends is understood, and what is sent is
understood there. See the page on starting sessions by messages for the shapes.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from string import Formatter
from typing import Any

from icestream.facility.messages.documents import (
    MessageAnswer,
    StartSession,
    UnreadableRequest,
    read_message,
)
from icestream.facility.messages.kinds import ZocaloSection
from icestream.facility.messages.outbox import OutgoingMessage

__all__ = [
    "RECIPE_HEADER",
    "IspybLookup",
    "RecipeStep",
    "alert_message",
    "feedback_message",
    "identity_of",
    "next_steps",
    "read_step",
    "start_of",
]

RECIPE_HEADER = "workflows-recipe"
"""Header of a message that has its recipe with it."""

IspybLookup = Callable[[int], tuple[list[str], Mapping[str, Any]]]
"""Recipes and parameters of a ``ProcessingJob`` of ISPyB, by its number; LookupError when there is
none."""

_PARAMETERS = {
    "pixel_size": ("pixel_size", 1.0),
    "kv": ("voltage", 1.0),
    "voltage": ("voltage", 1.0),
    "fm_dose": ("dose_per_frame", 1.0),
    "dose_per_frame": ("dose_per_frame", 1.0),
    "cs": ("spherical_aberration", 1.0),
    "ampl_contrast": ("amplitude_contrast", 1.0),
}
"""Parameters of the import, by what zocalo's requests call them, and by how much they are
multiplied: these are Å, kV, e/Å² and mm on both sides."""
_EPU = ("Images-Disc", "GridSquare_", "FoilHoles", "Data")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeStep:
    """A message that is a step of a recipe."""

    payload: Any
    recipe: Mapping[str, Any]
    pointer: int
    path: tuple[int, ...]
    environment: Mapping[str, Any]

    @property
    def own(self) -> Mapping[str, Any]:
        """The step itself, as the recipe has it."""
        step = self.recipe.get(str(self.pointer))
        return step if isinstance(step, Mapping) else {}

    @property
    def asked(self) -> dict[str, Any]:
        """What is asked: the step's parameters, and over them what the step before sent."""
        parameters = self.own.get("parameters") or {}
        payload = self.payload if isinstance(self.payload, Mapping) else {}
        both = {**(parameters if isinstance(parameters, Mapping) else {}), **payload}
        return {name: self._put(value) for name, value in both.items()}

    def _put(self, value: Any) -> Any:
        """``$NAME`` and ``{$NAME}`` as the environment has it."""
        if not isinstance(value, str):
            return value
        for name, found in self.environment.items():
            value = value.replace(f"{{${name}}}", str(found))
            value = str(found) if value == f"${name}" else value
        return value


def identity_of(document: Any, body: bytes) -> str:
    """What makes a zocalo message the same: the ``guid`` that it was given, or its content."""
    parameters = document.get("parameters") if isinstance(document, Mapping) else None
    guid = parameters.get("guid") if isinstance(parameters, Mapping) else None
    environment = document.get("environment") if isinstance(document, Mapping) else None
    if guid is None and isinstance(environment, Mapping) and environment.get("ID"):
        # One recipe may come by the same step several times, with another payload each time.
        asked = json.dumps(
            [document.get("recipe-pointer"), document.get("payload")], sort_keys=True
        )
        return f"zocalo:{environment['ID']}:{hashlib.sha256(asked.encode()).hexdigest()}"
    if isinstance(guid, str) and guid:
        return f"zocalo:{guid}"
    return f"zocalo:{hashlib.sha256(body).hexdigest()}"


def start_of(
    document: Any, section: ZocaloSection, identity: str, lookup: IspybLookup | None = None
) -> StartSession:
    """The session that a request on ``processing_recipe`` asks for.

    Raises
    ------
    UnreadableRequest
        With everything that is wrong with it.
    """
    recipes, parameters = _asked(document, lookup)
    recipe = next((one for one in recipes if one in section.recipes), None)
    if recipe is None:
        there = ", ".join(section.recipes) or "none"
        raise UnreadableRequest(
            [f"recipes: {', '.join(recipes) or 'none'} is asked for; those known here are {there}"]
        )
    values = {**_places(parameters), **parameters, "recipe": recipe}
    problems: list[str] = []
    name = _formatted(section.name, values, "messages.zocalo.name", problems)
    movies = None
    if "movie" in parameters:
        movies = _formatted(section.movies, values, "messages.zocalo.movies", problems)
    elif "import_images" in parameters:
        movies = str(parameters["import_images"])
    else:
        problems.append("parameters: it has no movie and no import_images, so no movies are named")
    if problems:
        raise UnreadableRequest(problems)
    request = read_message(
        {
            "id": _plain(identity),
            "action": "start",
            "session": _plain(name).replace("/", "-").replace(":", "-").replace("@", "-"),
            "workflow": section.recipes[recipe],
            "movies": movies,
            "acquisition": _acquisition(parameters),
        }
    )
    assert isinstance(request, StartSession)
    return request


def _asked(document: Any, lookup: IspybLookup | None) -> tuple[list[str], Mapping[str, Any]]:
    """Recipes and parameters, of the message itself or of ISPyB."""
    if not isinstance(document, Mapping):
        raise UnreadableRequest([f"it is no object, but {type(document).__name__}"])
    parameters = document.get("parameters") or {}
    recipes = document.get("recipes") or []
    recipes = [recipes] if isinstance(recipes, str) else recipes
    if not isinstance(parameters, Mapping) or not isinstance(recipes, list):
        raise UnreadableRequest(["recipes is a list and parameters an object in such a request"])
    process = parameters.get("ispyb_process")
    if process is None:
        return [str(one) for one in recipes], parameters
    if lookup is None:
        raise UnreadableRequest(
            [
                f"ispyb_process: {process} names a job of ISPyB, and the facility file has no "
                "ISPyB to look it up in; send recipes and parameters, or add one ([sinks.NAME])"
            ]
        )
    try:
        found, more = lookup(int(process))
    except (LookupError, ValueError) as error:
        raise UnreadableRequest([f"ispyb_process: {error}"]) from None
    return [*map(str, recipes), *found], {**more, **parameters}


def _places(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Folder, root and ending of the movies, by the one that is named."""
    movie = PurePosixPath(str(parameters.get("movie", "")))
    parts = movie.parent.parts
    cut = next((n for n, part in enumerate(parts) if part.startswith(_EPU[:2])), len(parts))
    if cut == len(parts):
        while cut > 1 and parts[cut - 1] in _EPU:
            cut -= 1
    name = movie.name
    ending = movie.suffix
    for known in ("_fractions", "_Fractions", "_EER"):
        if name.endswith(known + movie.suffix):
            ending = known + movie.suffix
    return {
        "movie_folder": str(movie.parent),
        "movie_root": str(PurePosixPath(*parts[:cut])) if parts[:cut] else "/",
        "movie_suffix": ending,
    }


def _acquisition(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the import, as far as the request says them."""
    found: dict[str, Any] = {}
    for name, (own, factor) in _PARAMETERS.items():
        value = parameters.get(name)
        if own in found or value in (None, "", "None"):
            continue
        try:
            found[own] = float(value) * factor
        except (TypeError, ValueError):
            found[own] = value  # refused with its name, like any other value
    gain = parameters.get("gain_ref")
    if gain not in (None, "", "None"):
        found["gain"] = str(gain)
    return found


def _formatted(template: str, values: Mapping[str, Any], where: str, problems: list[str]) -> str:
    """A template with values put in, and the names that it lacks among the problems."""
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    lacking = [name for name in names if values.get(name) in (None, "")]
    problems.extend(f"parameters: it has no {name}, which {where} needs" for name in lacking)
    return "" if lacking else template.format_map({name: values[name] for name in names})


def _plain(text: str) -> str:
    return "".join(
        one if one.isascii() and (one.isalnum() or one in "._:/@+-") else "-" for one in text
    )


def read_step(document: Any) -> RecipeStep:
    """A message that has its recipe with it.

    Raises
    ------
    UnreadableRequest
        If it is not whole.
    """
    needed = ("payload", "recipe", "recipe-pointer")
    if not isinstance(document, Mapping) or any(name not in document for name in needed):
        raise UnreadableRequest([f"a step of a recipe has {', '.join(needed)}"])
    recipe, pointer = document["recipe"], document["recipe-pointer"]
    if not isinstance(recipe, Mapping) or not isinstance(pointer, int):
        raise UnreadableRequest(["recipe is an object and recipe-pointer a number in such a step"])
    environment, path = document.get("environment"), document.get("recipe-path")
    return RecipeStep(
        payload=document["payload"],
        recipe=recipe,
        pointer=pointer,
        path=tuple(path) if isinstance(path, list) else (),
        environment=environment if isinstance(environment, Mapping) else {},
    )


def next_steps(step: RecipeStep, answer: MessageAnswer) -> Iterator[OutgoingMessage]:
    """Messages to the steps that follow, with an answer as what they are given.

    An output that is no object of channels gets the last answer; a channel gets those of its name:
    accepted, refused, began, done, ended, ``given up``.
    """
    outputs = step.own.get("output")
    last = answer.state in ("done", "ended", "refused", "given up")
    if isinstance(outputs, Mapping):
        chosen = outputs.get(answer.state)
    else:
        chosen = outputs if last else None
    for target in chosen if isinstance(chosen, list) else [chosen]:
        following = step.recipe.get(str(target)) if isinstance(target, int) else None
        if not isinstance(following, Mapping) or not following.get("queue"):
            continue
        body = {
            "payload": answer.document(),
            "recipe": step.recipe,
            "recipe-pointer": target,
            "recipe-path": [*step.path, step.pointer],
            "environment": step.environment,
        }
        yield OutgoingMessage(
            key=f"{answer.id}:step:{target}",
            queue=str(following["queue"]),
            headers={RECIPE_HEADER: "True"},
            body=json.dumps(body),
        )


def feedback_message(
    key: str, section: ZocaloSection, about: Mapping[str, Any], register: str, **values: Any
) -> OutgoingMessage | None:
    """What murfey is told of something that was done; None where nobody listens."""
    queue = about.get("feedback_queue") or section.feedback
    if not queue:
        return None
    body = {
        "register": register,
        "session_id": about.get("session_id"),
        "program_id": about.get("autoproc_program_id", about.get("program_id")),
        **values,
    }
    return OutgoingMessage(key=key, queue=str(queue), body=json.dumps(body))


def alert_message(
    key: str, section: ZocaloSection, about: Mapping[str, Any], said: str
) -> OutgoingMessage | None:
    """An alert as PATo takes it; None where nobody listens, or its group is not known."""
    group = about.get("dcg_id", about.get("groupId"))
    if not section.alerts or group is None:
        return None
    return OutgoingMessage(
        key=key, queue=section.alerts, body=json.dumps({"groupId": group, "message": said})
    )
