{#- The id of a memory's row in PostgreSQL, else its key. The row is the one that is known to be this memory; a key may also be an
    id that came back after its row was deleted: 42#2. -#}
{% macro source_id(memory) -%}
coalesce(
        (SELECT max(k.id) FROM {{ source('codex', 'source_rows') }} k WHERE k.memory_id = {{ memory }}.memory_id AND NOT k.deleted),
        {{ memory }}.key
    )
{%- endmacro %}
