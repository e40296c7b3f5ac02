{#- The odds that a memory will be needed, as a probability: what its text says (`importance`, log odds added up, Anderson & Schooler
    1991), and that it answers a question. -#}
{% macro need(importance, is_answer) -%}
    (1 / (1 + exp(-ln(greatest(coalesce({{ importance }}, 0), 0.001)::DOUBLE / (1 - least(coalesce({{ importance }}, 0), 0.999)::DOUBLE))
        - CASE WHEN {{ is_answer }} THEN {{ var('need_of_answers') }} ELSE 0 END)))::DECIMAL(4, 3)
{%- endmacro %}

{#- Days until retention falls to gradual_forgetting_rate for a trace just encoded: what is likely to be needed lasts longer. -#}
{% macro encoding_stability(salience) -%}
    least(36500, {{ var('initial_stability') }} * exp({{ var('stability_of_need') }} * ({{ salience }})::DOUBLE))::DECIMAL(12, 6)
{%- endmacro %}
