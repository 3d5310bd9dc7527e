from django.urls import path

from telareview.tasks import erasure_views, views

app_name = "tasks"

urlpatterns = [
    # /tasks/
    path("", views.task_list, name="list"),
    path("count/", views.task_count, name="count"),
    path("erasures/", erasure_views.erasure_list, name="erasures"),
    path("retention/", erasure_views.set_retention, name="retention"),
    # /tasks/<uuid>/
    path("<uuid:task_id>/", views.task_detail, name="detail"),
    path("<uuid:task_id>/erase/", erasure_views.erase_task, name="erase"),
    path("<uuid:task_id>/following/", views.task_following, name="following"),
    path("<uuid:task_id>/<slug:tab>/", views.task_detail, name="tab"),
    path("<uuid:task_id>/raw.json", views.task_raw, name="raw-json"),
    path("<uuid:task_id>/versions/<int:number>/", views.task_detail, name="version"),
]
