"""Memories, recall and context over HTTP, for programs that wait and for those that do not."""

from __future__ import annotations

import os
import time
import uuid
from typing import Any, Dict, Iterator, List, Optional

import httpx

Json = Dict[str, Any]

DEFAULT_URL = "http://127.0.0.1:8080"
RETRIES = 3
"""Tries of a request that may be repeated."""


class CodexError(Exception):
    """What codex refused, with its stable code and what to do."""

    def __init__(self, status: int, code: str, title: str, hint: Optional[str]) -> None:
        super().__init__(f"{title} ({code})" + (f": {hint}" if hint else ""))
        self.status = status
        self.code = code
        self.hint = hint


def _answer(response: httpx.Response) -> Json:
    if response.is_success:
        return response.json() if response.content else {}
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    raise CodexError(
        response.status_code,
        problem.get("code", "unknown"),
        problem.get("detail") or problem.get("title") or response.reason_phrase,
        problem.get("hint") or problem.get("what_to_do"),
    )


def _without_none(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _may_repeat(error: Exception) -> bool:
    if isinstance(error, CodexError):
        return error.status in (429, 503)
    return isinstance(error, httpx.TransportError)


class _Requests:
    """The requests themselves: method, path, parameters and body."""

    @staticmethod
    def add(content: str, **fields: Any) -> tuple:
        return "POST", "/v1/memories", None, {"content": content, **_without_none(fields)}

    @staticmethod
    def add_many(memories: List[Json]) -> tuple:
        return "POST", "/v1/memories", None, {"memories": memories}

    @staticmethod
    def recall(query: str, **fields: Any) -> tuple:
        return "POST", "/v1/recall", None, {"query": query, **_without_none(fields)}

    @staticmethod
    def listed(**params: Any) -> tuple:
        return "GET", "/v1/memories", _without_none(params), None


class CodexMemory:
    """The memory of one key. `url` and `key` default to CODEX_URL and CODEX_API_KEY."""

    def __init__(
        self,
        url: Optional[str] = None,
        key: Optional[str] = None,
        *,
        mind: Optional[str] = None,
        timeout: float = 10.0,
        http_client: Optional[httpx.Client] = None,
    ) -> None:
        self._http = http_client or httpx.Client(timeout=timeout)
        self._url, self._headers = _address(url, key, mind)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> "CodexMemory":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self,
        method: str,
        path: str,
        params: Optional[Json] = None,
        body: Optional[Json] = None,
        *,
        tries: int = RETRIES,
        timeout: Optional[float] = None,
    ) -> Json:
        """Any request. A write carries a name of its own, so that it may be sent again without being done twice."""
        limit = {} if timeout is None else {"timeout": timeout}
        headers = dict(self._headers)
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        for attempt in range(tries):
            try:
                sent = self._http.request(method, self._url + path, params=params, json=body, headers=headers, **limit)
                return _answer(sent)
            except (CodexError, httpx.TransportError) as error:
                if attempt + 1 == tries or not _may_repeat(error):
                    raise
                time.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    def add(self, content: str, **fields: Any) -> Json:
        """Remembers something; `created_at`, `speaker`, `session`, `key` and `metadata` say more about it."""
        return self.request(*_Requests.add(content, **fields))

    def add_many(self, memories: List[Json]) -> Json:
        """Remembers several: all of them, or none."""
        return self.request(*_Requests.add_many(memories))

    def recall(self, query: str, **fields: Any) -> List[Json]:
        """What comes to mind, best first; `k`, `min_relevance`, `since`, `session` … narrow it."""
        return self.request(*_Requests.recall(query, **fields))["results"]

    def get(self, memory_id: Any) -> Json:
        return self.request("GET", f"/v1/memories/{memory_id}")

    def list(self, **params: Any) -> Iterator[Json]:
        """Every memory, newest first, page by page."""
        while True:
            page = self.request(*_Requests.listed(**params))
            yield from page["memories"]
            if not page.get("next"):
                return
            params["cursor"] = page["next"]

    def edit(self, memory_id: Any, content: str) -> Json:
        return self.request("PATCH", f"/v1/memories/{memory_id}", None, {"content": content})

    def delete(self, memory_id: Any) -> Json:
        """Hides a memory; `restore` brings it back."""
        return self.request("DELETE", f"/v1/memories/{memory_id}")

    def restore(self, memory_id: Any) -> Json:
        return self.request("POST", f"/v1/memories/{memory_id}/restore")

    def facts(self, **params: Any) -> List[Json]:
        return self.request("GET", "/v1/facts", _without_none(params))["facts"]

    def insights(self, **params: Any) -> List[Json]:
        return self.request("GET", "/v1/insights", _without_none(params))["insights"]

    def context(self) -> Json:
        """What to know when a conversation starts: `context` and its `version`."""
        return self.request("GET", "/v1/conscious")

    def wrap(self, client: Any, *, session: Optional[str] = None) -> Any:
        """The OpenAI client with this memory: see `codex_memory.chat`."""
        from .chat import wrap

        return wrap(self, client, session)


class AsyncCodexMemory:
    """As `CodexMemory`, for programs that do not wait."""

    def __init__(
        self,
        url: Optional[str] = None,
        key: Optional[str] = None,
        *,
        mind: Optional[str] = None,
        timeout: float = 10.0,
        http_client: Optional[httpx.AsyncClient] = None,
    ) -> None:
        self._http = http_client or httpx.AsyncClient(timeout=timeout)
        self._url, self._headers = _address(url, key, mind)

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> "AsyncCodexMemory":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def request(self, method: str, path: str, params: Optional[Json] = None, body: Optional[Json] = None) -> Json:
        import asyncio

        headers = dict(self._headers)
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        for attempt in range(RETRIES):
            try:
                response = await self._http.request(method, self._url + path, params=params, json=body, headers=headers)
                return _answer(response)
            except (CodexError, httpx.TransportError) as error:
                if attempt + 1 == RETRIES or not _may_repeat(error):
                    raise
                await asyncio.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    async def add(self, content: str, **fields: Any) -> Json:
        return await self.request(*_Requests.add(content, **fields))

    async def recall(self, query: str, **fields: Any) -> List[Json]:
        return (await self.request(*_Requests.recall(query, **fields)))["results"]

    async def get(self, memory_id: Any) -> Json:
        return await self.request("GET", f"/v1/memories/{memory_id}")

    async def edit(self, memory_id: Any, content: str) -> Json:
        return await self.request("PATCH", f"/v1/memories/{memory_id}", None, {"content": content})

    async def delete(self, memory_id: Any) -> Json:
        return await self.request("DELETE", f"/v1/memories/{memory_id}")

    async def facts(self, **params: Any) -> List[Json]:
        return (await self.request("GET", "/v1/facts", _without_none(params)))["facts"]

    async def restore(self, memory_id: Any) -> Json:
        return await self.request("POST", f"/v1/memories/{memory_id}/restore")

    async def context(self) -> Json:
        return await self.request("GET", "/v1/conscious")


def _address(url: Optional[str], key: Optional[str], mind: Optional[str]) -> tuple:
    url = (url or os.environ.get("CODEX_URL") or DEFAULT_URL).rstrip("/")
    if "://" not in url or not url.startswith(("http://", "https://")):
        raise ValueError(f"{url} is no address of codex: give the one that `codex serve` prints, http://…")
    key = key or os.environ.get("CODEX_API_KEY")
    if not key:
        raise ValueError("a key is needed: `codex keys create --name NAME --scope write`, then key=… or CODEX_API_KEY")
    headers = {"Authorization": f"Bearer {key}"}
    if mind:
        headers["X-Codex-Mind"] = mind
    return url, headers
