"""What a stored call leads to: the task is asked for, and only what Tela then says enters the mirror."""

import datetime as dt
import json
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from telareview.sandbox import SandboxServer
from telareview.sandbox.apps import INVOICES
from telareview.sync import claims, deliveries
from telareview.sync.claims import LOAN, MAX_ATTEMPTS, SPACING, SUBJECTS_A_CLAIM, claim, next_due
from telareview.sync.connection import tela_client
from telareview.sync.deliveries import (
    KEEP_BODIES,
    KEEP_DELIVERIES,
    fetch_told_tasks,
    process,
    take_up_deliveries,
    tidy_deliveries,
)
from telareview.sync.models import Delivery
from telareview.sync.pull import pull_tasks
from telareview.tasks.models import Learned, Payload, Task, TaskVersion
from telareview.tela import BadRequest, ReplyTooLarge, ServerFailed, UnreadableReply
from tests.sync.webhook_calls import RUN_ENDED, RUN_ID, SECRET, call, event

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox():
    with SandboxServer(tasks=40, seed=5) as server:
        yield server


@pytest.fixture(autouse=True)
def receiver(acme, sandbox):
    acme.api_url = sandbox.url
    acme.set_api_key(sandbox.key)
    acme.set_webhook_secret(SECRET)
    acme.save()
    return acme


@pytest.fixture
def clock(monkeypatch):
    """Our clock, which stands until it is told to go on."""

    class Clock:
        now = timezone.now()

        def on(self, step: dt.timedelta = SPACING + dt.timedelta(seconds=1)) -> None:
            """Without a step, to the next turn of a subject that was just asked for: jobs begin in whole seconds."""
            self.now += step

    clock = Clock()
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.now)
    return clock


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch):
    """The test's transaction lives in its connection."""
    monkeypatch.setattr(deliveries, "close_old_connections", lambda: None)


def waiting_task(sandbox) -> str:
    """A task of an app that waits for review."""
    task_id = sandbox.world.arrive()
    sandbox.world.finish(task_id)
    return task_id


def work() -> int:
    """Do the jobs that are due until none is, as a worker would; how many there were."""
    done = 0
    while job := due_jobs().first():
        # A worker takes a job up first, then does it: what is announced meanwhile is a new job.
        ProcrastinateJob.objects.filter(pk=job.pk)._raw_delete("default")
        fetch_told_tasks(**job.args)
        done += 1
    return done


def due_jobs():
    todo = ProcrastinateJob.objects.filter(status="todo", task_name="fetch_told_tasks").order_by("id")
    return todo.exclude(scheduled_at__gt=timezone.now())


def asked(sandbox, task_id: object = "/task") -> int:
    """How many calls asked for the task, alone or among others; without one, all calls."""
    return sum(str(task_id) in f"{request.path} {request.query}" for request in sandbox.requests)


def test_a_call_brings_the_task_into_the_mirror(sandbox, receiver):
    task_id = waiting_task(sandbox)
    call(event(task_id, "task.completed"))

    work()

    card = Task.objects.of(receiver).get()
    delivery = Delivery.objects.get()
    assert (str(card.task_id), card.status) == (task_id, "validating")
    assert TaskVersion.objects.get().learned_by == Learned.WEBHOOK
    assert (delivery.outcome, delivery.error, delivery.attempts) == (Delivery.Outcome.NEW, "", 1)
    assert delivery.processed_at is not None


def test_what_the_call_says_of_the_task_is_not_believed(sandbox, receiver):
    task_id = waiting_task(sandbox)
    lie = {"id": task_id, "title": "Forged", "status": "completed", "approvedBy": "mallory@evil.example"}
    call(event(task_id, task=lie, outputContent={"role": "assistant", "content": {"total": 1}}))

    work()

    card = Task.objects.of(receiver).get()
    assert (card.status, card.approved_by) == ("validating", None)
    assert card.name != "Forged"


def test_a_task_that_has_not_changed_is_left_alone(sandbox, receiver):
    with tela_client(receiver) as client:
        pull_tasks(receiver, client, connections=1)
    versions = TaskVersion.objects.count()
    known = Task.objects.of(receiver).filter(prompt_application_id=INVOICES.id).first()
    call(event(known.task_id))

    work()

    assert Delivery.objects.get().outcome == Delivery.Outcome.UNCHANGED
    assert TaskVersion.objects.count() == versions


def test_a_new_state_is_a_new_version(sandbox, receiver, clock):
    task_id = waiting_task(sandbox)
    call(event(task_id, "task.completed", 1))
    work()
    sandbox.world.approve(task_id)
    clock.on()
    call(event(task_id, "task.approved", 2))

    work()

    assert Task.objects.of(receiver).get().status == "completed"
    assert list(Delivery.objects.order_by("id").values_list("outcome", flat=True)) == ["new", "changed"]


def test_a_run_leads_to_its_task(sandbox, receiver):
    task_id = waiting_task(sandbox)
    run_id = sandbox.world.story(sandbox.world.card(task_id)).run_id
    call(RUN_ENDED.replace(str(RUN_ID).encode(), run_id.encode()))

    work()

    delivery = Delivery.objects.get()
    assert str(Task.objects.of(receiver).get().task_id) == task_id
    assert (str(delivery.task_id), str(delivery.completion_run_id)) == (task_id, run_id)
    assert delivery.outcome == Delivery.Outcome.NEW


def test_a_run_in_a_list_without_payloads_is_fetched_whole(receiver):
    with SandboxServer(tasks=5, list_payload="light") as sandbox:
        receiver.api_url = sandbox.url
        receiver.set_api_key(sandbox.key)
        receiver.save()
        task_id = waiting_task(sandbox)
        run_id = sandbox.world.story(sandbox.world.card(task_id)).run_id
        call(RUN_ENDED.replace(str(RUN_ID).encode(), run_id.encode()))

        work()

        assert asked(sandbox, task_id) == 1
    assert Delivery.objects.get().outcome == Delivery.Outcome.NEW


def test_what_is_called_a_run_may_be_a_task(sandbox, receiver):
    task_id = waiting_task(sandbox)
    call(RUN_ENDED.replace(str(RUN_ID).encode(), task_id.encode()))

    work()

    assert str(Task.objects.of(receiver).get().task_id) == task_id
    assert str(Delivery.objects.get().task_id) == task_id


def test_a_server_that_ignores_the_run_brings_no_strangers_in(sandbox, receiver, monkeypatch):
    """Tasks of other runs are not what was asked for."""
    monkeypatch.setattr("telareview.tela.query.TaskQuery.parameters", lambda _: [("limit", "10"), ("offset", "0")])
    call(RUN_ENDED)

    work()

    assert not Task.objects.exists()
    assert Delivery.objects.get().outcome == Delivery.Outcome.NOT_FOUND


@pytest.mark.parametrize("known", [True, False], ids=["in the mirror", "never seen"])
def test_404_concludes_nothing(sandbox, receiver, clock, known):
    task_id = waiting_task(sandbox)
    if known:
        call(event(task_id, number=1))
        work()
        clock.on()
    sandbox.world.delete(task_id)
    before = list(TaskVersion.objects.values_list("id", flat=True))
    call(event(task_id, number=2))

    work()

    delivery = Delivery.objects.latest("id")
    assert (delivery.outcome, delivery.error_code) == (Delivery.Outcome.NOT_FOUND, "not_found")
    assert list(TaskVersion.objects.values_list("id", flat=True)) == before
    assert not Task.objects.exclude(gone_at=None).exists()


def test_a_task_of_another_workspace_is_not_found_with_our_key(receiver, elsewhere):
    with SandboxServer(tasks=3, seed=9) as theirs:
        task_id = waiting_task(theirs)
        call(event(task_id))

        work()

        assert asked(theirs) == 0
    assert Delivery.objects.get().outcome == Delivery.Outcome.NOT_FOUND
    assert not Task.objects.exists()


# How often Tela is asked.


def test_a_hundred_calls_about_one_task_are_one_question(sandbox, receiver, clock):
    task_id = waiting_task(sandbox)
    for number in range(100):
        call(event(task_id, number=number))

    assert work() == 1

    assert asked(sandbox, task_id) == 1
    assert set(Delivery.objects.values_list("outcome", flat=True)) == {"new"}


def test_a_call_soon_after_a_question_waits_for_its_turn(sandbox, receiver, clock):
    task_id = waiting_task(sandbox)
    call(event(task_id, number=1))
    work()
    clock.on(dt.timedelta(seconds=1))
    sandbox.world.approve(task_id)
    call(event(task_id, number=2))

    work()
    assert asked(sandbox, task_id) == 1
    assert Delivery.objects.filter(processed_at=None).count() == 1
    assert work() == 0

    clock.on(SPACING)
    assert work() == 1
    assert asked(sandbox, task_id) == 2
    assert Task.objects.of(receiver).get().status == "completed"
    assert not Delivery.objects.filter(processed_at=None).exists()


def test_a_flood_is_one_question_in_five_seconds(sandbox, receiver, clock):
    task_id = waiting_task(sandbox)
    for number in range(60):
        call(event(task_id, number=number))
        work()
        clock.on(dt.timedelta(milliseconds=500))

    assert asked(sandbox, task_id) <= 30 / 5 + 1


def test_a_run_and_its_task_share_their_turn(sandbox, receiver, clock):
    task_id = waiting_task(sandbox)
    run_id = sandbox.world.story(sandbox.world.card(task_id)).run_id
    call(RUN_ENDED.replace(str(RUN_ID).encode(), run_id.encode()))
    work()
    call(event(task_id))

    work()

    assert asked(sandbox, task_id) == 0
    assert Delivery.objects.filter(processed_at=None).count() == 1


# When Tela does not answer.


def failing(sandbox, kind: str | None) -> None:
    sandbox.faults.rate, sandbox.faults.kinds = (1.0, (kind,)) if kind else (0.0, ())


@pytest.mark.parametrize("kind", ["429", "500", "reset", "cut"])
def test_a_passing_failure_is_tried_again_after_five_seconds(sandbox, receiver, clock, kind):
    task_id = waiting_task(sandbox)
    failing(sandbox, kind)
    call(event(task_id))
    work()

    delivery = Delivery.objects.get()
    assert delivery.processed_at is None
    assert delivery.error_code
    assert asked(sandbox, task_id) == 1

    failing(sandbox, None)
    assert work() == 0
    clock.on()
    work()

    delivery.refresh_from_db()
    assert (delivery.outcome, delivery.error, delivery.error_code) == (Delivery.Outcome.NEW, "", "")
    assert delivery.attempts == 2


def test_a_lasting_failure_is_tried_ever_more_rarely_and_given_up(sandbox, receiver, clock):
    failing(sandbox, "500")
    call(event(uuid4()))
    started, moments = clock.now, []
    while Delivery.objects.get().processed_at is None:
        before = Delivery.objects.get().attempts
        take_up_deliveries(0)
        work()
        if Delivery.objects.get().attempts > before:
            moments.append((clock.now - started).total_seconds())
        clock.on(dt.timedelta(seconds=1 if len(moments) < 3 else 30))

    pauses = [later - earlier for earlier, later in pairwise(moments)]
    delivery = Delivery.objects.get()
    assert len(moments) == delivery.attempts == MAX_ATTEMPTS
    assert SPACING.total_seconds() <= pauses[0] <= SPACING.total_seconds() + 2
    assert pauses[1:] == sorted(pauses[1:])
    assert 3600 <= moments[-1] <= 2 * 3600
    assert (delivery.outcome, delivery.error_code) == (Delivery.Outcome.FAILED, "server_failed")


def test_a_call_that_is_being_tried_again_does_not_delay_the_next_one(sandbox, receiver, clock):
    task_id = waiting_task(sandbox)
    failing(sandbox, "500")
    call(event(task_id, number=1))
    for _ in range(3):
        work()
        clock.on()
    assert next_due(receiver.pk) - clock.now > SPACING
    failing(sandbox, None)
    call(event(task_id, number=2))

    work()

    assert set(Delivery.objects.values_list("outcome", flat=True)) == {"new"}


def test_a_wrong_key_is_not_tried_again(sandbox, receiver):
    receiver.set_api_key("sk-of-somebody-else")
    receiver.save()
    call(event(uuid4()))

    work()

    delivery = Delivery.objects.get()
    assert (delivery.outcome, delivery.error_code) == (Delivery.Outcome.FAILED, "wrong_key")
    assert "sk-of-somebody-else" not in delivery.error


def test_a_workspace_without_a_key_says_so(receiver):
    receiver.api_key_encrypted = ""
    receiver.save()
    call(event(uuid4()))

    work()

    assert Delivery.objects.get().error_code == "no_key"


# When a worker dies, and when there are two.


def test_a_call_whose_job_was_lost_is_taken_up(sandbox, receiver, clock):
    task_id = waiting_task(sandbox)
    call(event(task_id))
    ProcrastinateJob.objects.all()._raw_delete("default")

    take_up_deliveries(0)
    take_up_deliveries(0)

    assert work() == 1
    assert Delivery.objects.get().outcome == Delivery.Outcome.NEW


def test_a_worker_killed_between_question_and_answer_repeats_it(sandbox, receiver, clock, monkeypatch):
    task_id = waiting_task(sandbox)
    call(event(task_id))

    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "record_tasks", killed)
        with pytest.raises(Killed):
            work()
    take_up_deliveries(0)
    assert work() == 0
    assert Delivery.objects.get().processed_at is None

    clock.on(LOAN)
    take_up_deliveries(0)
    work()

    assert Delivery.objects.get().outcome == Delivery.Outcome.NEW
    assert TaskVersion.objects.count() == 1


def test_doing_a_job_twice_changes_nothing(sandbox, receiver, clock):
    task_id = waiting_task(sandbox)
    call(event(task_id))

    process(receiver.pk)
    process(receiver.pk)

    assert asked(sandbox, task_id) == 1
    assert TaskVersion.objects.count() == 1


def test_two_workers_never_ask_for_the_same_task(receiver, clock):
    ids = [uuid4() for _ in range(3)]
    for number, task_id in enumerate(ids[:2]):
        call(event(task_id, number=number))
    first = claim(receiver.pk)
    call(event(ids[2], number=2))
    call(event(ids[0], number=3))

    second = claim(receiver.pk)

    assert {subject.task_id for subject in first.attempts} == set(ids[:2])
    assert {subject.task_id for subject in second.attempts} == {ids[2]}
    assert claim(receiver.pk) is None


def test_a_call_that_comes_while_its_task_is_asked_for_has_its_turn_soon_after(sandbox, receiver, clock, monkeypatch):
    task_id = waiting_task(sandbox)
    call(event(task_id, number=1))
    ask = deliveries.ask

    def ask_slowly(client, subjects):
        answers = ask(client, subjects)
        sandbox.world.approve(task_id)
        call(event(task_id, number=2))
        clock.on(dt.timedelta(seconds=20))
        assert claim(receiver.pk) is None
        return answers

    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "ask", ask_slowly)
        work()
    # The distance counts from the end of a question, however long it took.
    call(event(task_id, number=3))
    work()
    assert asked(sandbox, task_id) == 1
    clock.on()

    work()

    assert asked(sandbox, task_id) == 2
    assert Task.objects.of(receiver).get().status == "completed"


def test_processed_calls_are_not_taken_up(receiver, clock):
    call(b"not json")
    call(event(None))
    clock.on(dt.timedelta(hours=1))

    take_up_deliveries(0)

    assert not due_jobs().exists()
    assert next_due(receiver.pk) is None


# Many at once.


def several(sandbox, count):
    ids = [waiting_task(sandbox) for _ in range(count)]
    for number, task_id in enumerate(ids):
        call(event(task_id, number=number))
    sandbox.requests.clear()
    return ids


def outcomes():
    return dict(Delivery.objects.order_by("outcome").values_list("task_id", "outcome"))


def test_what_is_due_at_once_is_asked_for_in_one_call(sandbox, receiver, clock):
    several(sandbox, 12)

    assert work() == 1

    assert asked(sandbox) == 1
    assert set(outcomes().values()) == {"new"}


def test_more_than_one_call_may_ask_for_is_worked_off_at_once(sandbox, receiver, clock, monkeypatch):
    monkeypatch.setattr(claims, "SUBJECTS_A_CLAIM", 5)
    several(sandbox, 12)

    assert work() == 3

    assert asked(sandbox) == 3
    assert set(outcomes().values()) == {"new"}
    assert SUBJECTS_A_CLAIM <= 50


def test_the_longest_waiting_are_taken_up_first(receiver, clock, monkeypatch):
    monkeypatch.setattr(claims, "SUBJECTS_A_CLAIM", 2)
    ids = [uuid4() for _ in range(3)]
    for number, task_id in enumerate(ids):
        call(event(task_id, number=number))
        clock.on(dt.timedelta(milliseconds=1))

    assert [subject.task_id for subject in claim(receiver.pk).attempts] == ids[:2]


def test_one_missing_task_does_not_hold_up_the_others(sandbox, receiver, clock):
    ids = several(sandbox, 6)
    sandbox.world.delete(ids[2])

    work()

    assert asked(sandbox) == 2
    assert outcomes().pop(UUID(ids[2])) == "not_found"
    assert list(outcomes().values()).count("new") == 5


@pytest.mark.parametrize("error", [BadRequest, UnreadableReply, ServerFailed, ReplyTooLarge])
def test_where_the_list_fails_each_task_is_asked_for_by_its_own_address(sandbox, receiver, clock, monkeypatch, error):
    def fails(*_):
        raise error

    monkeypatch.setattr("telareview.tela.TelaClient.list_tasks", fails)
    several(sandbox, 4)

    work()

    assert asked(sandbox) == 4
    assert set(outcomes().values()) == {"new"}


def test_a_list_without_payloads_is_not_mirrored(receiver, clock):
    with SandboxServer(tasks=3, list_payload="light") as sandbox:
        receiver.api_url = sandbox.url
        receiver.save()
        several(sandbox, 3)

        work()

        assert asked(sandbox) == 1 + 3
    assert set(outcomes().values()) == {"new"}
    assert not Payload.objects.exclude(text__contains="rawInput").exists()


@pytest.mark.parametrize(("kind", "most"), [("reset", 1), ("429", 1), ("500", 2)])
def test_a_tela_that_fails_altogether_is_not_asked_for_each(sandbox, receiver, clock, kind, most):
    several(sandbox, 20)
    failing(sandbox, kind)

    work()

    assert asked(sandbox) <= most
    assert Delivery.objects.filter(processed_at=None).exclude(error_code="").count() == 20
    failing(sandbox, None)
    clock.on()
    work()
    assert set(outcomes().values()) == {"new"}


def test_ten_more_tasks_cost_no_more_statements(sandbox, receiver, clock, django_assert_num_queries):
    several(sandbox, 2)
    with CaptureQueriesContext(connection) as few:
        process(receiver.pk)
    statements = len(few)
    Delivery.objects.all().delete()
    several(sandbox, 12)

    with django_assert_num_queries(statements):
        process(receiver.pk)


# What stays.


def test_old_bodies_are_emptied_and_old_calls_deleted(receiver, clock):
    for number in range(4):
        call(event(uuid4(), number=number))
    processed = {"processed_at": clock.now, "outcome": Delivery.Outcome.UNCHANGED}
    young, week, old, waiting = Delivery.objects.order_by("id")
    day = dt.timedelta(days=1)
    for delivery, age, values in (
        (young, KEEP_BODIES - day, processed),
        (week, KEEP_BODIES + day, processed),
        (old, KEEP_DELIVERIES + day, processed),
        (waiting, KEEP_DELIVERIES + day, {}),
    ):
        Delivery.objects.filter(pk=delivery.pk).update(received_at=clock.now - age, **values)

    tidy_deliveries(0)

    kept = dict(Delivery.objects.values_list("pk", "body"))
    assert set(kept) == {young.pk, week.pk, waiting.pk}
    assert json.loads(kept[young.pk])
    assert json.loads(kept[waiting.pk])
    assert kept[week.pk] == ""
