{#- One retention law for memories and associations: R(t) = (1 + F t/S)^-psi, F = rate^(-1/psi) - 1, so that
    R(S) = gradual_forgetting_rate (Wixted & Ebbesen 1991; FSRS). Time before the event counts as none.
    `from` and `to` are timestamps, `stability` is in days; the result is a DECIMAL(9, 6) in 0..1. -#}
{% macro retention(from, to, stability) -%}
pow(1 + {{ forgetting_factor() }} * greatest(epoch_us({{ to }}) - epoch_us({{ from }}), 0) / (86400000000.0 * ({{ stability }})::DOUBLE), -{{ var('forgetting_exponent') }}::DOUBLE)::DECIMAL(9, 6)
{%- endmacro %}

{% macro forgetting_factor() -%}
(pow({{ var('gradual_forgetting_rate') }}::DOUBLE, -1.0 / {{ var('forgetting_exponent') }}::DOUBLE) - 1)
{%- endmacro %}

{#- What md5_number_lower gives, a UBIGINT, without its way through text, which takes twice as long again. -#}
{% macro hash_64(text) -%}
(md5_number({{ text }}) >> 64)::UBIGINT
{%- endmacro %}

{#- A number in 0..1 from ids and a seed: the only randomness there is. -#}
{% macro hash_unit(seed) -%}
(({{ hash_64(seed) }} % 1000000007)::DOUBLE + 0.5) / 1000000007.0
{%- endmacro %}
