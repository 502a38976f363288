/**
 * @file Worker: how fast Vultune fine-tunes, on the job of peft_worker.py. Imports the engine from dist/ and prints one
 * JSON line: tokensPerSecond (real tokens), functionsPerSecond, peakMemoryBytes, batches, functions, seconds, complete,
 * paddingShare, lossFirst, lossLast, threads, and matmulShare (time in matrix products / all time, 0..1).
 *
 * node ours.mjs --model M.gguf --functions FILE --seconds 40 --threads 2
 */
throw new Error('bench/training/ours.mjs has no body yet: it comes with the trainer');
