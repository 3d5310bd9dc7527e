"""Workstation Events: subscriptions of an app, and a delivery for each thing that happens to its tasks.

Payloads are not signed, as Tela does not sign them; a subscription's headers are sent as they stand.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from telareview.sandbox.courier import Courier, Outcome, post
from telareview.sandbox.runs import run_report
from telareview.sandbox.state import State
from telareview.sandbox.tasks import Card, Story, wrapped
from telareview.sandbox.wire import dumps, iso

EVENTS = ("task.completed", "task.failed", "task.approved", "task.approvalRevoked")
RUN_ENDS = ("task.completed", "task.failed")


@dataclass(slots=True)
class Webhook:
    id: str
    app_id: str
    created: int
    updated: int
    name: str
    url: str
    events: list[str]
    headers: dict[str, str] = field(default_factory=dict)
    sensitive: list[str] = field(default_factory=list)
    method: str = "POST"
    active: bool = True

    def shown(self) -> dict[str, Any]:
        """As the API shows it: values of sensitive headers are masked."""
        hidden = {name.lower() for name in self.sensitive}
        return {
            "id": self.id,
            "promptApplicationId": self.app_id,
            "name": self.name,
            "url": self.url,
            "method": self.method,
            "events": self.events,
            "headers": {name: "********" if name.lower() in hidden else text for name, text in self.headers.items()},
            "sensitiveHeaders": self.sensitive,
            "isActive": self.active,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
        }


@dataclass(slots=True)
class Delivery:
    id: str
    webhook_id: str
    event: str
    task_id: str
    created: int
    original_id: str | None = None
    status: str = "pending"
    attempts: int = 0
    outcome: Outcome = field(default_factory=Outcome)

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "webhookId": self.webhook_id,
            "eventType": self.event,
            "taskId": self.task_id,
            "status": self.status,
            "attempts": self.attempts,
            "statusCode": self.outcome.status,
            "errorMessage": self.outcome.error,
            "originalDeliveryId": self.original_id,
            "createdAt": iso(self.created),
        }


class Webhooks:
    def __init__(self, state: State, courier: Courier) -> None:
        self.state, self.courier = state, courier
        self.hooks: dict[str, Webhook] = {}
        self.deliveries: list[Delivery] = []
        state.listeners.append(self.hear)

    def hear(self, event: str, card: Card, story: Story) -> None:
        """Something happened to a task: tell those who subscribed, and the address its creator gave."""
        for hook in self.hooks.values():
            if hook.active and hook.app_id == card.app_id and event in hook.events:
                self.deliver(hook, event, card, story)
        address = story.raw_input.get("webhook_url")
        if event in RUN_ENDS and isinstance(address, str) and address:
            body, headers = dumps(run_report(card, story)), story.forward
            self.courier.send(lambda: post(address, body, headers), lambda *_: None)

    def deliver(self, hook: Webhook, event: str, card: Card, story: Story, original: str | None = None) -> Delivery:
        delivery = Delivery(str(uuid4()), hook.id, event, card.id, self.state.clock.now(), original)
        self.deliveries.append(delivery)
        body = dumps(payload(event, card, story, self.state.clock.now()))
        headers = {**hook.headers, **story.forward}

        def done(outcome: Outcome, attempt: int) -> None:
            delivery.outcome, delivery.attempts = outcome, attempt
            delivery.status = "success" if outcome.success else "failed"

        self.courier.send(lambda: post(hook.url, body, headers, hook.method), done)
        return delivery


def payload(event: str, card: Card, story: Story, now: int) -> dict[str, Any]:
    """One notification; `id` tells repeated deliveries of it apart from new ones."""
    files = (story.input or {}).get("files", [])
    return {
        "id": str(uuid4()),
        "event": event,
        "timestamp": iso(now),
        "task": {
            "id": card.id,
            "title": card.name,
            "name": card.name,
            "description": None,
            "status": card.status,
            "reference": card.reference,
            "promptApplicationId": card.app_id,
            "approvedBy": card.approved_by,
            "approvedAt": iso(card.approved),
        },
        "inputContent": {
            "files": [
                {"filename": file["name"], "content": file["parsedContent"], "type": file["type"]} for file in files
            ]
        },
        "outputContent": wrapped(story.current),
    }
