{#- Four bands of two minima each: memories whose terms overlap by 0.8 share a band with probability 0.98, by 0.4 with 0.5.
    One md5 a term; its remainders by different primes stand for different permutations (Broder 1997). -#}
{% macro minhash_bands(term) -%}
{%- set primes = [2147483647, 2147483629, 2147483587, 2147483579, 2147483563, 2147483549, 2147483543, 2147483497] -%}
{%- for band in range(4) -%}
md5_number_lower(concat_ws('/', {{ band }}, min(md5_number_lower({{ term }}) % {{ primes[2 * band] }}), min(md5_number_lower({{ term }}) % {{ primes[2 * band + 1] }}))){{ ', ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
