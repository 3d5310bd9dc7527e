from django.urls import path

from telareview.sync import status_page, views, webhook_views, webhooks_page

app_name = "sync"

urlpatterns = [
    # /tasks/
    path("tasks/live/", views.task_list_live, name="live"),
    path("tasks/<uuid:task_id>/refresh/", views.refresh, name="refresh-task"),
    path("tasks/<uuid:task_id>/tela-versions/", views.tela_versions, name="tela-versions"),
    # /sync/
    path("sync/", status_page.status, name="status"),
    path("sync/freshness/", views.freshness, name="freshness"),
    path("sync/pull/", status_page.pull, name="pull"),
    path("sync/sweep/", status_page.sweep, name="sweep"),
    path("sync/drift/", status_page.drift, name="drift"),
    path("sync/rows/<int:number>/", status_page.raw_row, name="raw-row"),
    path("sync/apps/", views.name_app, name="name-app"),
    # /sync/webhooks/
    path("sync/webhooks/", webhooks_page.page, name="webhooks"),
    path("sync/webhooks/register/", webhooks_page.register, name="register-webhook"),
    path("sync/webhooks/secret/", webhooks_page.secret, name="webhook-secret"),
    path("sync/webhooks/subscriptions/<slug:subscription_id>/", webhooks_page.change, name="change-webhook"),
    path("sync/webhooks/calls/<int:number>/", webhooks_page.body, name="webhook-body"),
    # /webhooks/
    path("webhooks/tela/<slug:slug>/", webhook_views.tela, name="webhook"),
    # A sender may drop the slash, and would follow a redirect with GET.
    path("webhooks/tela/<slug:slug>", webhook_views.tela),
]
