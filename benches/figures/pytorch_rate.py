"""Embeds the texts on stdin (a JSON list) with sentence-transformers and prints how many it does in a second.

Usage: pytorch_rate.py MODEL_DIRECTORY. The best of three passes over all texts, after one of a few.
"""

import json
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"

from sentence_transformers import SentenceTransformer  # noqa: E402

texts = json.load(sys.stdin)
model = SentenceTransformer(sys.argv[1], device="cpu")
model.encode(texts[:8])
best = float("inf")
for _ in range(3):
    started = time.perf_counter()
    model.encode(texts)
    best = min(best, time.perf_counter() - started)
print(len(texts) / best)
