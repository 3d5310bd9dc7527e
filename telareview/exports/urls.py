from django.urls import path

from telareview.exports import log_views, views

app_name = "exports"

urlpatterns = [
    path("tasks.csv", views.tasks_csv, name="tasks-csv"),
    # /exports/
    path("exports/", log_views.export_list, name="list"),
    path("exports/new/", views.panel, name="new"),
    path("exports/<int:number>/", log_views.detail, name="detail"),
    path("exports/<int:number>/file/", log_views.file, name="file"),
    path("exports/<int:number>/manifest.json", log_views.manifest, name="manifest"),
    path("exports/<int:number>/cancellation/", log_views.cancellation, name="cancellation"),
    path("exports/<int:number>/removal/", log_views.removal, name="removal"),
]
