"""Worker: how fast llama.cpp generates (the server in the Python package xllamacpp), on the job of ours.mjs.

Prints one JSON line. All prompts of a job are asked at the same time, each in a slot of its own. Times are of the client: the
first token is there when that of every prompt is.
"""

import argparse
import concurrent.futures
import json
import pathlib
import resource
import time
import urllib.request

import xllamacpp


def serve(model, threads, prompts, new_tokens):
    longest = max(len(prompt) for prompt in prompts)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.n_parallel = len(prompts)
    # llama.cpp rounds a slot up to a multiple of 256.
    parameters.n_ctx = len(prompts) * 256 * -(-(longest + new_tokens + 1) // 256)
    parameters.n_gpu_layers = 0
    parameters.fit_params = False
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    return xllamacpp.Server(parameters)


def ask(address, prompt, count):
    """Ids of the answer, and when each came."""
    body = {
        "prompt": prompt,
        "n_predict": count,
        "temperature": 0,
        "ignore_eos": True,
        "cache_prompt": False,
        "stream": True,
        "return_tokens": True,
    }
    request = urllib.request.Request(f"{address}/completion", json.dumps(body).encode(), {"Content-Type": "application/json"})
    ids, times = [], []
    with urllib.request.urlopen(request) as response:
        for line in response:
            if not line.startswith(b"data: "):
                continue
            tokens = json.loads(line[len(b"data: ") :]).get("tokens", [])
            ids += tokens
            times += [time.perf_counter()] * len(tokens)
    return ids[:count], times[:count]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--job", required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    job = json.loads(pathlib.Path(options.job).read_text())
    prompts = job["prompts"]
    server = serve(options.model, options.threads, prompts, job["newTokens"])
    ask(server.listening_address, prompts[0][:8], 2)
    with concurrent.futures.ThreadPoolExecutor(len(prompts)) as pool:
        start = time.perf_counter()
        asked = [pool.submit(ask, server.listening_address, prompt, job["newTokens"]) for prompt in prompts]
        answers = [one.result() for one in asked]
    ids = [answer for answer, _ in answers]
    first = max(times[0] for _, times in answers)
    # A slot that began earlier has answered some tokens by then.
    later = [at for _, times in answers for at in times if at > first]
    print(
        json.dumps(
            {
                "tokensPerSecond": len(later) / (max(later) - first),
                "firstTokenMs": (first - start) * 1000,
                "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "ids": ids,
            }
        ),
        flush=True,
    )


main()
