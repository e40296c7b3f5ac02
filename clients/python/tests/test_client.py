"""The client against a running codex (CODEX_URL, CODEX_API_KEY), and a chat against an upstream that speaks OpenAI's protocol."""

import asyncio
import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from openai import AsyncOpenAI, OpenAI

from codex_memory import AsyncCodexMemory, CodexError, CodexMemory, MemoryManager

ANSWER = "It hangs at the greenhouse."


class Upstream(BaseHTTPRequestHandler):
    """Answers every chat alike, and remembers what it was sent."""

    sent = []

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Upstream.sent.append(body)
        base = {"id": "chatcmpl-1", "created": 1, "model": body["model"]}
        if body.get("stream"):
            parts = [{"role": "assistant", "content": ""}, {"content": ANSWER[:10]}, {"content": ANSWER[10:]}]
            chunks = [{**base, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": part, "finish_reason": None}]} for part in parts]
            text = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
            self.reply("text/event-stream", text)
        else:
            message = {"role": "assistant", "content": ANSWER}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self.reply("application/json", json.dumps({**base, "object": "chat.completion", "choices": [choice]}))

    def reply(self, kind, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Memories(unittest.TestCase):
    def test_memories_are_added_recalled_edited_deleted_and_restored(self):
        with CodexMemory() as memory:
            added = memory.add("The tandem stands in the shed.", session="py")
            self.assertIn("shed", memory.recall("where is the tandem?")[0]["content"])
            memory.edit(added["id"], "The tandem stands in the cellar.")
            self.assertIn("cellar", memory.get(added["id"])["content"])
            memory.delete(added["id"])
            self.assertEqual(memory.recall("where is the tandem?", min_relevance=0.3), [])
            memory.restore(added["id"])
            self.assertIn("tandem", " ".join(one["content"] for one in memory.list(limit=1)))

    def test_errors_have_a_code(self):
        with CodexMemory() as memory, self.assertRaises(CodexError) as caught:
            memory.get(99_999_999)
        self.assertEqual(caught.exception.status, 404)

    def test_the_other_client_does_the_same_without_waiting(self):
        async def work():
            async with AsyncCodexMemory() as memory:
                await memory.add("The kayak is red.")
                hits = await memory.recall("what colour is the kayak?")
                return hits[0]["content"]

        self.assertEqual(asyncio.run(work()), "The kayak is red.")

    def test_the_manager_relates_and_searches(self):
        manager = MemoryManager()
        one, other = manager.add_memory("Bread needs salt."), manager.add_memory("Salt is in the blue tin.")
        manager.relate_memories(one, other, "related_to")
        self.assertEqual([found["id"] for found in manager.get_related_memories(one)], [other])
        self.assertTrue(manager.search_memories("salt"))
        with self.assertRaises(ValueError):
            MemoryManager("sqlite:///memory.db")


class Chats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.server.server_address[1]}/v1"

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()

    def client(self, memory):
        return memory.wrap(OpenAI(base_url=self.url, api_key="none"), session="chat-1")

    def test_a_chat_gets_what_is_known_and_leaves_what_was_said_once(self):
        memory = CodexMemory()
        memory.add("The greenhouse key hangs behind the fuchsia.")
        client = self.client(memory)
        Upstream.sent.clear()
        ask = [{"role": "user", "content": "Where does the greenhouse key hang?"}]
        answer = client.chat.completions.create(model="m", messages=ask)
        self.assertEqual(answer.choices[0].message.content, ANSWER)
        sent = Upstream.sent[0]["messages"]
        self.assertEqual(sent[-1], ask[0])
        self.assertIn("fuchsia", json.dumps(sent))
        streamed = client.chat.completions.create(model="m", messages=ask, stream=True)
        self.assertEqual("".join(chunk.choices[0].delta.content or "" for chunk in streamed), ANSWER)
        self.assertTrue(client.memory_flush())
        kept = [one["content"] for one in memory.list(session="chat-1")]
        self.assertIn(ANSWER, kept)
        self.assertEqual(kept.count(ask[0]["content"]), 1, kept)
        self.assertFalse(any("Recalled for this turn" in content for content in kept), kept)

    def test_messages_may_be_the_client_s_own_objects_and_streams_are_its_own(self):
        client = self.client(CodexMemory())
        ask = [{"role": "user", "content": "Hello there?"}]
        first = client.chat.completions.create(model="m", messages=ask)
        history = [*ask, first.choices[0].message, {"role": "user", "content": "And now?"}]
        with client.chat.completions.create(model="m", messages=history, stream=True) as stream:
            self.assertTrue(list(stream))
        with self.assertRaises(TypeError):
            CodexMemory().wrap(AsyncOpenAI(api_key="none"))

    def test_a_memory_that_is_away_fails_no_chat(self):
        client = self.client(CodexMemory("http://127.0.0.1:9", timeout=0.5))
        answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hello?"}])
        self.assertEqual(answer.choices[0].message.content, ANSWER)


if __name__ == "__main__":
    unittest.main()
