"""`/task`: list, read, create, change, delete; and `/v2/chat/completions`, which creates as well."""

from typing import Any

from telareview.sandbox.apps import BY_ID
from telareview.sandbox.errors import bad_request, not_found, update_failed
from telareview.sandbox.exchange import Reply, Request, Routes, ok
from telareview.sandbox.files import Files
from telareview.sandbox.life import Life
from telareview.sandbox.listing import select
from telareview.sandbox.people import KEY_EMAIL
from telareview.sandbox.query import list_request
from telareview.sandbox.runs import run_report
from telareview.sandbox.tasks import analytics
from telareview.sandbox.wire import dumps, is_uuid
from telareview.sandbox.world import World

ENVELOPES = ("bare", "data")
PAYLOADS = ("full", "light")
MOST_NEW_TASKS = 100
FORWARD = "x-tela-forward-"


class TaskRoutes:
    def __init__(self, world: World, life: Life, files: Files, envelope: str, list_payload: str) -> None:
        if envelope not in ENVELOPES or list_payload not in PAYLOADS:
            raise ValueError(f"envelope is one of {ENVELOPES}, list payload one of {PAYLOADS}")
        self.world, self.life, self.files = world, life, files
        self.envelope, self.list_payload = envelope, list_payload

    def routes(self) -> Routes:
        return {
            "task": {"GET": self.list, "POST": self.create},
            "task/{id}": {"GET": self.get, "PATCH": self.change, "DELETE": self.delete},
            "task/{id}/versions": {"GET": self.versions},
            "v2/chat/completions": {"POST": self.complete},
            "v2/chat/completions/{id}": {"GET": self.completion},
        }

    def list(self, request: Request) -> Reply:
        wanted = list_request(request.query)
        envelope = request.headers.get("x-sandbox-envelope", self.envelope)
        if envelope not in ENVELOPES:
            raise bad_request(f"x-sandbox-envelope is one of {', '.join(ENVELOPES)}")
        light = wanted.light or self.list_payload == "light"
        with self.world.lock:
            cards, total = select(self.world, wanted, counted=envelope == "data")
            rows = [self.world.bodies.of(card, light=light) for card in cards]
        if request.fault == "empty":
            rows, total = [], 0
        elif request.fault == "duplicates" and rows:
            rows = (rows[:1] + rows[: len(rows) // 2 + 1] + rows)[: wanted.limit]
        listed = b"[" + b",".join(rows) + b"]"
        if envelope == "bare":
            return Reply(200, listed)
        metadata = {
            "totalCount": total or 0,
            "totalPages": -(-(total or 0) // wanted.limit),
            "currentPage": wanted.offset // wanted.limit + 1,
        }
        return Reply(200, b'{"data":' + listed + b',"metadata":' + dumps(metadata) + b"}")

    def get(self, request: Request, task_id: str) -> Reply:
        with self.world.lock:
            card = self.world.card(task_id)
            body = self.world.bodies.of(card, light=False)
            if request.query.get("includeAnalytics") == ["true"]:
                measured = dumps(analytics(card, self.world.story(card)))
                body = body[:-1] + b',"analytics":' + measured + b"}"
        return Reply(200, body)

    def versions(self, request: Request, task_id: str) -> Reply:
        return ok(self.world.versions(task_id))

    def create(self, request: Request) -> Reply:
        """One object or an array of them; the answer is an array either way."""
        body = request.json()
        wanted = body if isinstance(body, list) else [body]
        if not 1 <= len(wanted) <= MOST_NEW_TASKS:
            raise bad_request(f"Between 1 and {MOST_NEW_TASKS} tasks can be created at once")
        arrivals = [_arrival(task) for task in wanted]
        if len({arrival["app_id"] for arrival in arrivals}) > 1:
            raise bad_request("All tasks of one call must share one promptApplicationId")
        with self.world.lock:
            ids = [self._arrive(arrival, request) for arrival in arrivals]
            rows = [self.world.bodies.of(self.world.card(task_id), light=False) for task_id in ids]
        return Reply(201, b"[" + b",".join(rows) + b"]")

    def change(self, request: Request, task_id: str) -> Reply:
        """Checked as a whole first, so that a refused change changes nothing."""
        body = request.json_object()
        with self.world.lock:
            card = self.world.card(task_id)
            _check_change(body, card.status)
            if "name" in body or "tags" in body:
                self.world.rename(task_id, body.get("name"), body.get("tags"))
            if "outputContent" in body:
                self.world.edit(task_id, body["outputContent"], KEY_EMAIL)
            if "status" in body:
                self.world.approve(task_id, KEY_EMAIL)
            return Reply(200, self.world.bodies.of(card, light=False))

    def delete(self, request: Request, task_id: str) -> Reply:
        self.world.delete(task_id)
        return ok({"success": True})

    def complete(self, request: Request) -> Reply:
        """A completion for an application is a task: it runs asynchronously, and the reply carries the task's id."""
        body = request.json_object()
        if "application_id" not in body:
            raise bad_request("application_id is required: the sandbox plays applications only, no bare canvases")
        arrival = _arrival({"promptApplicationId": body["application_id"], "name": _name_in(body), "rawInput": body})
        with self.world.lock:
            task_id = self._arrive(arrival, request)
            card = self.world.card(task_id)
        return ok(
            {
                "id": task_id,
                "object": "chat.completion",
                "created": card.created // 1000,
                "status": card.status,
                "prompt_application_id": card.app_id,
                "prompt_version_id": card.version_id,
                "choices": [],
            }
        )

    def completion(self, request: Request, run: str) -> Reply:
        """By the id of the run, or of its task."""
        with self.world.lock:
            card = self.world.live(run) or self.world.live(self.world.task_of_run(run))
            if card is None:
                raise not_found("Completion")
            return ok(run_report(card, self.world.story(card)))

    def _arrive(self, arrival: dict[str, Any], request: Request) -> str:
        forward = {
            name.removeprefix(FORWARD): value for name, value in request.headers.items() if name.startswith(FORWARD)
        }
        task_id = self.world.arrive(**arrival, forward=forward)
        if arrival["output"] is None:
            fails = request.headers.get("x-sandbox-outcome") == "failed"
            self.life.run(task_id, fails=fails or self.files.is_any_missing(arrival["raw_input"]["variables"]))
        return task_id


def _arrival(task: Any) -> dict[str, Any]:
    """What `World.arrive` needs, from one object of `POST /task`."""
    if not isinstance(task, dict):
        raise bad_request("A task must be a JSON object")
    if task.get("sourceType", "prompt") != "prompt":
        raise bad_request("The sandbox creates no agent tasks")
    app_id, name, output = task.get("promptApplicationId"), task.get("name"), task.get("outputContent")
    if not isinstance(app_id, str) or not is_uuid(app_id):
        raise bad_request("promptApplicationId must be a UUID", parameter="promptApplicationId")
    if app_id.lower() not in BY_ID:
        raise not_found("Prompt application")
    if not isinstance(name, str) or not name:
        raise bad_request("name is required", parameter="name")
    run = task.get("completionRunId")
    if run is not None and not (isinstance(run, str) and is_uuid(run)):
        raise bad_request("completionRunId must be a UUID", parameter="completionRunId")
    return {
        "app_id": app_id.lower(),
        "name": name,
        "raw_input": _raw_input(task.get("rawInput") or {}, app_id.lower(), imported=output is not None),
        "output": output["content"] if isinstance(output, dict) and {"role", "content"} <= output.keys() else output,
        "tags": _strings("tags", task.get("tags") or []),
        "run": run,
    }


def _raw_input(given: Any, app_id: str, *, imported: bool) -> dict[str, Any]:
    """The request as stored: the application's id added, a lone file wrapped as `{files: […]}`."""
    variables = given.get("variables", {}) if isinstance(given, dict) else None
    if not isinstance(variables, dict):
        raise bad_request("rawInput.variables must be an object", parameter="rawInput")
    required = [variable.name for variable in BY_ID[app_id].variables if variable.required]
    missing = [name for name in required if variables.get(name) in (None, "", {})]
    if missing and not imported:
        raise bad_request("Required variables are missing", missing=missing)
    wrapped = {
        key: {"files": [value]} if isinstance(value, dict) and "file_url" in value else value
        for key, value in variables.items()
    }
    return {**given, "application_id": app_id, "variables": wrapped}


def _check_change(body: dict[str, Any], status: str) -> None:
    if status == "running":
        raise update_failed("A running task cannot be updated")
    if "name" in body and (not isinstance(body["name"], str) or not body["name"]):
        raise bad_request("name must be a text", parameter="name")
    if "tags" in body:
        _strings("tags", body["tags"])
    if "outputContent" in body and body["outputContent"] is None:
        raise bad_request("outputContent cannot be null", parameter="outputContent")
    if "status" in body and body["status"] != "completed":
        raise bad_request("The only status that can be set is completed", parameter="status")
    if "status" in body and status not in ("validating", "completed"):
        raise update_failed(f"A task that is {status} cannot be approved")


def _strings(name: str, values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise bad_request(f"{name} must be an array of texts", parameter=name)
    return values


def _name_in(body: dict[str, Any]) -> str:
    """A completion has no name of its own: that of its first file, or the end of the file's address."""
    variables = body.get("variables")
    for value in variables.values() if isinstance(variables, dict) else ():
        files = value.get("files", [value]) if isinstance(value, dict) else []
        for file in files if isinstance(files, list) else []:
            url = str(file.get("file_url", "")) if isinstance(file, dict) else ""
            name = str(file.get("file_name") or url.split("?")[0].rsplit("/", 1)[-1]) if url else ""
            if name:
                return name
    return "Untitled task"
