"""The same tasks by dlt: its own source for REST APIs, merged into PostgreSQL by their id.

`python -m tests.bench.dlt_load ADDRESS KEY DATABASE FOLDER [whole]`. Without `whole` dlt runs as it comes and takes
nested values apart, down to tables of their own for lists in lists; with it they stay JSON, as in the mirror.
"""

import json
import os
import sys
import time
from typing import Any

PAGE_ROWS = 100
#: Of the tasks' own table, with nested values left in it.
NO_NESTING = 0


def main(address: str, key: str, database: str, folder: str, nested: str = "") -> None:
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    import dlt
    from dlt.sources.rest_api import rest_api_source

    paging: Any = {
        "type": "offset",
        "limit": PAGE_ROWS,
        "limit_param": "limit",
        "offset_param": "offset",
        "total_path": None,
        "stop_after_empty_page": True,
    }
    endpoint: Any = {"path": "task", "params": {"orderBy": "createdAt", "order": "asc"}, "data_selector": "$"}
    nesting: dict[str, Any] = {"max_table_nesting": NO_NESTING} if nested == "whole" else {}
    source = rest_api_source(
        {
            "client": {"base_url": address, "auth": {"type": "bearer", "token": key}, "paginator": paging},
            "resources": [
                {"name": "task", "primary_key": "id", "write_disposition": "merge", "endpoint": endpoint},
            ],
        },
        **nesting,
    )
    began = time.perf_counter()
    pipeline = dlt.pipeline(
        "bench", pipelines_dir=folder, destination=dlt.destinations.postgres(database), dataset_name="dlt"
    )
    pipeline.run(source).raise_on_failed_jobs()
    seconds = time.perf_counter() - began
    with pipeline.sql_client() as client:
        rows = client.execute_sql("SELECT count(*) FROM task")
    print(json.dumps({"rows": rows[0][0] if rows else 0, "seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
