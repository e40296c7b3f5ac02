"""A client for codex, a memory for AI assistants and people."""

from .client import AsyncCodexMemory, CodexError, CodexMemory
from .manager import MemoryManager

__all__ = ["AsyncCodexMemory", "CodexError", "CodexMemory", "MemoryManager"]
