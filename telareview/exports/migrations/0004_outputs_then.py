from django.db import migrations

CREATE = r"""
CREATE FUNCTION exports_output_content(payload json) RETURNS jsonb IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
    whole jsonb;
    output jsonb;
BEGIN
    BEGIN
        whole := payload::jsonb;
    EXCEPTION WHEN untranslatable_character OR invalid_text_representation THEN
        -- What `jsonb` refuses, \u0000 and halves of pairs, as the index of outputs has it: U+FFFD. Payloads are ASCII
        -- without control characters, so one of these may stand for the pair of backslashes that is no beginning.
        whole := replace(
            regexp_replace(
                replace(payload::text, '\\', E'\x01'),
                '\\u0000|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}',
                '\\ufffd', 'g'
            ),
            E'\x01', '\\'
        )::jsonb;
    END;
    output := whole -> 'outputContent';
    IF jsonb_typeof(output) = 'object' AND output ? 'content' AND jsonb_typeof(output -> 'role') = 'string'
        AND output ->> 'role' IN ('assistant', 'user', 'system', 'tool') THEN
        RETURN output -> 'content';
    END IF;
    RETURN output;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("exports", "0003_delimiter_of_a_choice")]

    operations = [
        migrations.RunSQL(CREATE, "DROP FUNCTION exports_output_content(json)"),
    ]
