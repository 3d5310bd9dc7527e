"""`./run soak reviewers`, small: two reviewers in one queue, and random edits of random outputs."""

import pytest

from telareview.tasks.filters import TaskFilter
from tests.accounts.cast import make_person
from tests.review.waiting import waiting
from tests.soak.reviewers import edit_at_random, review_together, wrong_together


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_of_one_queue_approve_nothing_twice_and_overwrite_nothing(acme, sandbox, reviewer):
    other = make_person("reviewer", acme, "eva@acme.example")
    waiting(acme, sandbox, *[{"cliente": "Acme", "n": number} for number in range(40)])

    task_filter = TaskFilter(order_by="createdAt", order="asc", task_name="NF-")
    count = review_together(acme, [reviewer, other], task_filter)

    assert wrong_together(acme, sandbox, count, 40) == []


def test_after_each_edit_tela_holds_what_the_form_showed_with_the_persons_name(acme, sandbox, reviewer):
    assert edit_at_random(acme, sandbox, reviewer, 60, seed=11) == []
