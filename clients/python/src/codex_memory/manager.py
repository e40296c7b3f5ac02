"""`MemoryManager`: the methods of a memory kept in tables, over codex."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from .client import CodexMemory


class MemoryManager:
    """Memories by id. `db_url` of such systems has no meaning here: the store is the one that codex serves."""

    def __init__(self, db_url: Optional[str] = None, *, memory: Optional[CodexMemory] = None) -> None:
        if db_url:
            raise ValueError("codex keeps memories in a store of its own: leave db_url out, and import the old database (codex import)")
        self.memory = memory or CodexMemory()

    def add_memory(self, content: str, metadata: Optional[Dict[str, Any]] = None) -> int:
        return self.memory.add(content, metadata=metadata)["id"]

    def get_memory(self, memory_id: int) -> Dict[str, Any]:
        return self.memory.get(memory_id)

    def update_memory(self, memory_id: int, content: str) -> Dict[str, Any]:
        return self.memory.edit(memory_id, content)

    def delete_memory(self, memory_id: int) -> None:
        self.memory.delete(memory_id)

    def search_memories(self, query: str, limit: int = 10) -> List[Dict[str, Any]]:
        return self.memory.recall(query, k=limit)

    def relate_memories(self, source_id: int, target_id: int, relation: str, strength: float = 1.0) -> Dict[str, Any]:
        body = {"to": str(target_id), "kind": relation, "strength": strength}
        return self.memory.request("POST", f"/v1/memories/{source_id}/relations", None, body)

    def get_related_memories(self, memory_id: int, depth: int = 1) -> List[Dict[str, Any]]:
        return self.memory.request("GET", f"/v1/memories/{memory_id}/related", {"depth": depth})["related"]

    def cleanup_memories(self, max_age_days: Optional[int] = None, min_importance: Optional[float] = None) -> Dict[str, Any]:
        rule = {"max_age_days": max_age_days, "min_importance": min_importance}
        return self.memory.request("POST", "/v1/cleanup", None, {k: v for k, v in rule.items() if v is not None})
