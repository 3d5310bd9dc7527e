#!/usr/bin/env python
"""Django's command line. `./run manage …` calls it inside the project's own environment."""

import sys

from django.core.exceptions import ImproperlyConfigured

from telareview.demo.local import WRONG_USE, prepared


def main() -> None:
    try:
        with prepared(sys.argv[1:]):
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(WRONG_USE)


if __name__ == "__main__":
    main()
