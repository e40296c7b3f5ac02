//! What a memory says: entities, topics, feelings, actions. Depends on nothing but text.
