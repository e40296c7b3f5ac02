-- One row a memory that answers one of the questions asked of a mind, best first, with the components of its score.
-- BM25 over words, speaker and date (Robertson & Zaragoza 2009); words a memory lacks are lent by its neighbours in the same
-- episode (temporal context, Howard & Kahana 2002); activation spreads along associations (Collins & Loftus 1975).
-- With an embedding `model`, nearness in meaning joins in, scaled per question from the farthest memory to the nearest
-- (weighted min-max fusion, Bruch et al. 2023), and is lent to neighbours too.
-- `asked` has a row a question: its number, k, terms, speaker, spans of local time (open where an end is NULL), its `time_order` (1: the
-- latest is asked for, -1: the first), vector; what it `needs` (its words of content, with weights; one of those with the same `place` is
-- enough), and whether and where to `cut`. Where it is `filtered`, only the memories of `allowed` come up. Components are DECIMAL, so sums are exact.
-- Beside the score stands `relevance`, 0..1: how likely the memory answers the question at all. A score ranks the memories of one
-- question; relevance means the same from question to question (Platt 1999), so that it can be compared with a limit.
{%- set bucket = var('episode_gap') * (var('recall_context_reach') + 1) %}
WITH asked AS (
    FROM {{ source('recall', 'asked') }}
),

words AS (
    SELECT question, unnest(terms) AS term FROM asked
),

-- Made later, deleted, or archived.
hidden AS (
    SELECT memory_id FROM {{ source('raw', 'memories') }} WHERE mind_id = {{ mind }} AND created_at > {{ as_of }}
    UNION ALL
    SELECT memory_id FROM {{ source('raw', 'deletions') }} WHERE mind_id = {{ mind }}
    UNION ALL
    -- What its owner has put into the archive does not come up.
    SELECT memory_id
    FROM (
        SELECT memory_id, arg_max(archived, arrival) AS archived FROM {{ source('raw', 'filings') }} WHERE mind_id = {{ mind }} GROUP BY memory_id
    )
    WHERE archived
),

{%- if filtered %}
-- What may come up, and what it may hear words from. The statistics are the whole mind's all the same.
allowed_places AS (
    SELECT DISTINCT session, CASE WHEN session IS NULL THEN epoch(created_at)::BIGINT // {{ bucket }} END AS bucket
    FROM {{ source('raw', 'memories') }}
    SEMI JOIN {{ source('recall', 'allowed') }} USING (memory_id)
    WHERE mind_id = {{ mind }}
),

heard AS (
    SELECT memory_id
    FROM {{ source('raw', 'memories') }}
    WHERE mind_id = {{ mind }} AND (session IN (SELECT session FROM allowed_places WHERE session IS NOT NULL)
        OR session IS NULL AND epoch(created_at)::BIGINT // {{ bucket }} IN (SELECT bucket + unnest([-1, 0, 1]) FROM allowed_places WHERE bucket IS NOT NULL))
),

{% endif -%}
-- lexical ---------------------------------------------------------------------------------------------------------------

documents AS MATERIALIZED (
    SELECT memory_id, revision, terms + header_terms AS length
    FROM {{ source('lexical', 'documents') }}
    ANTI JOIN hidden USING (memory_id)
    WHERE mind_id = {{ mind }}
),

-- Where lengths differ much, a long text is long because it speaks of more, not because it says more of one thing: b follows their
-- coefficient of variation (Singhal, Buckley & Mitra 1996 on pivoted length normalization).
corpus AS (
    SELECT memories, mean_length,
        {{ var('bm25_b') }} + (1 - {{ var('bm25_b') }}) * least(1, greatest(0, (spread - {{ var('bm25_even_lengths') }}) / 0.6)) AS b
    FROM (
        SELECT count(*) AS memories, sum(length)::DOUBLE / greatest(count(*), 1) AS mean_length,
            sqrt(greatest(0, sum(length * length)::DOUBLE / greatest(count(*), 1) - mean_length * mean_length)) / greatest(mean_length, 1) AS spread
        FROM documents
    )
),

postings AS MATERIALIZED (
    SELECT term, memory_id, tf + header_tf AS tf, tf > 0 AS in_content
    FROM {{ source('lexical', 'postings') }}
    WHERE mind_id = {{ mind }} AND term IN (SELECT term FROM words)
),

matches AS (
    SELECT p.*, d.length FROM postings p JOIN documents d USING (memory_id)
),

rarities AS (
    SELECT term, ln(1 + (max(memories) - count(*) + 0.5) / (count(*) + 0.5)) AS idf
    FROM matches, corpus
    GROUP BY term
),

-- Of a long question, its rarest words.
telling AS (
    SELECT question, term, idf
    FROM words
    JOIN rarities USING (term)
    QUALIFY row_number() OVER (PARTITION BY question ORDER BY idf DESC, term) <= {{ var('recall_words') }}
),

weighed AS (
    SELECT memory_id, term, in_content, idf,
        (idf * tf / (tf + {{ var('bm25_k1') }} * (1 - b + b * length / mean_length)))::DECIMAL(12, 6) AS bm25
    FROM matches
    JOIN rarities USING (term), corpus
    WHERE term IN (SELECT term FROM telling)
),

matched AS (
    SELECT question, memory_id, sum(bm25) AS bm25
    FROM telling
    JOIN weighed USING (term)
    GROUP BY question, memory_id
),

seeds AS (
    SELECT question, memory_id, bm25, place, best {%- if model %}, vector {%- endif %}
    FROM (
        SELECT *, row_number() OVER best_first AS place, first_value(bm25) OVER best_first AS best
        FROM matched
        {%- if filtered %}
        WHERE memory_id IN (SELECT memory_id FROM heard)
        {%- endif %}
        WINDOW best_first AS (PARTITION BY question ORDER BY bm25 DESC, memory_id)
    )
    JOIN asked USING (question)
    WHERE place <= greatest({{ var('recall_seeds') }}, k)
),

-- episode context -------------------------------------------------------------------------------------------------------

-- Where to look for neighbours: the session of a seed; where it has none, the time in which `reach` turns without a pause fit.
places AS (
    SELECT DISTINCT session, CASE WHEN session IS NULL THEN epoch(created_at)::BIGINT // {{ bucket }} END AS bucket
    FROM {{ source('raw', 'memories') }}
    WHERE mind_id = {{ mind }} AND memory_id IN (SELECT memory_id FROM seeds)
),

nearby AS (
    {%- if model %}
    -- Every memory has a meaning, and so have its neighbours.
    SELECT memory_id, created_at, session
    FROM {{ source('raw', 'memories') }}
    ANTI JOIN hidden USING (memory_id)
    WHERE mind_id = {{ mind }}
    {%- else %}
    SELECT memory_id, created_at, session
    FROM {{ source('raw', 'memories') }}
    ANTI JOIN hidden USING (memory_id)
    WHERE mind_id = {{ mind }} AND session IN (SELECT session FROM places WHERE session IS NOT NULL)
    UNION ALL
    SELECT memory_id, created_at, NULL
    FROM {{ source('raw', 'memories') }}
    ANTI JOIN hidden USING (memory_id)
    WHERE mind_id = {{ mind }} AND session IS NULL
        AND epoch(created_at)::BIGINT // {{ bucket }} IN (SELECT bucket + unnest([-1, 0, 1]) FROM places WHERE bucket IS NOT NULL)
    {%- endif %}
),

in_order AS (
    SELECT memory_id, row_number() OVER in_time AS place,
        session IS DISTINCT FROM lag(session) OVER in_time
            OR session IS NULL AND created_at - lag(created_at) OVER in_time > to_seconds({{ var('episode_gap') }}) AS begins
    FROM nearby
    WINDOW in_time AS (ORDER BY session, created_at, memory_id)
),

-- A run is a session; memories without one make a run as long as no pause between them ends an episode. It is named after its first
-- place. One order of all memories is sorted faster than a partition a session.
turns AS (
    SELECT memory_id, run, place - run AS turn
    FROM (
        SELECT memory_id, place, max(CASE WHEN begins OR place = 1 THEN place END) OVER (ORDER BY place, memory_id ROWS UNBOUNDED PRECEDING) AS run
        FROM in_order
    )
),

-- The best match's words count 1; beside a meaning, their share.
touched AS (
    SELECT question, run, max(best) {%- if model %} / CASE WHEN bool_or(vector IS NOT NULL) THEN {{ var('recall_lexical_weight') }} + 1e-9 ELSE 1 END {%- endif %} AS best
    FROM seeds
    JOIN turns USING (memory_id)
    GROUP BY question, run
),

-- What is answered is said by the question before it.
questions AS (
    SELECT f.memory_id
    FROM {{ source('enrichment', 'features') }} f
    JOIN documents d ON d.revision = f.revision
    WHERE f.mind_id = {{ mind }} AND f.provider = 'rules' AND f.act = 'question'
),

answers AS (
    SELECT a.memory_id
    FROM turns a
    JOIN turns q ON q.run = a.run AND q.turn = a.turn - 1
    WHERE q.memory_id IN (SELECT memory_id FROM questions) AND a.memory_id NOT IN (SELECT memory_id FROM questions)
),

spoken AS (
    SELECT w.term, w.memory_id, w.in_content, w.bm25, t.run, t.turn, w.memory_id IN (SELECT memory_id FROM questions) AS asks
    FROM weighed w
    JOIN turns t USING (memory_id)
    WHERE t.run IN (SELECT run FROM touched)
),

-- What a memory says itself, and what the loudest neighbour says louder.
term_contributions AS (
    SELECT term, run, memory_id, max(own) AS own, greatest(max(lent) - max(own), 0) AS lent
        {%- if explain %}, -max(CASE WHEN lent > 0 THEN row(lent, -lender) END)[2] AS lender {%- endif %}
    FROM (
        SELECT term, run, turn + distance AS turn, memory_id AS lender,
            CASE WHEN distance = 0 THEN bm25 ELSE 0 END::DECIMAL(12, 6) AS own,
            CASE WHEN distance = 0 THEN 0
                ELSE bm25 * {{ var('recall_context_weight') }} * CASE WHEN asks AND distance = 1 THEN {{ var('recall_answer_factor') }} ELSE 1 END
                    * pow({{ var('recall_context_fade') }}::DOUBLE, abs(distance)) END::DECIMAL(12, 6) AS lent
        FROM spoken, (SELECT unnest(range(-{{ var('recall_context_reach') }}, {{ var('recall_context_reach') }} + 1)) AS distance)
        WHERE in_content OR distance = 0
    )
    JOIN turns USING (run, turn)
    GROUP BY term, run, memory_id
),

lexical_scores AS (
    SELECT question, memory_id, sum(own) / max(best)::DOUBLE AS lexical,
        sum(lent) / max(best)::DOUBLE * CASE WHEN max(gathers::INTEGER) = 1 THEN {{ var('recall_gathering_context') }} ELSE 1 END AS context
        {%- if explain %},
        list({term: term, idf: round(idf, 6), lexical: round(own / best::DOUBLE, 6), context: round(lent / best::DOUBLE, 6),
            lent_by: CASE WHEN lent > 0 THEN lender END} ORDER BY own + lent DESC, term) AS words
        {%- endif %}
    FROM telling
    JOIN term_contributions USING (term)
    JOIN touched USING (question, run)
    JOIN asked USING (question)
    GROUP BY question, memory_id
),

{%- if model %}
-- meaning ---------------------------------------------------------------------------------------------------------------

meanings AS (
    SELECT v.memory_id, v.vector
    FROM {{ source('enrichment', 'vectors') }} v
    JOIN documents d ON d.memory_id = v.memory_id AND d.revision = v.revision
    WHERE v.mind_id = {{ mind }} AND v.model = {{ model }}
),

-- Both have length 1: the inner product is the cosine.
near AS MATERIALIZED (
    SELECT question, memory_id, list_inner_product(asked.vector, meanings.vector)::DECIMAL(9, 6) AS cosine
    FROM asked, meanings
    WHERE asked.vector IS NOT NULL
),

span AS (
    SELECT question, min(cosine) AS farthest, greatest(max(cosine) - min(cosine), 0.000001) AS width FROM near GROUP BY question
),

nearness AS (
    SELECT question, memory_id, run, turn, turn * ln({{ var('recall_vector_context_fade') }}::DOUBLE) AS faded,
        ((cosine - farthest) / width)::DOUBLE AS nearness, cosine
    FROM near
    JOIN turns USING (memory_id)
    JOIN span USING (question)
),

-- The nearest of the neighbours, fading with each turn: v x fade^distance is largest where ln v + distance x ln fade is.
neighbour_scores AS (
    SELECT question, memory_id, nearness, cosine,
        coalesce(greatest(exp(max(loud - faded) OVER before + faded), exp(max(loud + faded) OVER after - faded)), 0) AS lent
    FROM (SELECT *, ln(greatest(nearness, 0.000001)) AS loud FROM nearness)
    WINDOW
        before AS (PARTITION BY question, run ORDER BY turn, memory_id ROWS BETWEEN 50 PRECEDING AND 1 PRECEDING),
        after AS (PARTITION BY question, run ORDER BY turn, memory_id ROWS BETWEEN 1 FOLLOWING AND 50 FOLLOWING)
),

vector_scores AS MATERIALIZED (
    SELECT question, memory_id, cosine::DOUBLE AS cosine,
        ({{ var('recall_vector_weight') }} * nearness)::DECIMAL(9, 6) AS vector,
        ({{ var('recall_vector_weight') }} * {{ var('recall_vector_context_weight') }} * lent)::DECIMAL(9, 6) AS vector_context
    FROM neighbour_scores
),

-- What has no vector yet counts as neither near nor far. The `most` nearest come up; how near the `least` of them is, a heap says
-- sooner than sorting all, unless it were a large one.
bounds AS (
    SELECT question, avg(vector_scores.vector)::DECIMAL(9, 6) AS usual, max(most) AS most,
        CASE WHEN max(most) <= 1000 THEN list_min(max(vector_scores.vector + vector_context, least(most, 1000))) ELSE 0 END AS least
    FROM vector_scores
    {%- if filtered %}
    SEMI JOIN {{ source('recall', 'allowed') }} USING (memory_id)
    {%- endif %}
    JOIN (SELECT question, greatest({{ var('recall_vector_candidates') }}, k) AS most FROM asked) USING (question)
    GROUP BY question
),

nearest AS (
    SELECT question, memory_id
    FROM vector_scores
    {%- if filtered %}
    SEMI JOIN {{ source('recall', 'allowed') }} USING (memory_id)
    {%- endif %}
    JOIN bounds USING (question)
    WHERE vector + vector_context >= least
    QUALIFY row_number() OVER (PARTITION BY question ORDER BY vector + vector_context DESC, memory_id) <= most
),

{% endif -%}
-- association -----------------------------------------------------------------------------------------------------------

synapses AS (
    SELECT question, source_id, target_id, activation,
        weight * weight / greatest(sum(weight) OVER (PARTITION BY question, source_id), 0.000001)::DOUBLE AS conductance
    FROM (
        SELECT question, source_id, target_id, bm25 / best::DOUBLE AS activation,
            (weight * {{ retention('event_at', as_of, var('association_stability')) }})::DECIMAL(9, 6) AS weight
        FROM {{ source('state', 'associations') }} a
        JOIN seeds ON seeds.memory_id = a.source_id
        WHERE a.mind_id = {{ mind }} AND place <= {{ var('recall_association_seeds') }}
    )
),

reached AS (
    SELECT question, target_id AS memory_id, least(1, sum((activation * conductance)::DECIMAL(9, 6))) AS association
        {%- if explain %}, list(source_id ORDER BY activation * conductance DESC, source_id) AS through {%- endif %}
    FROM synapses
    WHERE target_id NOT IN (SELECT memory_id FROM hidden)
    GROUP BY question, target_id
),

-- relevance -------------------------------------------------------------------------------------------------------------

-- What the question needs, each word as heavy as it is rare; a word that no memory has is the rarest of all and tells that the question may
-- have no answer.
need_terms AS (
    SELECT question, term, place, idf IS NULL AS unknown, (weight * coalesce(idf, {{ var('recall_unknown_word') }} * ln(1 + (memories + 0.5) / 0.5)))::DECIMAL(12, 6) AS amount
    FROM (SELECT question, unnest(needs, recursive := true) FROM asked)
    LEFT JOIN rarities USING (term), corpus
),

-- A word that is also known by others counts as much as the least of them.
need_weights AS (
    SELECT question, place, coalesce(min(amount) FILTER (NOT unknown), min(amount)) AS amount
    FROM need_terms
    GROUP BY question, place
),

-- A time that is named is one more thing needed; an open span ("before 2020") has too much in it to tell anything.
need_sums AS (
    SELECT question, coalesce(sum(amount), 0) AS words, CASE WHEN max(len(list_filter(spans, s -> s."start" IS NOT NULL AND s."end" IS NOT NULL))) > 0 THEN {{ var('recall_time_need') }} ELSE 0 END AS times
    FROM asked
    LEFT JOIN need_weights USING (question)
    GROUP BY question
),

-- How much of it a memory says, and how much it only hears from its neighbours.
coverage AS (
    SELECT question, memory_id,
        coalesce(sum(amount) FILTER (is_said), 0) AS said,
        coalesce(sum((amount * share)::DECIMAL(12, 6)) FILTER (NOT is_said), 0) AS heard
    FROM (
        SELECT question, memory_id, place, bool_or(own > 0) AS is_said, max(least(1, lent / greatest(idf, 0.000001))) AS share
        FROM need_terms
        JOIN term_contributions USING (term)
        JOIN rarities USING (term)
        GROUP BY question, memory_id, place
    )
    JOIN need_weights USING (question, place)
    GROUP BY question, memory_id
),

-- who, when, how strong -------------------------------------------------------------------------------------------------

named_times AS (
    SELECT DISTINCT question, f.memory_id
    FROM (SELECT question, unnest(spans, recursive := true) FROM asked) s
    JOIN {{ source('enrichment', 'features') }} f ON f.mind_id = {{ mind }} AND coalesce(f.local_at >= s."start", true)
        AND coalesce(f.local_at < s."end", true)
    JOIN documents d ON d.revision = f.revision
),

candidates AS (
    SELECT question, memory_id, max(lexical) AS lexical, max(context) AS context, max(association) AS association, max(in_time) AS in_time
        {%- if explain %}, max(words) AS words, max(through) AS through {%- endif %}
    FROM (
        SELECT *, NULL AS association, false AS in_time {%- if explain %}, NULL::BIGINT[] AS through {%- endif %} FROM lexical_scores
        UNION ALL BY NAME
        SELECT *, false AS in_time FROM reached WHERE {{ var('recall_association_weight') }} > 0
        UNION ALL BY NAME
        SELECT *, true AS in_time FROM named_times WHERE {{ var('recall_time_boost') }} > 0
        {%- if model %}
        UNION ALL BY NAME
        SELECT *, false AS in_time FROM nearest
        {%- endif %}
    )
    {%- if filtered %}
    SEMI JOIN {{ source('recall', 'allowed') }} USING (memory_id)
    {%- endif %}
    GROUP BY question, memory_id
),

-- Where the first or the latest is asked for: among what fits about as well as the best, the place in time, 0..1.
in_sequence AS (
    SELECT question, memory_id, percent_rank() OVER (PARTITION BY question ORDER BY time_order * epoch(created_at)::BIGINT, memory_id) AS place
    FROM (
        SELECT question, memory_id, time_order, coalesce(lexical, 0) + coalesce(context, 0) AS fit,
            max(coalesce(lexical, 0) + coalesce(context, 0)) OVER (PARTITION BY question) AS best
        FROM candidates
        JOIN asked USING (question)
        WHERE time_order IS NOT NULL
    )
    JOIN {{ source('raw', 'memories') }} USING (memory_id)
    WHERE fit > 0 AND fit >= {{ var('recall_order_share') }} * best
),

components AS (
    SELECT
        c.question, asked.k, c.memory_id,
        coalesce(c.lexical, 0)::DECIMAL(9, 6) AS lexical,
        coalesce(c.context, 0)::DECIMAL(9, 6) AS context,
        {%- if model %}
        coalesce(n.vector, b.usual, 0)::DECIMAL(9, 6) AS vector,
        coalesce(n.vector_context, 0)::DECIMAL(9, 6) AS vector_context,
        n.cosine,
        {%- endif %}
        CASE WHEN m.speaker = asked.speaker
            THEN {{ var('recall_speaker_boost') }} + CASE WHEN gathers THEN {{ var('recall_gathering_speaker') }} ELSE 0 END ELSE 0 END::DECIMAL(9, 6) AS speaker,
        CASE WHEN c.in_time THEN {{ var('recall_time_boost') }} ELSE 0 END::DECIMAL(9, 6) AS "time",
        ({{ var('recall_order_weight') }} * coalesce(o.place, 0))::DECIMAL(9, 6) AS "order",
        ({{ var('recall_need_weight') }}
            * ln(greatest({{ need('f.importance', 'w.memory_id IS NOT NULL') }}, 0.001)::DOUBLE
                / (1 - least({{ need('f.importance', 'w.memory_id IS NOT NULL') }}, 0.999)::DOUBLE)))::DECIMAL(9, 6) AS need,
        ({{ var('recall_association_weight') }} * coalesce(c.association, 0))::DECIMAL(9, 6) AS association,
        ({{ var('recall_strength_weight') }} * coalesce(t.strength, pow(coalesce(f.importance, 0)::DOUBLE, {{ var('encoding_exponent') }}))
            * {{ retention('coalesce(t.event_at, m.created_at)', as_of, 'coalesce(t.stability, ' ~ var('initial_stability') ~ ')') }})::DECIMAL(9, 6) AS strength,
        ({{ var('recall_recency_weight') }} * {{ retention('m.created_at', as_of, var('recall_recency_stability')) }})::DECIMAL(9, 6) AS recency,
        ({{ var('recall_tier_weight') }} * CASE t.tier WHEN 'long_term' THEN 1.0 WHEN 'forgotten' THEN 0.0 ELSE 0.5 END)::DECIMAL(9, 6) AS tier,
        coalesce(t.tier, 'pending') AS state,
        -- Everything that the question needs: said, heard, in its time.
        greatest(0, least(1, (coalesce(v.said, 0) + {{ var('recall_heard_share') }} * coalesce(v.heard, 0) + CASE WHEN c.in_time THEN s.times ELSE 0 END)::DOUBLE
            / greatest(s.words + s.times, 0.000001)::DOUBLE)) AS covered,
        coalesce(f.act = 'question', false) AS asks
        {%- if explain %}, to_json(c.words)::VARCHAR AS words, to_json(c.through)::VARCHAR AS through {%- endif %}
    FROM candidates c
    JOIN asked USING (question)
    JOIN need_sums s USING (question)
    LEFT JOIN coverage v ON v.question = c.question AND v.memory_id = c.memory_id
    JOIN {{ source('raw', 'memories') }} m ON m.mind_id = {{ mind }} AND m.memory_id = c.memory_id
    {%- if model %}
    LEFT JOIN vector_scores n ON n.question = c.question AND n.memory_id = c.memory_id
    LEFT JOIN bounds b ON b.question = c.question
    {%- endif %}
    LEFT JOIN documents d ON d.memory_id = c.memory_id
    LEFT JOIN {{ source('enrichment', 'features') }} f ON f.mind_id = {{ mind }} AND f.revision = d.revision AND f.provider = 'rules'
    LEFT JOIN answers w ON w.memory_id = c.memory_id
    LEFT JOIN in_sequence o ON o.question = c.question AND o.memory_id = c.memory_id
    LEFT JOIN {{ source('state', 'memory_traces') }} t ON t.mind_id = {{ mind }} AND t.memory_id = c.memory_id
),

judged AS (
    SELECT *, relevance >= {{ var('recall_min_relevance') }} AS fits, max(relevance) OVER (PARTITION BY question) AS most_relevant
    FROM (
        SELECT * EXCLUDE (covered, asks {%- if model %}, cosine {%- endif %}), lexical + context {%- if model %} + vector + vector_context {%- endif %} + speaker + "time" + "order" + need + association + strength + recency + tier AS score,
            round(1 / (1 + exp(-({{ var('recall_relevance_base') }} + {{ var('recall_relevance_coverage') }} * covered
                {%- if model %} + {{ var('recall_relevance_meaning') }} * least(1, greatest(0, coalesce(cosine, 0)::DOUBLE - {{ var('recall_meaning_floor') }})
                    / (1 - {{ var('recall_meaning_floor') }})) {%- endif %}
                - CASE WHEN asks THEN {{ var('recall_relevance_question') }} ELSE 0 END))), 6) AS relevance
        FROM components
    )
)

-- A cut takes away what is not relevant enough, and what is far less so than the best.
SELECT * EXCLUDE (cut, min_relevance, most_relevant)
FROM judged
JOIN (SELECT question, cut, min_relevance FROM asked) USING (question)
WHERE NOT cut OR relevance >= greatest(coalesce(min_relevance, {{ var('recall_min_relevance') }}),
    CASE WHEN min_relevance IS NULL THEN most_relevant * {{ var('recall_relevance_share') }} ELSE 0 END)
QUALIFY row_number() OVER (PARTITION BY question ORDER BY score DESC, memory_id) <= k
ORDER BY question, score DESC, memory_id
