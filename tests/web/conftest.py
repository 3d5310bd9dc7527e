import io
import logging
from collections.abc import Iterator

import pytest

from telareview.web.logs import logging_config


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the product's own log would hold, from every logger."""
    out = io.StringIO()
    formatter = dict(logging_config(readable=False)["formatters"]["lines"])
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter.pop("()")(**formatter))
    logging.getLogger().addHandler(handler)
    yield out
    logging.getLogger().removeHandler(handler)
