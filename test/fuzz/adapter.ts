/** @file adapter_config.json of an adapter and its weights, each spoiled beside the right others. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAdapter, readAdapterHeader } from '../../src/adapters/files/adapter-files.ts';
import { readModel } from '../../src/model/families/registry.ts';
import { classifierJudgement } from '../../src/tasks/classify.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { fixtureBytes, placeFixture } from './tiny-files.ts';

const FILES = ['adapter_config.json', 'adapter_model.safetensors'] as const;

const target = (file: (typeof FILES)[number]): FuzzTarget => ({
  name: file,
  seeds: async () => [fixtureBytes('adapter', file)],
  run: async (bytes, folder) => {
    for (const other of FILES) if (other !== file) placeFixture(folder, 'adapter', other);
    writeFileSync(join(folder, file), bytes);
    const config = JSON.parse(Buffer.from(fixtureBytes('base', 'config.json')).toString()) as object;
    const model = readModel({ ...config }, 'config.json');
    await loadAdapter(readAdapterHeader(folder), model, classifierJudgement(model, 'last').head);
  },
});

export const adapterConfigTarget = target('adapter_config.json');
export const adapterWeightsTarget = target('adapter_model.safetensors');
