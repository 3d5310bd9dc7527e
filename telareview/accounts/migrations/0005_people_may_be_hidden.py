from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_who_may_write")]

    operations = [
        migrations.AddField(
            model_name="workspace",
            name="hide_people",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Viewers and operators then see pseudonyms.",
                verbose_name="hides people",
            ),
        ),
    ]
