/** @file One GGUF file as a checkpoint: names and configuration translated, query and key rows put back in order. */
import { VultuneError } from '../base/errors.ts';
import { sizeOf } from '../tensor/host-tensor.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type GgufFile, readGguf } from './gguf.ts';
import { huggingFaceConfig, huggingFaceName, permutedRotaryRow, unpermuteRotaryRows } from './gguf-llama.ts';
import { type StoredTensor, storedCheckpoint } from './stored-tensor.ts';

/** Throws what gguf.ts and gguf-llama.ts throw. */
export async function openGgufCheckpoint(path: string): Promise<Checkpoint> {
  const file = await readGguf(path);
  const config = huggingFaceConfig(file.metadata, {
    file: path,
    shapes: new Map([...file.tensors].map(([name, info]) => [name, info.shape])),
    ropeFactors: await readRopeFactors(file),
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

/** Half the dimensions of a head, of which no model has more than some hundreds. */
const MOST_ROPE_FACTORS = 4096;

/** Throws GGUF_ROPE for more of them than any head has dimensions. */
async function readRopeFactors(file: GgufFile): Promise<Float32Array | undefined> {
  const info = file.tensors.get(ROPE_FACTORS);
  if (info === undefined) return undefined;
  const count = sizeOf(info.shape);
  if (count >= 1 && count <= MOST_ROPE_FACTORS) return (await file.read(ROPE_FACTORS)).data;
  throw new VultuneError('GGUF_ROPE', `${file.path}: "${ROPE_FACTORS}" has ${count} numbers`, {
    where: { file: file.path, name: ROPE_FACTORS },
    hint: `Expected one for each pair of a head's dimensions, from 1 to ${MOST_ROPE_FACTORS}.`,
  });
}
