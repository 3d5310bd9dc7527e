from django.urls import path

from telareview.review import bulk_views, review_views, views

app_name = "review"

urlpatterns = [
    # /tasks/new/
    path("tasks/new/", views.new, name="new"),
    path("tasks/new/template.csv", views.template, name="template"),
    path("tasks/new/many/", views.many, name="many"),
    path("tasks/new/many/<int:number>/", views.batch, name="batch"),
    path("tasks/new/many/<int:number>/act/", views.act, name="act"),
    path("tasks/new/many/<int:number>/<int:line>/again/", views.again, name="again"),
    path("tasks/new/many/<int:number>/report.csv", views.batch_report, name="report"),
    # /tasks/review/
    path("tasks/review/next/", review_views.next_task, name="next"),
    path("tasks/review/bulk/", bulk_views.bulk, name="bulk"),
    path("tasks/review/bulk/<int:number>/", bulk_views.result, name="bulk-result"),
    path("tasks/review/bulk/<int:number>/resume/", bulk_views.resume, name="bulk-resume"),
    path("tasks/<uuid:task_id>/review/", review_views.task, name="task"),
    path("tasks/<uuid:task_id>/review/preview/", review_views.preview, name="preview"),
]
