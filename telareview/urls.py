"""Every address of the product, by room, and what is shown when something goes wrong."""

from django.contrib import admin
from django.urls import include, path

from telareview.tasks.views import history

urlpatterns = [
    path("", include("telareview.web.urls")),
    path("accounts/", include("telareview.accounts.urls")),
    # Before whatever else stands under /history/.
    path("history/seals/", include("telareview.ledger.urls")),
    # Before the tasks' own, which know nothing of syncing and creating.
    path("", include("telareview.sync.urls")),
    path("", include("telareview.review.urls")),
    path("tasks/", include("telareview.tasks.urls")),
    path("history/", history, name="history"),
    path("", include("telareview.exports.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "telareview.web.errors.bad_request"
handler403 = "telareview.web.errors.forbidden"
handler404 = "telareview.web.errors.not_found"
# Asked for by allauth's rate limits.
handler429 = "telareview.web.errors.too_many"
handler500 = "telareview.web.errors.failed"
