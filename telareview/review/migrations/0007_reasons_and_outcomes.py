from django.db import migrations, models


class Migration(migrations.Migration):
    """Why a task was left out, to be told in any language; and a change of which no look can tell what became."""

    dependencies = [
        ("review", "0006_source_of_batch"),
    ]

    operations = [
        migrations.AddField(
            model_name="bulktask",
            name="code",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="bulktask",
            name="words",
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name="outgoingaction",
            name="outcome",
            field=models.TextField(
                blank=True,
                choices=[
                    ("done", "done"),
                    ("refused", "refused by Tela"),
                    ("unsent", "not sent"),
                    ("lost", "answer lost"),
                    ("found", "answer lost, but done"),
                    ("absent", "answer lost, and not done"),
                    ("untold", "answer lost: look in Tela"),
                ],
                default="",
            ),
        ),
    ]
