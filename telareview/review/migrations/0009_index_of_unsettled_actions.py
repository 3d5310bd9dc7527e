from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("review", "0008_several_files_of_a_row"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outgoingaction",
            index=models.Index(
                condition=models.Q(("outcome__in", ["", "lost"])),
                fields=["workspace", "task_id"],
                name="action_unsettled",
            ),
        ),
    ]
