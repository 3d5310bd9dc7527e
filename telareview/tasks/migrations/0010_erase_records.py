from django.db import migrations

# The one way to take something away from the history. It writes its own record, so nothing is erased unseen, and takes
# only what has been sealed, so the proof stays whole. Runs with the rights of the tables' owner.
ERASE_RECORDS = r"""
CREATE OR REPLACE FUNCTION public.erase_records(
    in_workspace bigint, in_scope text, in_reason text, in_asked_by text, in_tasks uuid[], in_versions bigint[]
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    the_number integer;
    versions bigint[] := '{}';
    told bigint[] := '{}';
    ignored text := coalesce(nullif(current_setting('pgtrigger.ignore', true), ''), '{}');
BEGIN
    IF coalesce(btrim(in_reason), '') = '' OR in_scope NOT IN ('tasks', 'payloads', 'lifted') THEN
        RAISE EXCEPTION 'An erasure needs a scope and a reason.';
    END IF;
    -- Of the mirror's writers (tasks/mirror.py): numbers stay without gaps, and no state arrives meanwhile.
    PERFORM pg_advisory_xact_lock(1952543595, in_workspace::integer);
    SELECT coalesce(max(number), 0) + 1 INTO the_number FROM tasks_erasure WHERE workspace_id = in_workspace;
    PERFORM set_config('pgtrigger.ignore', (
        SELECT coalesce(array_agg(tgname::text), '{}')::text FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN (
            'public.tasks_taskversion'::regclass, 'public.tasks_toldversion'::regclass,
            'public.tasks_payload'::regclass, 'public.tasks_reviewact'::regclass)
    ), true);
    IF in_scope = 'tasks' THEN
        SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO versions FROM tasks_taskversion
        WHERE workspace_id = in_workspace AND task_id = ANY (in_tasks) AND salt IS NOT NULL;
        SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO told FROM tasks_toldversion
        WHERE workspace_id = in_workspace AND task_id = ANY (in_tasks) AND salt IS NOT NULL;
    ELSIF in_scope = 'payloads' THEN
        SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO versions FROM tasks_taskversion AS version
        WHERE workspace_id = in_workspace AND id = ANY (in_versions)
            AND EXISTS (SELECT FROM tasks_payload AS payload WHERE payload.version_id = version.id);
    END IF;
    IF EXISTS (
        SELECT FROM unnest(versions) AS id
        WHERE NOT EXISTS (SELECT FROM ledger_leaf WHERE source = 'version' AND record_id = id)
        UNION ALL
        SELECT FROM unnest(told) AS id
        WHERE NOT EXISTS (SELECT FROM ledger_leaf WHERE source = 'told' AND record_id = id)
    ) THEN
        RAISE EXCEPTION 'Only what has been sealed can be erased.';
    END IF;
    DELETE FROM tasks_payload WHERE version_id = ANY (versions);
    IF in_scope = 'tasks' THEN
        UPDATE tasks_taskversion SET name = NULL, created_by = NULL, approved_by = NULL, edited_paths = '{}',
            changed_paths = '{}', tags = '{}', agent_id = NULL, source_type = NULL, content_hash = '', salt = NULL,
            erasure = the_number
        WHERE id = ANY (versions);
        UPDATE tasks_toldversion SET name = NULL, changed_by = NULL, text = 'null',
            content_hash = sha256(convert_to(id::text, 'UTF8')), salt = NULL
        WHERE id = ANY (told);
        UPDATE tasks_reviewact SET person_email = '', edits = '[]'
        WHERE workspace_id = in_workspace AND task_id = ANY (in_tasks);
    END IF;
    PERFORM set_config('pgtrigger.ignore', ignored, true);
    INSERT INTO tasks_erasure (workspace_id, number, scope, reason, asked_by, task_ids, records)
    VALUES (in_workspace, the_number, in_scope, btrim(in_reason), in_asked_by, in_tasks, (
        SELECT '[' || coalesce(string_agg('["' || source || '",' || id || ']', ',' ORDER BY source, id), '') || ']'
        FROM (SELECT 'version' AS source, unnest(versions) AS id UNION ALL SELECT 'told', unnest(told)) AS erased
    )::json);
    RETURN the_number;
END
$$;
REVOKE ALL ON FUNCTION public.erase_records(bigint, text, text, text, uuid[], bigint[]) FROM PUBLIC;
"""

# As `0007_known_then` made it, and one column at its end.
COLUMNS = """workspace_id, task_id, reference, name, name_start, status, created_by, approved_by, approved_at, created_at,
    updated_at, revision_process, edited_paths, prompt_application_id, prompt_version_id, completion_run_id,
    workflow_run_id, agent_id, source_type, tags, gone_at, version_id, version_number, observed_at"""
VIEW = f"""
CREATE OR REPLACE VIEW tasks_knowncard AS
SELECT {COLUMNS}, '(,)'::tstzrange AS span, true AS stands, erasure FROM tasks_task
UNION ALL
SELECT {COLUMNS}, span, false AS stands, erasure FROM tasks_formercard
"""


class Migration(migrations.Migration):

    dependencies = [("tasks", "0009_erasures"), ("ledger", "0002_a_tree_for_each_workspace")]

    operations = [
        migrations.RunSQL(VIEW, migrations.RunSQL.noop),
        migrations.RunSQL(
            ERASE_RECORDS, "DROP FUNCTION public.erase_records(bigint, text, text, text, uuid[], bigint[])"
        )
    ]
