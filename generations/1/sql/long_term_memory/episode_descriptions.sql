-- One row a kept episode that a language model has described: title, gist, steps and what brought about what, each with its
-- memories. The latest answer counts. It stands beside the episode the night made and never changes it.
WITH described AS (
    SELECT e.mind_id, e.episode_id, e.started_at, a.model, a.prompt, a.answered_at,
        from_json(a.answer, '{
        "title": "VARCHAR", "gist": "VARCHAR", "goal": "VARCHAR", "steps": [{"level": "VARCHAR", "label": "VARCHAR", "memory": "BIGINT"}],
        "causes": [{"from": "BIGINT", "to": "BIGINT", "why": "VARCHAR"}], "place": "VARCHAR", "spatial": ["VARCHAR"]}') AS said
    FROM {{ ref('long_term_episodes') }} e
    JOIN {{ source('raw', 'answers') }} a ON a.mind_id = e.mind_id AND a.kind = 'episode' AND a.subject = e.episode_id::VARCHAR
    WHERE a.provider <> 'rules'
    QUALIFY row_number() OVER (PARTITION BY e.mind_id, e.episode_id ORDER BY a.arrival DESC) = 1
)

SELECT mind_id, episode_id, started_at, said.title, said.gist, said.goal, said.steps, said.causes, said.place, said.spatial,
    model, prompt, answered_at
FROM described
