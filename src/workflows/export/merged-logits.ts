/** @file The logits that an exported checkpoint gives by itself: read again from its folder, without a run and an adapter. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parameterKey } from '../../adapters/parameter-key.ts';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import { readAllSafetensors } from '../../checkpoint/safetensors.ts';
import type { Head } from '../../heads/head.ts';
import { Network } from '../../network/network.ts';
import { openModel } from '../../network/open-model.ts';
import { scoreFunctions } from '../../network/score-functions.ts';
import { ortBackend } from '../../runtime/ort/ort-backend.ts';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import { asStored } from '../../weights/as-stored.ts';
import { BaseWeights } from '../../weights/base-weights.ts';
import { CLASSIFIER_FILE } from './transformers-class.ts';

export interface MergedRead {
  readonly head: Head;
  /** Token ids of each function. */
  readonly ids: readonly (readonly number[])[];
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** [functions, 2]. Matrices of blocks are read when a block is computed, so that memory holds those of one. */
export async function mergedLogits(
  folder: string,
  { head, ids, threads, signal }: MergedRead,
): Promise<Float32Array> {
  const model = await openModel(folder);
  try {
    const file = join(folder, CLASSIFIER_FILE);
    const apart = existsSync(file) ? await readAllSafetensors(file) : new Map<string, HostTensor>();
    const checkpoint = readEachTime(model.checkpoint, apart);
    const trained = head.parameters.filter(({ first }) => first !== undefined);
    const network = new Network({
      model: model.spec,
      weights: new BaseWeights(checkpoint, asStored),
      adapted: [],
      parameters: new Map(
        await Promise.all(
          trained.map(async ({ name }) => [parameterKey(name), await checkpoint.read(name)] as const),
        ),
      ),
      backend: await ortBackend({ threads }),
      blocksPerStage: 1,
      activations: 'products',
    });
    try {
      // Each alone, as whoever reads the folder may score them.
      return (await scoreFunctions(network, head, ids, { tokensPerBatch: 1, signal })).data;
    } finally {
      await network.release();
    }
  } finally {
    await model.checkpoint.close();
  }
}

/** Holds nothing of a matrix; `apart`: tensors that lie in a file of their own. */
function readEachTime(checkpoint: Checkpoint, apart: ReadonlyMap<string, HostTensor>): Checkpoint {
  const read = async (name: string) =>
    (apart.get(name) as HostTensor<'float32'> | undefined) ?? (await checkpoint.read(name));
  return {
    ...checkpoint,
    read,
    readRows: (name, rows) => checkpoint.readRows(name, rows),
    hold: async (name) => ({ sizeBytes: 0, decode: () => read(name) }),
    close: () => checkpoint.close(),
  };
}
