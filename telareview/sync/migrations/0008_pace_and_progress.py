from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("sync", "0007_delivery_due"),
    ]

    operations = [
        migrations.AddField(
            model_name="bookmark",
            name="every_seconds",
            field=models.PositiveIntegerField(default=30),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="share_before",
            field=models.FloatField(default=0),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="mended",
            field=models.BooleanField(default=True),
        ),
    ]
