/** @file One GGUF file as a checkpoint: names and configuration translated, query and key rows put back in order. */
import type { Checkpoint } from './checkpoint.ts';
import { readGguf } from './gguf.ts';
import { huggingFaceConfig, huggingFaceName, permutedRotaryRow, unpermuteRotaryRows } from './gguf-llama.ts';
import { type StoredTensor, storedCheckpoint } from './stored-tensor.ts';

/** Throws what gguf.ts and gguf-llama.ts throw. */
export async function openGgufCheckpoint(path: string): Promise<Checkpoint> {
  const file = await readGguf(path);
  const config = huggingFaceConfig(file.metadata, {
    file: path,
    shapes: new Map([...file.tensors].map(([name, info]) => [name, info.shape])),
    ropeFactors: file.tensors.has(ROPE_FACTORS) ? (await file.read(ROPE_FACTORS)).data : undefined,
  });
  const headDim = Number(config.head_dim);
  // Only for what llama.cpp calls llama (Mistral too): for qwen2 it turns the same pairs as Hugging Face.
  const permuted = file.metadata['general.architecture'] === 'llama';
  const tensors = new Map<string, StoredTensor>();
  for (const [ggufName, info] of file.tensors) {
    const name = huggingFaceName(path, ggufName);
    if (name === undefined) continue;
    const turned = permuted && /\.(q|k)_proj\.(weight|bias)$/.test(name);
    tensors.set(name, {
      shape: info.shape,
      storedDtype: info.format.name,
      file: path,
      start: info.start,
      sizeBytes: info.sizeBytes,
      read: async () => {
        const tensor = await file.read(ggufName);
        return turned ? unpermuteRotaryRows(tensor, headDim) : tensor;
      },
      readRows: (rows) => {
        const stored = turned ? Array.from(rows, (row) => permutedRotaryRow(row, headDim)) : rows;
        return file.readRows(ggufName, stored);
      },
    });
  }
  const hasTokenizer = Array.isArray(file.metadata['tokenizer.ggml.tokens']);
  const tokenizer = hasTokenizer ? { kind: 'gguf' as const, metadata: file.metadata, file: path } : undefined;
  return await storedCheckpoint({ path, config, tokenizer }, tensors);
}

const ROPE_FACTORS = 'rope_freqs.weight';
