-- One row a memory that is in mind at the clock, as PostgreSQL's dreams.working_memory shows it (Miller 1956).
SELECT
    w.memory_id::VARCHAR AS key,
    true AS fluid,
    w.mind_id,
    n.name AS mind,
    w.memory_id,
    m.source,
    {{ source_id('m') }} AS source_id,
    w.place,
    w.content,
    w.speaker,
    w.created_at,
    w.attended_at,
    w.attention,
    w.novelty,
    w.salience,
    w.capacity
FROM {{ ref('working_memory_now') }} w
JOIN {{ source('raw', 'minds') }} n ON n.mind_id = w.mind_id
JOIN {{ source('raw', 'memories') }} m ON m.memory_id = w.memory_id
