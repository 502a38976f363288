/** A model with its adapter merged, as one graph of padded rows, against the network that keeps them apart. */
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadAdapter, readAdapterHeader } from '../../../src/adapters/files/adapter-files.ts';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { answerTokens } from '../../../src/heads/answer-tokens.ts';
import { classifier, readablePoolings, resolvePooling } from '../../../src/heads/classifier.ts';
import { modelCheckpoint } from '../../../src/model/model-checkpoint.ts';
import { pooledLength } from '../../../src/network/encode-functions.ts';
import { mergedTensors } from '../../../src/network/merged-tensors.ts';
import { scoreFunctions } from '../../../src/network/score-functions.ts';
import {
  ANSWERS,
  ATTENTION_MASK,
  INPUT_IDS,
  LOGITS,
  POSITIONS,
  wholeGraph,
} from '../../../src/network/whole-graph.ts';
import type { HostTensor } from '../../../src/tensor/host-tensor.ts';
import { int64 } from '../../../src/tensor/host-tensor.ts';
import {
  FIXTURE_NAMES,
  fixtureFolder,
  fixtureNetwork,
  openFixture,
  tinyBackend,
  tinyNetwork,
} from '../../support/tiny-model.ts';

const MAX_LENGTH = 16;

describe.each([
  ...FIXTURE_NAMES.map((name) => [name, 0] as const),
  ['llama', 2] as const,
  ['bert', 1] as const,
])('%s with %i top layers', (name, topLayers) => {
  test('one graph gives the logits of the stages', async () => {
    const tiny = await openFixture(name);
    const opened = modelCheckpoint(await openCheckpoint(resolve(fixtureFolder(name), 'base')));
    const { model } = tiny;
    for (const pooling of readablePoolings(model)) {
      const { network, judgement, adapted, parameters } = await tinyNetwork(tiny, {
        pooling,
        head: classifier(model, { classes: 2, pooling, topLayers }),
      });
      const { graph, weights } = wholeGraph(model, {
        classes: 2,
        pooling,
        topLayers,
        maxLength: MAX_LENGTH,
      });
      const sources = mergedTensors(
        { ...opened, spec: model },
        { adapted, whole: [], parameters },
        judgement.head,
      );
      const feeds: Record<string, HostTensor> = {};
      for (const { name: own, make } of [...sources.base, ...sources.head]) feeds[own] = await make();
      expect(Object.keys(feeds)).toEqual(expect.arrayContaining([...weights]));
      const executable = await (await tinyBackend()).compile(graph);
      const functions = functionsFor(model.padTokenId, model.vocabularySize);
      const found = await executable.run({ ...feeds, ...rowsOfIds(functions) });
      const read = functions.map((ids) =>
        pooling === 'last' ? ids.slice(0, pooledLength(ids, model.padTokenId)) : ids,
      );
      const expected = await scoreFunctions(network, judgement.head, read, { tokensPerBatch: 1 });
      const [ours, theirs] = [found[LOGITS]!.data as Float32Array, expected.data];
      expect(ours).toHaveLength(theirs.length);
      ours.forEach((value, i) => {
        expect(Math.abs(value - theirs[i]!), `${pooling} ${i}`).toBeLessThan(1e-5);
      });
      expect(Math.abs(theirs[0]! - theirs[2]!)).toBeGreaterThan(1e-4);
      await Promise.all([network.release(), executable.release()]);
    }
  });
});

test.each(['llama', 'gpt2', 'phi', 'codegen', 'glm'])(
  '%s: one graph gives the answers of the last token, whichever it is',
  async (name) => {
    const tiny = await openFixture(name);
    const opened = modelCheckpoint(await openCheckpoint(resolve(fixtureFolder(name), 'base')));
    const { model } = tiny;
    const answers = [3, 7];
    const head = answerTokens(model, answers);
    const { network, adapted, parameters } = await tinyNetwork(tiny, { head });
    const { graph, weights } = wholeGraph(model, { answers, maxLength: MAX_LENGTH });
    const sources = mergedTensors({ ...opened, spec: model }, { adapted, whole: [], parameters }, head);
    const feeds: Record<string, HostTensor> = {
      [ANSWERS]: await tiny.weights.rows(model.heads.languageModel, answers),
    };
    for (const { name: own, make } of [...sources.base, ...sources.head]) feeds[own] = await make();
    expect(Object.keys(feeds)).toEqual(expect.arrayContaining([...weights]));
    const executable = await (await tinyBackend()).compile(graph);
    const functions = functionsFor(model.padTokenId, model.vocabularySize);
    const found = await executable.run({ ...feeds, ...rowsOfIds(functions) });
    const { data: theirs } = await scoreFunctions(network, head, functions, { tokensPerBatch: 1 });
    (found[LOGITS]!.data as Float32Array).forEach((value, i) => {
      expect(Math.abs(value - theirs[i]!), `${i}`).toBeLessThan(1e-5);
    });
    expect(Math.abs(theirs[0]! - theirs[2]!)).toBeGreaterThan(1e-4);
    await Promise.all([network.release(), executable.release()]);
  },
);

/** PEFT's own adapters of every kind, and parameters that are trained whole. */
test.each([
  'llama-dora',
  'llama-adalora',
  'llama-head',
  'gpt2-dora-bias',
  'gpt2-whole',
  'bert-bias-all',
  'bert-whole',
  'qwen2-parts',
])('%s merged', async (kind) => {
  const name = `adapters/${kind}`;
  const opened = modelCheckpoint(await openCheckpoint(resolve(fixtureFolder(name), 'base')));
  const { network, judgement, model } = await fixtureNetwork(name);
  const header = readAdapterHeader(resolve(fixtureFolder(name), 'adapter'));
  const adapter = await loadAdapter(header, model, judgement.head);
  const sources = mergedTensors({ ...opened, spec: model }, adapter, judgement.head);
  const feeds: Record<string, HostTensor> = {};
  for (const { name: own, make } of [...sources.base, ...sources.head]) feeds[own] = await make();
  const pooling = resolvePooling(model, undefined);
  const { graph } = wholeGraph(model, { classes: 2, pooling, maxLength: MAX_LENGTH });
  const executable = await (await tinyBackend()).compile(graph);
  const functions = [
    [3, 5, 7, 2, 9],
    [4, 8],
  ];
  const found = await executable.run({ ...feeds, ...rowsOfIds(functions) });
  const expected = await scoreFunctions(network, judgement.head, functions, { tokensPerBatch: 1 });
  (found[LOGITS]!.data as Float32Array).forEach((value, i) => {
    expect(Math.abs(value - expected.data[i]!)).toBeLessThan(1e-5);
  });
  await Promise.all([network.release(), executable.release()]);
});

/** They differ in length; one ends with padding of its own, one is nothing else. */
function functionsFor(pad: number | undefined, vocabularySize: number): number[][] {
  const own = pad ?? 1;
  return [
    [3, 5, 7, 2, 9],
    [4],
    Array.from({ length: 11 }, (_, i) => (5 * i + 3) % Math.min(vocabularySize, 40)),
    [6, 8, own, own],
    [own, own],
  ];
}

function rowsOfIds(functions: readonly (readonly number[])[]): Record<string, HostTensor> {
  const S = Math.max(...functions.map(({ length }) => length));
  const shape = [functions.length, S];
  const padded = (value: (ids: readonly number[], s: number) => number) =>
    functions.flatMap((ids) => Array.from({ length: S }, (_, s) => value(ids, s)));
  return {
    [INPUT_IDS]: int64(
      shape,
      padded((ids, s) => ids[s] ?? 2),
    ),
    [ATTENTION_MASK]: int64(
      shape,
      padded((ids, s) => (s < ids.length ? 1 : 0)),
    ),
    [POSITIONS]: int64(
      [S],
      Array.from({ length: S }, (_, s) => s),
    ),
  };
}
