from django.urls import path

from telareview.ledger import views

app_name = "ledger"

urlpatterns = [
    # /history/seals/
    path("", views.seals, name="seals"),
    path("checkpoints.txt", views.checkpoints, name="checkpoints"),
    path("record.zip", views.record, name="record"),
]
