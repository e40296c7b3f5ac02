{#- The id of a memory's row in PostgreSQL. An id that came back after its row was deleted has a number in its key: 42#2. -#}
{% macro source_id(memory) -%}
CASE WHEN {{ memory }}.source LIKE 'postgres:%' THEN regexp_replace({{ memory }}.key, '#[0-9]+$', '') ELSE {{ memory }}.key END
{%- endmacro %}
