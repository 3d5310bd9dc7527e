from django.urls import path

from telareview.review import review_views

app_name = "review"

urlpatterns = [
    # /tasks/review/
    path("tasks/review/next/", review_views.next_task, name="next"),
    path("tasks/<uuid:task_id>/review/", review_views.task, name="task"),
    path("tasks/<uuid:task_id>/review/preview/", review_views.preview, name="preview"),
]
