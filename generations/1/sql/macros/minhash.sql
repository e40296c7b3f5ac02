{#- Four bands of two minima each: memories whose terms overlap by 0.8 share a band with probability 0.98, by 0.4 with 0.5.
    One md5 a term; its remainders by different primes stand for different permutations (Broder 1997). -#}
{% macro minhash_bands(term) -%}
{%- set primes = [2147483647, 2147483629, 2147483587, 2147483579, 2147483563, 2147483549, 2147483543, 2147483497] -%}
{%- set hashed = hash_64(term) -%}
{%- for band in range(4) -%}
{%- set minima = "min(" ~ hashed ~ " % " ~ primes[2 * band] ~ "), min(" ~ hashed ~ " % " ~ primes[2 * band + 1] ~ ")" -%}
{{ hash_64("concat_ws('/', " ~ band ~ ", " ~ minima ~ ")") }}{{ ', ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
