"""The WSGI door that gunicorn opens."""

import os

from django.core.wsgi import get_wsgi_application

from telareview.web.database import limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telareview.settings")

application = get_wsgi_application()
limit_statements()
