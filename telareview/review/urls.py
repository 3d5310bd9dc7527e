from django.urls import path

from telareview.review import bulk_views, review_views

app_name = "review"

urlpatterns = [
    # /tasks/review/
    path("tasks/review/next/", review_views.next_task, name="next"),
    path("tasks/review/bulk/", bulk_views.bulk, name="bulk"),
    path("tasks/review/bulk/<int:number>/", bulk_views.result, name="bulk-result"),
    path("tasks/review/bulk/<int:number>/resume/", bulk_views.resume, name="bulk-resume"),
    path("tasks/<uuid:task_id>/review/", review_views.task, name="task"),
    path("tasks/<uuid:task_id>/review/preview/", review_views.preview, name="preview"),
]
