"""This crate beside llama.cpp's server, in one run: the same machine, file, prompt, threads and number of tokens.

    pip install xllamacpp          # llama.cpp and its HTTP server, built, as a Python package
    python benches/compare.py MODEL.gguf [ROUNDS] [TOKENS] [THREADS]

Each round starts both afresh, one after the other, so that what else the machine does hits both. Prints the figures of
every round and the medians, as JSON.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent.parent
PROMPT = "What is a good name for a company that makes colorful socks?"
FIGURES = ["load_s", "first_token_s", "tokens_per_s", "four_at_once_tokens_per_s", "four_at_once_cpu_s", "peak_rss_mib"]


def ours(model, tokens, threads):
    command = [HERE / "target/release/examples/speed", model, str(tokens)]
    environment = os.environ | {"CANDLE_NUM_THREADS": str(threads), "RAYON_NUM_THREADS": str(threads)}
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def theirs(model, tokens, threads):
    """In a process of its own, whose memory is measured."""
    command = [sys.executable, __file__, "--serve", model, str(tokens), str(threads)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def serve(model, tokens, number):
    import xllamacpp

    start = time.perf_counter()
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = 2048 * 4
    params.n_parallel = 4
    params.port = 18_181
    params.cpuparams.n_threads = number
    params.cpuparams_batch.n_threads = number
    server = xllamacpp.Server(params)
    load = time.perf_counter() - start
    first, rest, text = ask(server.listening_address, tokens)
    start, busy = time.perf_counter(), time.process_time()
    threads = [threading.Thread(target=ask, args=(server.listening_address, tokens)) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    took, busy = time.perf_counter() - start, time.process_time() - busy
    status = pathlib.Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
    values = [load, first, (tokens - 1) / rest, 4 * tokens / took, busy, peak]
    print(json.dumps(dict(zip(FIGURES, values)) | {"text": text}), flush=True)
    os._exit(0)


def ask(address, tokens):
    body = {"messages": [{"role": "user", "content": PROMPT}], "temperature": 0, "top_k": 1, "repeat_penalty": 1.0,
            "max_tokens": tokens, "ignore_eos": True, "cache_prompt": False, "stream": True}
    request = urllib.request.Request(address + "/v1/chat/completions", json.dumps(body).encode(),
                                     {"content-type": "application/json"})
    start, first, text = time.perf_counter(), None, ""
    with urllib.request.urlopen(request) as answer:
        for line in answer:
            if line.startswith(b"data: {"):
                choices = json.loads(line[6:])["choices"]
                piece = choices and choices[0]["delta"].get("content")
                if piece:
                    first = first or time.perf_counter()
                    text += piece
    return first - start, time.perf_counter() - first, text


def main():
    if sys.argv[1] == "--serve":
        return serve(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    model = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    tokens = int(sys.argv[3]) if len(sys.argv) > 3 else 64
    threads = int(sys.argv[4]) if len(sys.argv) > 4 else os.cpu_count()
    subprocess.run(["cargo", "build", "--release", "--example", "speed"], cwd=HERE, check=True)
    runs = []
    for _ in range(rounds):
        runs.append({"catena": ours(model, tokens, threads), "llama.cpp": theirs(model, tokens, threads)})
        print(json.dumps(runs[-1], ensure_ascii=False), flush=True)
    median = lambda who, what: statistics.median(run[who][what] for run in runs)
    summary = {what: {who: round(median(who, what), 3) for who in runs[0]} for what in FIGURES}
    for values in summary.values():
        values["ratio"] = round(values["catena"] / values["llama.cpp"], 3)
    print(json.dumps(summary, indent=2))


main()
