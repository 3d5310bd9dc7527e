from django.urls import path

from telareview.exports import views

app_name = "exports"

urlpatterns = [
    path("tasks.csv", views.tasks_csv, name="tasks-csv"),
    # /exports/
    path("exports/", views.export_list, name="list"),
]
