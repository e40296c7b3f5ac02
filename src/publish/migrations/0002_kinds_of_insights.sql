COMMENT ON COLUMN dreams.memory_insights.kind IS 'recurring_theme, growing_association, fading_association, bridge, open_loop, emotional_arc, changed_mind, contradiction';
