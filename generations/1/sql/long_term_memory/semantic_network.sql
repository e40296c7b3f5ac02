-- One row an edge of the semantic network (Collins & Loftus 1975), with the columns of both ends.
-- Edges are undirected; the source is the end that comes first in the alphabet.
SELECT
    e.mind_id,
    e.source,
    e.target,
    s.kind AS source_kind,
    t.kind AS target_kind,
    s.column_id AS source_column,
    t.column_id AS target_column,
    s.column_id <> t.column_id AS crosses_columns,
    e.memories,
    e.weight,
    e.last_at
FROM {{ ref('concept_edges') }} e
JOIN {{ ref('concepts') }} s ON s.mind_id = e.mind_id AND s.concept = e.source
JOIN {{ ref('concepts') }} t ON t.mind_id = e.mind_id AND t.concept = e.target
