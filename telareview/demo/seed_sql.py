"""The SQL that makes seeded tasks: a CTE a thought, from a number to the payload's text."""

#: JSON in SQL. The planner puts the bodies in the place of the calls.
FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION pg_temp.instant(moment timestamptz) RETURNS text STABLE LANGUAGE sql RETURN
    coalesce(to_char(moment AT TIME ZONE 'UTC', '\"YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\"'), 'null');
CREATE OR REPLACE FUNCTION pg_temp.quoted(value uuid) RETURNS text STABLE LANGUAGE sql RETURN
    coalesce('"' || value || '"', 'null');
CREATE OR REPLACE FUNCTION pg_temp.day(moment timestamptz) RETURNS text STABLE LANGUAGE sql RETURN
    to_char(moment AT TIME ZONE 'UTC', '\"YYYY-MM-DD\"');
CREATE OR REPLACE FUNCTION pg_temp.content(firm text, number text, amount text, due text) RETURNS text
    STABLE LANGUAGE sql RETURN concat('{"cliente":', firm, ',"numero":"', number,
    '","total":{"moeda":"BRL","valor":', amount, '},"vencimento":', due, '}');
CREATE OR REPLACE FUNCTION pg_temp.output(has_output boolean, content text) RETURNS text STABLE LANGUAGE sql RETURN
    CASE WHEN has_output THEN '{"content":' || content || ',"role":"assistant"}' ELSE 'null' END;
CREATE OR REPLACE FUNCTION pg_temp.edit(path text, paths text[], author text, at timestamptz, previous text)
    RETURNS text STABLE LANGUAGE sql RETURN
    CASE WHEN path = ANY(paths) THEN concat('{"author":', author, ',"editedAt":', pg_temp.instant(at),
    ',"path":"', path, '","previousValue":', previous, '}') END;
"""

_DRAWS = ", ".join(f"hashint8extended(n, {number}) & 1048575 AS d{number}" for number in range(1, 13))

#: All states of a chunk's tasks. d1, d2, … are numbers drawn for a task, from 0 to 1,048,575. States before the newest
#: differ from it by `updatedAt`, and by not being approved yet.
STATES = """
CREATE TEMPORARY TABLE states ON COMMIT DROP AS
WITH numbered AS MATERIALIZED (
    SELECT n AS reference, number, mod(n, 1000) < %(bulk)s AS in_bulk, md5(%(slug)s || ' task ' || n)::uuid AS task_id,
        {draws}
    FROM generate_series(%(start)s::bigint, %(stop)s::bigint) AS n, generate_series(1, %(versions)s) AS number
), begun AS (
    SELECT *, date_trunc('milliseconds', %(begin)s + %(span)s * (
        (CASE WHEN in_bulk THEN greatest(reference - mod(reference, 1000), %(first)s) ELSE reference END - %(first)s)
            / %(total)s::float8)) AS created_at
    FROM numbered
), lived AS MATERIALIZED (
    SELECT begun.*,
        CASE WHEN in_bulk THEN 'completed' WHEN reference <= %(first)s + %(total)s * 0.99 THEN fate
            WHEN mod(d1, 4) = 0 THEN 'created' WHEN mod(d1, 4) = 1 THEN 'running' ELSE fate END AS came_to,
        created_at + date_trunc('milliseconds', interval '2 s' + interval '80 s' * (d2 / 1048576.0)) AS finished_at,
        created_at + CASE WHEN in_bulk THEN interval '26 h'
            ELSE interval '2 min' + date_trunc('milliseconds', interval '5 d' * (d3 / 1048576.0) ^ 4) END AS reviewed_at
    FROM begun JOIN slots ON slot = mod(d4, 100)
), judged AS (
    SELECT *, came_to = 'completed' AND reviewed_at + interval '1 h' <= %(end)s AS reviewed, mod(d5, 40) = 0 AS revoked,
        number = %(versions)s AS newest
    FROM lived
), told AS MATERIALIZED (
    -- Where an approval was revoked, Tela lets its moment and the approver stand.
    SELECT *, reviewed AND (newest OR revoked) AS signed, reviewed AND newest AND NOT revoked AS approved,
        reviewed AND mod(d6, 100) < %(revised)s AS revised, came_to IN ('completed', 'validating') AS has_output,
        lpad(mod(d7, 90000)::text, 5, '0') AS serial,
        (d8 / 100.0)::numeric(9, 2)::text AS amount, (d9 / 100.0)::numeric(9, 2)::text AS other_amount,
        CASE WHEN reviewed AND revoked THEN reviewed_at + interval '1 h' WHEN reviewed THEN reviewed_at
            WHEN came_to IN ('created', 'running') THEN created_at + interval '1 s' ELSE finished_at END AS changed_at
    FROM judged
), shown AS MATERIALIZED (
    SELECT told.*,
        CASE WHEN approved THEN 'completed' WHEN came_to = 'completed' THEN 'validating' ELSE came_to END AS status,
        created_at + date_trunc('milliseconds', (changed_at - created_at) * number / %(versions)s) AS updated_at,
        CASE WHEN signed THEN reviewed_at END AS approved_at,
        CASE WHEN signed THEN who.approver END AS approved_by, who.approver_json,
        whose.creator AS created_by, whose.creator_json, marked.tags, marked.tags_json,
        concat(what.beginning, serial, what.ending) AS name,
        concat('"', what.beginning_json, serial, what.ending_json, '"') AS name_json,
        what.app AS prompt_application_id, what.app_version AS prompt_version_id, what.agent AS agent_id,
        CASE WHEN what.agent IS NULL THEN 'prompt' ELSE 'agent' END AS source_type,
        CASE WHEN what.agent IS NULL THEN md5(%(slug)s || ' run ' || reference)::uuid END AS completion_run_id,
        NULL::uuid AS workflow_run_id,
        CASE WHEN NOT approved THEN '' WHEN revised THEN 'approvedWithRevisions' ELSE 'approvedDirectly' END
            AS revision_process,
        CASE WHEN revised THEN marked.corrections ELSE '{}' END AS edited_paths,
        marked.firm_json, marked.other_firm_json
    FROM told JOIN slots AS who ON who.slot = mod(d9, 100) JOIN slots AS whose ON whose.slot = mod(d10, 100)
        JOIN slots AS what ON what.slot = mod(d11, 100) JOIN slots AS marked ON marked.slot = mod(d12, 100)
), put_out AS MATERIALIZED (
    SELECT *, pg_temp.content(firm_json, serial, amount, pg_temp.day(created_at)) AS original,
        pg_temp.content(
            CASE WHEN 'cliente' = ANY(edited_paths) THEN other_firm_json ELSE firm_json END, serial,
            CASE WHEN 'total.valor' = ANY(edited_paths) THEN other_amount ELSE amount END,
            pg_temp.day(created_at + CASE WHEN 'vencimento' = ANY(edited_paths) THEN interval '30 d' ELSE '0' END)
        ) AS current,
        concat_ws(',', pg_temp.edit('cliente', edited_paths, approver_json, reviewed_at, firm_json),
            pg_temp.edit('total.valor', edited_paths, approver_json, reviewed_at, amount),
            pg_temp.edit('vencimento', edited_paths, approver_json, reviewed_at, pg_temp.day(created_at))) AS edits
    FROM shown
), written AS MATERIALIZED (
    SELECT *, concat('{"agentId":', coalesce('"' || agent_id || '"', 'null'),
        ',"approvedAt":', pg_temp.instant(approved_at),
        ',"approvedBy":', CASE WHEN signed THEN approver_json ELSE 'null' END,
        ',"completionRunId":', pg_temp.quoted(completion_run_id), ',"createdAt":', pg_temp.instant(created_at),
        ',"createdBy":', creator_json, ',"id":"', task_id,
        '","metadata":', CASE WHEN has_output THEN '{"editedFields":[' || edits || ']}' ELSE 'null' END,
        ',"name":', name_json, ',"originalOutputContent":', pg_temp.output(has_output, original),
        ',"outputContent":', pg_temp.output(has_output, current),
        ',"promptApplicationId":', pg_temp.quoted(prompt_application_id),
        ',"promptVersionId":', pg_temp.quoted(prompt_version_id),
        ',"rawInput":{"variables":{"document":{"files":[{"file_name":', name_json,
        ',"file_url":"https://files.acme.example/', task_id, '"}]}}},"reference":', reference,
        ',"sourceType":"', source_type, '","status":"', status, '","tags":', tags_json,
        ',"updatedAt":', pg_temp.instant(updated_at), ',"workflowRunId":null}') AS payload,
        uuid_send(gen_random_uuid()) AS salt, nextval('tasks_taskversion_id_seq') AS id
    FROM put_out
)
SELECT *, %(workspace)s::bigint AS workspace_id, id AS version_id, number AS version_number,
    NULL::timestamptz AS gone_at,
    least(updated_at + interval '30 s', %(end)s) AS observed_at,
    CASE WHEN number = 1 THEN 'first_seen' WHEN approved THEN 'approved' ELSE 'changed' END AS kind,
    CASE WHEN number = 1 THEN '{}' WHEN approved THEN '{approvedAt,approvedBy,status,updatedAt}' ELSE '{updatedAt}'
        END::text[] AS changed_paths,
    'pull' AS learned_by, NULL::bigint AS run_id,
    sha256(convert_to(payload, 'UTF8')) AS content_hash, payload::json AS text,
    NULL::integer AS erasure,
    sha256(salt || convert_to(payload, 'UTF8')) AS payload_commit,
    CASE WHEN has_output THEN current ELSE 'null' END::jsonb AS content
FROM written
""".replace("{draws}", _DRAWS)
