import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_former_webhook_secret'),
        ('ledger', '0001_initial'),
    ]

    operations = [
        # Nothing had written to them yet.
        migrations.DeleteModel('Leaf'),
        migrations.DeleteModel('Checkpoint'),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('pk', models.CompositePrimaryKey('workspace_id', 'size', blank=True, editable=False, primary_key=True, serialize=False)),
                ('size', models.BigIntegerField()),
                ('root', models.BinaryField(max_length=32)),
                ('frontier', models.BinaryField()),
                ('note', models.TextField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'verbose_name': 'checkpoint',
                'verbose_name_plural': 'checkpoints',
            },
        ),
        migrations.CreateModel(
            name='Leaf',
            fields=[
                ('pk', models.CompositePrimaryKey('workspace_id', 'index', blank=True, editable=False, primary_key=True, serialize=False)),
                ('index', models.BigIntegerField()),
                ('source', models.TextField()),
                ('record_id', models.BigIntegerField()),
                ('hash', models.BinaryField(max_length=32)),
                ('closed', models.BinaryField(max_length=32, null=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'verbose_name': 'leaf',
                'verbose_name_plural': 'leaves',
            },
        ),
        migrations.CreateModel(
            name='Sending',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.TextField()),
                ('size', models.BigIntegerField()),
                ('tried_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('sent', models.BooleanField()),
                ('error_code', models.TextField(blank=True, default='')),
                ('error', models.TextField(blank=True, default='')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'verbose_name': 'sending',
                'verbose_name_plural': 'sendings',
            },
        ),
        migrations.CreateModel(
            name='SigningKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField()),
                ('public_key', models.BinaryField(max_length=32)),
                ('private_key_encrypted', models.TextField(editable=False)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'verbose_name': 'signing key',
                'verbose_name_plural': 'signing keys',
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='checkpoint',
            trigger=pgtrigger.compiler.Trigger(name='checkpoints_is_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;", hash='518ea506fa9ad1133dedc83f5a72f6c9bdcbb625', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_checkpoints_is_append_only_8b6b2', table='ledger_checkpoint', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='checkpoint',
            trigger=pgtrigger.compiler.Trigger(name='checkpoints_is_not_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;", hash='6df12c4527188c9ebbe9bf93a04ba424fcc25fd5', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_checkpoints_is_not_truncated_b4953', table='ledger_checkpoint', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='leaf',
            constraint=models.UniqueConstraint(fields=('source', 'record_id'), name='record_sealed_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='leaf',
            trigger=pgtrigger.compiler.Trigger(name='leaves_is_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;", hash='a445fe61ec17738bab5d0a66a204844dd907d0f8', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_leaves_is_append_only_9fab3', table='ledger_leaf', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='leaf',
            trigger=pgtrigger.compiler.Trigger(name='leaves_is_not_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;", hash='559475cbe8d36ff441e082adcffe50f19b55d38a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_leaves_is_not_truncated_94b79', table='ledger_leaf', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='sending',
            index=models.Index(fields=['workspace', 'place', '-tried_at'], name='sending_newest_first'),
        ),
    ]
