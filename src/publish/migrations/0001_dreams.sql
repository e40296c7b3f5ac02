-- What codex made of the memories, for applications to query. codex owns this schema and nothing else; it never reads it back.

CREATE TABLE dreams.publication (
    only_row             boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    store_id             text,
    version              bigint NOT NULL DEFAULT 0,
    as_of                timestamptz,
    published_at         timestamptz,
    forgetting_factor    double precision NOT NULL DEFAULT 0.2345679012345679,
    forgetting_exponent  double precision NOT NULL DEFAULT 0.5
);
INSERT INTO dreams.publication DEFAULT VALUES;
COMMENT ON TABLE dreams.publication IS 'One row: which store of codex publishes here, and how far it has';
COMMENT ON COLUMN dreams.publication.only_row IS 'Always true: there is one row';
COMMENT ON COLUMN dreams.publication.store_id IS 'The store whose dreams these are; null before the first publication';
COMMENT ON COLUMN dreams.publication.version IS 'Number of the last change of the store that has arrived';
COMMENT ON COLUMN dreams.publication.as_of IS 'The clock of the last cycle published';
COMMENT ON COLUMN dreams.publication.published_at IS 'When that arrived';
COMMENT ON COLUMN dreams.publication.forgetting_factor IS 'F of the retention law (1 + F t/S)^-psi';
COMMENT ON COLUMN dreams.publication.forgetting_exponent IS 'psi of the retention law';

CREATE FUNCTION dreams.retention(event_at timestamptz, at timestamptz, stability numeric) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT power(1 + p.forgetting_factor * greatest(extract(epoch FROM at - event_at)::double precision, 0)
                 / (86400 * nullif(stability, 0)::double precision), -p.forgetting_exponent)::numeric(9, 6)
    FROM dreams.publication p
$$;
COMMENT ON FUNCTION dreams.retention(timestamptz, timestamptz, numeric) IS
    'What is left at a time of a strength of 1 at event_at; stability in days (Wixted & Ebbesen 1991)';

CREATE TABLE dreams.working_memory (
    key          text PRIMARY KEY,
    mind_id      uuid NOT NULL,
    mind         text NOT NULL,
    memory_id    bigint NOT NULL,
    source       text NOT NULL,
    source_id    text NOT NULL,
    place        integer NOT NULL,
    content      text NOT NULL,
    speaker      text,
    created_at   timestamptz NOT NULL,
    attended_at  timestamptz NOT NULL,
    attention    numeric NOT NULL,
    novelty      numeric NOT NULL,
    salience     numeric NOT NULL,
    capacity     integer NOT NULL
);
CREATE INDEX working_memory_mind ON dreams.working_memory (mind_id, place);
COMMENT ON TABLE dreams.working_memory IS 'One row a memory in mind at the last cycle''s clock: 7±2 of the last attention window';
COMMENT ON COLUMN dreams.working_memory.place IS '1 is the newest';
COMMENT ON COLUMN dreams.working_memory.content IS 'Its words';
COMMENT ON COLUMN dreams.working_memory.attended_at IS 'When it was attended';
COMMENT ON COLUMN dreams.working_memory.attention IS 'Weighted importance, urgency, salience and novelty, 0..1';
COMMENT ON COLUMN dreams.working_memory.novelty IS 'How rare its words were, 0..1';
COMMENT ON COLUMN dreams.working_memory.salience IS 'Mean of |valence| and arousal, 0..1';
COMMENT ON COLUMN dreams.working_memory.capacity IS 'What the window holds, 5..9';

CREATE TABLE dreams.short_term_episodes (
    key          text PRIMARY KEY,
    mind_id      uuid NOT NULL,
    mind         text NOT NULL,
    episode_id   bigint NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz NOT NULL,
    session      text,
    boundary     text NOT NULL,
    memories     integer NOT NULL,
    goal         text,
    tasks        text[] NOT NULL,
    actions      text[] NOT NULL,
    place        text,
    egocentric   text,
    people       text[] NOT NULL,
    time_of_day  text NOT NULL,
    valence      numeric NOT NULL,
    arousal      numeric NOT NULL,
    emotion      text,
    gist         text NOT NULL,
    memory_ids   bigint[] NOT NULL,
    settled      boolean NOT NULL,
    search       tsvector GENERATED ALWAYS AS (
        to_tsvector('simple'::regconfig, left(coalesce(gist, '') || ' ' || coalesce(goal, '') || ' ' || coalesce(place, ''), 100000))
    ) STORED
);
CREATE INDEX short_term_episodes_time ON dreams.short_term_episodes (mind_id, ended_at DESC);
CREATE INDEX short_term_episodes_memories ON dreams.short_term_episodes USING gin (memory_ids);
CREATE INDEX short_term_episodes_search ON dreams.short_term_episodes USING gin (search);
COMMENT ON TABLE dreams.short_term_episodes IS 'One row an episode: what happened, to what end, where, with whom and how it felt';
COMMENT ON COLUMN dreams.short_term_episodes.episode_id IS 'The number of its first memory';
COMMENT ON COLUMN dreams.short_term_episodes.started_at IS 'When its first memory happened';
COMMENT ON COLUMN dreams.short_term_episodes.ended_at IS 'When its last memory happened';
COMMENT ON COLUMN dreams.short_term_episodes.boundary IS 'Why it began: start, session, gap, surprise';
COMMENT ON COLUMN dreams.short_term_episodes.memories IS 'How many memories it has';
COMMENT ON COLUMN dreams.short_term_episodes.goal IS 'What it was about to reach';
COMMENT ON COLUMN dreams.short_term_episodes.tasks IS 'What was to be done';
COMMENT ON COLUMN dreams.short_term_episodes.actions IS 'What was done';
COMMENT ON COLUMN dreams.short_term_episodes.place IS 'The first place named';
COMMENT ON COLUMN dreams.short_term_episodes.egocentric IS 'The first place told from the speaker: here, upstairs';
COMMENT ON COLUMN dreams.short_term_episodes.people IS 'Who is named';
COMMENT ON COLUMN dreams.short_term_episodes.time_of_day IS 'morning, afternoon, evening, night, by the mind''s own zone';
COMMENT ON COLUMN dreams.short_term_episodes.valence IS 'How it felt, -1..1';
COMMENT ON COLUMN dreams.short_term_episodes.arousal IS 'How strongly, 0..1';
COMMENT ON COLUMN dreams.short_term_episodes.emotion IS 'The feeling named most';
COMMENT ON COLUMN dreams.short_term_episodes.gist IS 'Its most central memory''s own words';
COMMENT ON COLUMN dreams.short_term_episodes.memory_ids IS 'Its memories, in order';
COMMENT ON COLUMN dreams.short_term_episodes.settled IS 'Whether a night has kept it; before, it may still change';
COMMENT ON COLUMN dreams.short_term_episodes.search IS 'Words of gist, goal and place, for full-text search: search @@ plainto_tsquery(''simple'', ''…'')';

CREATE TABLE dreams.long_term_memories (
    key              text PRIMARY KEY,
    mind_id          uuid NOT NULL,
    mind             text NOT NULL,
    memory_id        bigint NOT NULL,
    source           text NOT NULL,
    source_id        text NOT NULL,
    session          text,
    speaker          text,
    created_at       timestamptz NOT NULL,
    content          text NOT NULL,
    metadata         jsonb NOT NULL,
    gist             text NOT NULL,
    concepts         text[] NOT NULL,
    cortical_column  text,
    age_class        text NOT NULL,
    strength         numeric NOT NULL,
    stability        numeric NOT NULL,
    event_at         timestamptz NOT NULL,
    consolidated_at  timestamptz,
    learned_at       timestamptz NOT NULL,
    replays          integer NOT NULL,
    uses             integer NOT NULL,
    merged_into      bigint,
    evidence         bigint[] NOT NULL,
    -- Only so much of a text as an index can hold.
    search           tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, left(content, 100000))) STORED
);
CREATE UNIQUE INDEX long_term_memories_memory ON dreams.long_term_memories (memory_id);
CREATE INDEX long_term_memories_time ON dreams.long_term_memories (mind_id, created_at DESC);
CREATE INDEX long_term_memories_source ON dreams.long_term_memories USING hash (source_id);
CREATE INDEX long_term_memories_concepts ON dreams.long_term_memories USING gin (concepts);
CREATE INDEX long_term_memories_search ON dreams.long_term_memories USING gin (search);
COMMENT ON TABLE dreams.long_term_memories IS 'One row a memory that sleep has consolidated; its strength at any time is strength * dreams.retention(event_at, time, stability)';
COMMENT ON COLUMN dreams.long_term_memories.content IS 'Its words, as last edited; a NUL character is written as U+FFFD';
COMMENT ON COLUMN dreams.long_term_memories.metadata IS 'What it came with';
COMMENT ON COLUMN dreams.long_term_memories.gist IS 'Its most telling sentence';
COMMENT ON COLUMN dreams.long_term_memories.concepts IS 'What it is about, the strongest first';
COMMENT ON COLUMN dreams.long_term_memories.cortical_column IS 'The circle of concepts it lives in';
COMMENT ON COLUMN dreams.long_term_memories.age_class IS 'fresh, consolidating, stable, ancient';
COMMENT ON COLUMN dreams.long_term_memories.strength IS '0..1 at event_at';
COMMENT ON COLUMN dreams.long_term_memories.stability IS 'Days until retention falls to gradual_forgetting_rate';
COMMENT ON COLUMN dreams.long_term_memories.event_at IS 'When its strength last changed';
COMMENT ON COLUMN dreams.long_term_memories.consolidated_at IS 'The night it became long-term';
COMMENT ON COLUMN dreams.long_term_memories.learned_at IS 'When it was learned';
COMMENT ON COLUMN dreams.long_term_memories.replays IS 'How often sleep replayed it';
COMMENT ON COLUMN dreams.long_term_memories.uses IS 'How often it helped';
COMMENT ON COLUMN dreams.long_term_memories.merged_into IS 'The earlier memory it says again';
COMMENT ON COLUMN dreams.long_term_memories.evidence IS 'The raw memories it rests on';
COMMENT ON COLUMN dreams.long_term_memories.search IS 'Words of the content, for full-text search: search @@ plainto_tsquery(''simple'', ''…'')';

CREATE TABLE dreams.semantic_network (
    key              text PRIMARY KEY,
    mind_id          uuid NOT NULL,
    mind             text NOT NULL,
    source           text NOT NULL,
    target           text NOT NULL,
    source_kind      text NOT NULL,
    target_kind      text NOT NULL,
    source_column    text NOT NULL,
    target_column    text NOT NULL,
    crosses_columns  boolean NOT NULL,
    memories         integer NOT NULL,
    weight           numeric NOT NULL,
    last_at          timestamptz NOT NULL
);
CREATE INDEX semantic_network_source ON dreams.semantic_network (mind_id, source);
CREATE INDEX semantic_network_target ON dreams.semantic_network (mind_id, target);
COMMENT ON TABLE dreams.semantic_network IS 'One row an edge between two concepts that long-term memories are about together';
COMMENT ON COLUMN dreams.semantic_network.source IS 'The concept that comes first in the alphabet, at most 500 characters of it';
COMMENT ON COLUMN dreams.semantic_network.target IS 'The other concept, at most 500 characters of it';
COMMENT ON COLUMN dreams.semantic_network.source_kind IS 'topic, person, place, entity';
COMMENT ON COLUMN dreams.semantic_network.target_kind IS 'topic, person, place, entity';
COMMENT ON COLUMN dreams.semantic_network.source_column IS 'The circle of concepts the source lives in';
COMMENT ON COLUMN dreams.semantic_network.target_column IS 'The circle of concepts the target lives in';
COMMENT ON COLUMN dreams.semantic_network.crosses_columns IS 'Whether the two circles differ';
COMMENT ON COLUMN dreams.semantic_network.memories IS 'Long-term memories about both';
COMMENT ON COLUMN dreams.semantic_network.weight IS 'Sum of their weights';
COMMENT ON COLUMN dreams.semantic_network.last_at IS 'When the newest of them happened';

CREATE TABLE dreams.memory_insights (
    key         text PRIMARY KEY,
    mind_id     uuid NOT NULL,
    mind        text NOT NULL,
    kind        text NOT NULL,
    title       text NOT NULL,
    confidence  numeric NOT NULL,
    evidence    bigint[] NOT NULL,
    details     jsonb NOT NULL
);
CREATE INDEX memory_insights_confidence ON dreams.memory_insights (mind_id, confidence DESC);
COMMENT ON TABLE dreams.memory_insights IS 'One row something the memories of the last 30 days say that nobody asked for';
COMMENT ON COLUMN dreams.memory_insights.kind IS 'recurring_theme, growing_association, fading_association, bridge, open_loop, emotional_arc, changed_mind';
COMMENT ON COLUMN dreams.memory_insights.title IS 'A sentence';
COMMENT ON COLUMN dreams.memory_insights.confidence IS '0..1';
COMMENT ON COLUMN dreams.memory_insights.evidence IS 'The memories it rests on';
COMMENT ON COLUMN dreams.memory_insights.details IS 'What was measured';

CREATE TABLE dreams.processing_metrics (
    key           text PRIMARY KEY,
    ledger_id     bigint NOT NULL,
    cycle         text NOT NULL,
    transition    boolean NOT NULL,
    step          integer NOT NULL,
    generation    integer NOT NULL,
    as_of         timestamptz NOT NULL,
    minds         integer NOT NULL,
    models        integer NOT NULL,
    rows_written  bigint NOT NULL,
    duration_ms   numeric NOT NULL,
    stages        jsonb NOT NULL,
    outcome       text NOT NULL,
    started_at    timestamptz NOT NULL
);
CREATE INDEX processing_metrics_started ON dreams.processing_metrics (started_at DESC);
COMMENT ON TABLE dreams.processing_metrics IS 'One row a cycle that wrote: what it wrote and how long it took';
COMMENT ON COLUMN dreams.processing_metrics.ledger_id IS 'Number of the cycle in the store''s ledger';
COMMENT ON COLUMN dreams.processing_metrics.cycle IS 'working, short_term, hippocampal, deep_sleep, rem_sleep, homeostasis, relive';
COMMENT ON COLUMN dreams.processing_metrics.transition IS 'Whether it changed what nights wrote; false for ticks by day';
COMMENT ON COLUMN dreams.processing_metrics.step IS 'Place in the night''s chain, from 1; 0 for ticks';
COMMENT ON COLUMN dreams.processing_metrics.generation IS 'Grows by one with every rebuild';
COMMENT ON COLUMN dreams.processing_metrics.as_of IS 'The cycle''s own time: a backfill''s lies long past';
COMMENT ON COLUMN dreams.processing_metrics.minds IS 'How many minds it ran over';
COMMENT ON COLUMN dreams.processing_metrics.models IS 'How many models it ran';
COMMENT ON COLUMN dreams.processing_metrics.rows_written IS 'Rows they wrote';
COMMENT ON COLUMN dreams.processing_metrics.duration_ms IS 'How long it took, in milliseconds';
COMMENT ON COLUMN dreams.processing_metrics.stages IS 'Models, rows and milliseconds by stage';
COMMENT ON COLUMN dreams.processing_metrics.outcome IS 'success';
COMMENT ON COLUMN dreams.processing_metrics.started_at IS 'When it really ran';

CREATE VIEW dreams.current_context AS
SELECT w.mind_id, w.mind, w.place, w.memory_id, w.source, w.source_id, w.content, w.speaker, w.created_at, w.attention,
    e.episode_id, e.gist AS episode, e.goal, e.place AS location, e.people, e.emotion
FROM dreams.working_memory w
LEFT JOIN LATERAL (
    SELECT * FROM dreams.short_term_episodes e
    WHERE e.mind_id = w.mind_id AND e.memory_ids @> ARRAY[w.memory_id]
    ORDER BY e.ended_at DESC, e.episode_id LIMIT 1
) e ON true
ORDER BY w.mind, w.mind_id, w.place;
COMMENT ON VIEW dreams.current_context IS 'One row a memory in mind, with the episode it belongs to: what a conversation needs to go on';
COMMENT ON COLUMN dreams.current_context.episode_id IS 'Its episode';
COMMENT ON COLUMN dreams.current_context.episode IS 'The episode''s gist';
COMMENT ON COLUMN dreams.current_context.goal IS 'The episode''s goal';
COMMENT ON COLUMN dreams.current_context.location IS 'The episode''s place';
COMMENT ON COLUMN dreams.current_context.people IS 'Who is named in the episode';
COMMENT ON COLUMN dreams.current_context.emotion IS 'How the episode felt';

CREATE VIEW dreams.recent_episodes AS
SELECT e.mind_id, e.mind, e.episode_id, e.started_at, e.ended_at, e.memories, e.gist, e.goal, e.tasks, e.actions, e.place,
    e.people, e.time_of_day, e.emotion, e.settled, e.memory_ids
FROM dreams.short_term_episodes e
CROSS JOIN dreams.publication p
WHERE e.ended_at > p.as_of - interval '7 days'
ORDER BY e.ended_at DESC, e.episode_id;
COMMENT ON VIEW dreams.recent_episodes IS 'One row an episode of the seven days before the last cycle''s clock, the newest first';

CREATE VIEW dreams.knowledge_graph AS
SELECT mind_id, mind, source AS concept, source_kind AS kind, target AS neighbour, target_kind AS neighbour_kind, weight, memories,
    source_column AS cortical_column, target_column AS neighbour_column, last_at
FROM dreams.semantic_network
UNION ALL
SELECT mind_id, mind, target, target_kind, source, source_kind, weight, memories, target_column, source_column, last_at
FROM dreams.semantic_network;
COMMENT ON VIEW dreams.knowledge_graph IS 'Two rows an edge of the semantic network, one from each end: ask for a concept and get its neighbours';
COMMENT ON COLUMN dreams.knowledge_graph.concept IS 'A concept';
COMMENT ON COLUMN dreams.knowledge_graph.kind IS 'topic, person, place, entity';
COMMENT ON COLUMN dreams.knowledge_graph.neighbour IS 'A concept it occurs with';
COMMENT ON COLUMN dreams.knowledge_graph.neighbour_kind IS 'topic, person, place, entity';
COMMENT ON COLUMN dreams.knowledge_graph.cortical_column IS 'The circle the concept lives in';
COMMENT ON COLUMN dreams.knowledge_graph.neighbour_column IS 'The circle the neighbour lives in';

CREATE VIEW dreams.memory_timeline AS
SELECT mind_id, mind, started_at AS happened_at, ended_at AS until, 'episode' AS kind, episode_id AS id, gist AS title, emotion,
    NULL::numeric AS strength
FROM dreams.short_term_episodes
UNION ALL
SELECT mind_id, mind, created_at, created_at, 'memory', memory_id, gist, NULL,
    (strength * dreams.retention(event_at, now(), stability))::numeric(9, 6)
FROM dreams.long_term_memories;
COMMENT ON VIEW dreams.memory_timeline IS 'One row an episode or a long-term memory, by when it happened';
COMMENT ON COLUMN dreams.memory_timeline.happened_at IS 'When it happened, or began';
COMMENT ON COLUMN dreams.memory_timeline.until IS 'When it ended';
COMMENT ON COLUMN dreams.memory_timeline.kind IS 'episode or memory';
COMMENT ON COLUMN dreams.memory_timeline.id IS 'episode_id or memory_id';
COMMENT ON COLUMN dreams.memory_timeline.title IS 'Its gist';
COMMENT ON COLUMN dreams.memory_timeline.emotion IS 'How an episode felt';
COMMENT ON COLUMN dreams.memory_timeline.strength IS 'What is left of a memory''s strength now, 0..1';

-- What means the same everywhere is said once, and a view's column of the same name means what its table's does.
DO $$
DECLARE
    said record;
BEGIN
    FOR said IN
        SELECT c.relname, a.attname, v.comment
        FROM (VALUES
            ('key', 'codex''s own name of the row'),
            ('mind_id', 'The mind it belongs to; nothing crosses minds'),
            ('mind', 'The mind''s name'),
            ('memory_id', 'The memory''s number in codex'),
            ('source', 'Where it came from: postgres:<schema.table> for rows of this server'),
            ('source_id', 'Its id there, as text: join your table with it'),
            ('session', 'The conversation'),
            ('speaker', 'Who said it'),
            ('created_at', 'When it happened')
        ) v (name, comment)
        JOIN pg_catalog.pg_attribute a ON a.attname = v.name
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = 'dreams'::regnamespace
        WHERE col_description(c.oid, a.attnum) IS NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN dreams.%I.%I IS %L', said.relname, said.attname, said.comment);
    END LOOP;
    FOR said IN
        SELECT v.view, a.attname, col_description(b.attrelid, b.attnum) AS comment
        FROM (VALUES ('current_context', 'working_memory'), ('recent_episodes', 'short_term_episodes'),
            ('knowledge_graph', 'semantic_network'), ('memory_timeline', 'long_term_memories')) v (view, base)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = format('dreams.%I', v.view)::regclass
        JOIN pg_catalog.pg_attribute b ON b.attrelid = format('dreams.%I', v.base)::regclass AND b.attname = a.attname
        WHERE col_description(a.attrelid, a.attnum) IS NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN dreams.%I.%I IS %L', said.view, said.attname, said.comment);
    END LOOP;
END $$;
