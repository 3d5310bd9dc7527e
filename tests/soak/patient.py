"""A worker as `manage.py worker` is one, but for a stand-in that has done, or not done, what it was asked at once.

Run as a process: `python -m tests.soak.patient`.
"""

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command

    from telareview.review import lost
    from tests.soak.creates import SETTLE_SECONDS

    lost.SETTLE_SECONDS = SETTLE_SECONDS
    call_command("worker", "--every", "60")


if __name__ == "__main__":
    main()
