"""What a plain program does with the same API and the same database: the limit that the pull is measured against.

`python -m tests.bench.bare_loop ADDRESS KEY DATABASE`: pages by `requests`, decoded as JSON, their rows and payloads
by COPY into one table with a primary key, a commit for each page. No history, no search, no resumption.
"""

import json
import sys
import time

import psycopg
import requests

PAGE_ROWS = 100
COLUMNS = {
    "id": "uuid PRIMARY KEY",
    "reference": "bigint",
    "name": "text",
    "status": "text",
    "createdBy": "text",
    "approvedBy": "text",
    "approvedAt": "timestamptz",
    "createdAt": "timestamptz",
    "updatedAt": "timestamptz",
}


def main(address: str, key: str, database: str) -> None:
    began = time.perf_counter()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"
    rows = 0
    with psycopg.connect(database) as connection:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
        connection.execute(f"CREATE TABLE bare_task ({columns}, payload json)")
        while True:
            question = {"limit": str(PAGE_ROWS), "offset": str(rows), "orderBy": "createdAt", "order": "asc"}
            answer = session.get(f"{address}/task", params=question, timeout=60)
            answer.raise_for_status()
            page = answer.json()
            if not page:
                break
            with connection.cursor().copy("COPY bare_task FROM STDIN") as copy:
                for task in page:
                    copy.write_row((*(task[name] for name in COLUMNS), json.dumps(task)))
            connection.commit()
            rows += len(page)
    print(json.dumps({"rows": rows, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
