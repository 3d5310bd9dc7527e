from django.db import migrations

#: pglz took a quarter of PostgreSQL's part of a first fill, and saves half the room. Where there is no lz4, a payload of
#: up to 8 KB lies as it is; the server goes on to compress larger ones.
LEAVE_AS_IT_IS = """
DO $$ BEGIN
    IF (SELECT attcompression <> 'l' FROM pg_attribute
        WHERE attrelid = 'tasks_payload'::regclass AND attname = 'text') THEN
        ALTER TABLE tasks_payload SET (toast_tuple_target = 8160);
    END IF;
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0011_who_did_it'),
    ]

    operations = [
        migrations.RunSQL(LEAVE_AS_IT_IS, "ALTER TABLE tasks_payload RESET (toast_tuple_target)"),
    ]
