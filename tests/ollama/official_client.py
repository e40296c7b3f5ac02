"""Talks to the test server with Ollama's official client; any shape it cannot read, or reads otherwise, is an error."""
import sys

import ollama

client = ollama.Client(host=sys.argv[1])

names = [m.model for m in client.list().models]
assert names == ["gpt-oss:20b", "nomic-embed-text:latest"], names

shown = client.show("nomic-embed-text")
assert shown.modelinfo["bert.embedding_length"] == 8 and "embedding" in shown.capabilities, shown

embedded = client.embed(model="nomic-embed-text", input=["one", "two"])
assert len(embedded.embeddings) == 2 and len(embedded.embeddings[0]) == 8 and embedded.model == "nomic-embed-text", embedded
assert client.embed(model="nomic-embed-text", input="").embeddings == []

schema = {"type": "object", "properties": {"sentence": {"type": "string"}}, "required": ["sentence"]}
messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "<memory-0>\nHello there\n<memory-0>"}]
answer = client.chat(model="gpt-oss:20b", messages=messages, format=schema, think=False)
assert answer.done and answer.done_reason == "stop" and answer.message.role == "assistant", answer
assert answer.message.content == '{"sentence":"Hello there"}' and answer.message.thinking is None, answer
assert client.chat(model="gpt-oss:20b", messages=messages, format=schema).message.thinking
parts = list(client.chat(model="gpt-oss:20b", messages=messages, format=schema, think=False, stream=True))
assert [p.done for p in parts] == [False, True] and parts[0].message.content == '{"sentence":"Hello there"}', parts

steps = [p.status for p in client.pull("bge-m3", stream=True)]
assert steps[0] == "pulling manifest" and steps[-1] == "success", steps

for call, status, words in [
    (lambda: client.show("none"), 404, "model 'none' not found"),
    (lambda: client.embed(model="none", input="x"), 404, 'model "none" not found, try pulling it first'),
    (lambda: client.chat(model="none", messages=messages), 404, "model 'none' not found"),
    (lambda: list(client.pull("nowhere", stream=True)), None, "file does not exist"),
]:
    try:
        call()
    except ollama.ResponseError as error:
        assert status in (None, error.status_code) and words in error.error, error
    else:
        raise AssertionError(words)
