{#- A quotation of at most `longest` characters, on one line, cut at a word. -#}
{% macro quoted(text, longest=90) -%}
('“' || CASE WHEN length(trim({{ text }})) <= {{ longest }} THEN regexp_replace(trim({{ text }}), '\s+', ' ', 'g')
    ELSE regexp_replace(regexp_replace(left(trim({{ text }}), {{ longest - 2 }}), '\s+\S*$', ''), '\s+', ' ', 'g') || ' …' END || '”')
{%- endmacro %}

{#- A day as people write it: 3 Mar 2026. -#}
{% macro day(at_time) -%}
strftime({{ at_time }}, '%-d %b %Y')
{%- endmacro %}
