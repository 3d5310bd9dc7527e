"""Files name the person here who approved, beside the owner of the key."""

import csv
import io

from telareview.review.reviewing import Wish, review_task
from telareview.sync.refresh import refresh_task
from tests.accounts.cast import make_person, signed_in
from tests.review.waiting import CONTENT, waiting

COLUMNS = "name,approvedBy,approvedInTelareviewBy"


def test_the_person_stands_in_a_column_of_its_own(acme, sandbox, reviewer, client_of_tela):
    here, elsewhere, open_ = waiting(acme, sandbox, CONTENT, CONTENT, CONTENT)
    review_task(client_of_tela, acme, reviewer, Wish(here, approve=True))
    sandbox.world.approve(str(elsewhere.id), "ana@acme.example")

    answer = signed_in(reviewer).get(f"/tasks.csv?taskName=NF-&orderBy=createdAt&order=asc&cols={COLUMNS}")
    text = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [row["approvedInTelareviewBy"] for row in rows] == ["rui@acme.example", "", ""]
    assert rows[0]["approvedBy"] != "rui@acme.example"
    assert open_.status == "validating"


def test_a_revoked_approval_names_nobody(acme, sandbox, reviewer, client_of_tela):
    (seen,) = waiting(acme, sandbox)
    review_task(client_of_tela, acme, reviewer, Wish(seen, approve=True))
    sandbox.world.revoke(str(seen.id), stale=True)
    refresh_task(acme, seen.id)
    answer = signed_in(make_person("auditor", acme, "aud@acme.example")).get(f"/tasks.csv?taskName=NF-&cols={COLUMNS}")
    text = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()

    assert "rui@acme.example" not in text
