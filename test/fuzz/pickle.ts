/** @file PyTorch's files, and the pickles in them: every tensor that is admitted is read. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPytorchFile } from '../../src/checkpoint/pickle/pytorch-file.ts';
import { unpickleAll } from '../../src/checkpoint/pickle/unpickle.ts';
import {
  call,
  dict,
  floats,
  global,
  join as joinBytes,
  number,
  pickle,
  stateDict,
  tensor,
  torchLegacy,
  torchZip,
} from '../support/torch-writer.ts';
import type { FuzzTarget } from './fuzz-target.ts';

const data = floats(0, 1, 2, 3, 4, 5);
const six = { storage: '0', type: 'FloatStorage', count: 6 };
const tensors = stateDict({
  plain: { ...six, shape: [2, 3], strides: [3, 1] },
  transposed: { ...six, shape: [3, 2], strides: [1, 3] },
  scalar: { ...six, shape: [], strides: [], offset: 5 },
  half: { storage: '1', type: 'HalfStorage', count: 4, shape: [2, 2], strides: [2, 1] },
});
const halves = Uint8Array.of(0, 0x3c, 0, 0xc0, 1, 2, 3, 4);

async function readAll(bytes: Uint8Array, folder: string): Promise<void> {
  const path = join(folder, 'pytorch_model.bin');
  writeFileSync(path, bytes);
  for (const stored of (await readPytorchFile(path)).values()) {
    const { shape } = await stored.read();
    if (shape.length === 2 && shape[0]! > 0) await stored.readRows([0]);
  }
}

const zipTarget: FuzzTarget = {
  name: 'pytorch_model.bin',
  seeds: async () => [torchZip(tensors, { 0: data, 1: halves })],
  run: readAll,
};

const legacyTarget: FuzzTarget = {
  name: 'pytorch_model.bin before 1.6',
  seeds: async () => [
    torchLegacy(stateDict({ w: { ...six, shape: [3, 2], strides: [1, 3] } }), { 0: data }, 4),
  ],
  run: readAll,
};

const ordered = call(global('collections', 'OrderedDict'));

/** The pickle alone, and as one that a right archive holds. */
const pickleTarget: FuzzTarget = {
  name: 'data.pkl',
  seeds: async () => [
    tensors,
    pickle(
      dict({
        parameter: call(
          global('torch._utils', '_rebuild_parameter'),
          tensor({ ...six, shape: [6], strides: [1] }),
          Buffer.from([0x88]),
          joinBytes(ordered, dict({ _metadata: dict({ version: number(1) }) }), Buffer.from('b')),
        ),
      }),
    ),
    pickle(
      joinBytes(
        Buffer.from('\x8c\x0bcollections\x8c\x0bOrderedDict\x93)R\x94', 'latin1'),
        dict({ plain: tensor({ ...six, shape: [6], strides: [1] }) }).subarray(1),
      ),
      4,
    ),
  ],
  run: async (bytes, folder) => {
    await readAll(torchZip(bytes, { 0: data, 1: halves }), folder);
    unpickleAll('data.pkl', bytes);
  },
};

export const PICKLE_TARGETS: readonly FuzzTarget[] = [zipTarget, legacyTarget, pickleTarget];
