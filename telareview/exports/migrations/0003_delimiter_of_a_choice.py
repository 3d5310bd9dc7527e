from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exports", "0002_files_and_downloads")]

    operations = [
        migrations.AddField(
            model_name="exportchoice",
            name="delimiter",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
