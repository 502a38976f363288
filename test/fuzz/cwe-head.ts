/** @file cwe_head.json beside an adapter and its tensors, each spoiled beside the right other; the hash follows the tensors. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCweHead, readCweHead, writeCweHead } from '../../src/adapters/files/cwe-head-files.ts';
import { parameterKey } from '../../src/adapters/parameter-key.ts';
import { CWE_BIAS, CWE_WEIGHT } from '../../src/heads/classifier.ts';
import { hostTensor } from '../../src/tensor/host-tensor.ts';
import type { FuzzTarget } from './fuzz-target.ts';

const WIDTH = 4;
const FILES = ['cwe_head.json', 'cwe_head.safetensors'] as const;

/** Both files of a right head. */
async function rightFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-fuzz-cwe-'));
  try {
    const classes = ['CWE-79', 'CWE-89'].map((id) => ({ id, examples: 20 }));
    const valid = { functions: 30, top1: 0.9, low: 0.8, high: 1, majority: { id: 'CWE-79', top1: 0.5 } };
    const parameters = new Map([
      [parameterKey(CWE_WEIGHT), hostTensor('float32', [2, WIDTH], new Float32Array(2 * WIDTH).fill(0.5))],
      [parameterKey(CWE_BIAS), hostTensor('float32', [2], Float32Array.of(0.1, -0.1))],
    ]);
    await writeCweHead(folder, { classes, used: true, valid }, parameters);
    return new Map(FILES.map((file) => [file, readFileSync(join(folder, file))]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const target = (file: (typeof FILES)[number]): FuzzTarget => ({
  name: file,
  seeds: async () => [(await rightFiles()).get(file)!],
  run: async (bytes, folder) => {
    for (const [name, right] of await rightFiles()) writeFileSync(join(folder, name), right);
    writeFileSync(join(folder, file), bytes);
    if (file === 'cwe_head.safetensors') {
      const header = JSON.parse(readFileSync(join(folder, FILES[0]), 'utf8')) as object;
      const weights = createHash('sha256').update(bytes).digest('hex');
      writeFileSync(join(folder, FILES[0]), JSON.stringify({ ...header, weights }));
    }
    const head = readCweHead(folder);
    if (head !== undefined) await loadCweHead(head, WIDTH);
  },
});

export const CWE_HEAD_TARGETS: readonly FuzzTarget[] = FILES.map(target);
