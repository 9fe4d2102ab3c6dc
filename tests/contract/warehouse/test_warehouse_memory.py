import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]

LOAD = """
import asyncio, gzip, io, json, random, re
from pathlib import Path
from schemas.load_source import LoadSource

text = random.Random(1).randbytes(500_000).hex()
block = "".join(json.dumps({"n": n, "text": text[n * 900:(n + 1) * 900]}) + "\\n" for n in range(1000)).encode()
columns = dict(tenant="t", provider="p", platform="x", competitor="y", dataset_id="d", is_error=False,
               stored_at="2026-01-01T00:00:00Z")

def peak():  # of its own: what getrusage tells begins with the peak of whoever started it
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

async def store(name, times):
    async def blocks():
        member = gzip.compress(block, 1)
        for _ in range(times):
            yield member
    await lake.create(name, blocks())

async def load(name):
    source = LoadSource(key=name, attempt=1, object_name=name, columns=columns)
    return (await warehouse.load(name, "records", [source]))[name]

async def main():
    await store("warm", 1)
    await load("warm")
    await store("big", 120)
    before = peak()
    rows = await load("big")
    print(json.dumps({"rows": rows, "mebibytes": len(block) * 120 >> 20, "growth": peak() - before}))

asyncio.run(main())
"""

WHOLE = """
async def load(name):
    content = b"".join([part async for part in lake.read(name)])
    text = gzip.GzipFile(fileobj=io.BytesIO(content)).read()
    return len(text.decode().splitlines())

async def main():
"""


def measured(code: str) -> dict[str, int]:
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, int] = json.loads(run.stdout)
    return found


def test_a_load_of_100_mebibytes_needs_far_less_memory(adapter: Any) -> None:
    found = measured(adapter.code + LOAD)

    assert found["rows"] == 120_000
    assert found["mebibytes"] >= 100
    assert found["growth"] < 150


def test_reading_the_object_whole_would_be_noticed(adapter: Any) -> None:
    found = measured(adapter.code + LOAD.replace("async def main():", WHOLE))

    assert found["rows"] == 120_000
    assert found["growth"] > 150
