/** @file A whole network with its weights in each format: how near it is to float32, that it learns, and resumes bit for bit. */
import { afterAll, describe, expect, test } from 'vitest';
import { formatHere } from '../../support/integer-kernels.ts';
import { alone, relativeDifference, stepGroups } from '../../support/network-step.ts';
import { fixtureNetwork, type TinyNetwork } from '../../support/tiny-model.ts';
import { runToy, toyNetwork } from '../../support/toy-training.ts';

const made: TinyNetwork[] = [];
afterAll(async () => {
  for (const { network } of made) await network.release();
});

const functions = [3, 9, 17, 30].map((length, i) => {
  const ids = Array.from({ length }, (_, position) => (position * (i + 3) + i) % 40);
  return { ids, target: i % 2 === 0 ? 1 : 0, weight: 1 } as const;
});

// What rounding the weights of a tiny random model does to its logits, of the largest.
test.each([
  ['as-stored', 0],
  ['int8-exact', 0.05],
  ['int8', 0.1],
  ['int8-dequantised', 0.05],
  ['nf4', 0.4],
  ['nf4-double-quant', 0.4],
  ['fp4', 0.6],
] as const)('%s: logits near those of float32', async (name, tolerance) => {
  const [expected, found] = await Promise.all(
    ['float32', name].map(async (format) => {
      const tiny = await fixtureNetwork('llama', { blocksPerStage: 1, format: await formatHere(format) });
      made.push(tiny);
      return (await stepGroups(tiny, functions, alone(functions))).logits;
    }),
  );
  expect(relativeDifference(found!, expected!)).toBeLessThanOrEqual(tolerance);
});

describe.each(['int8', 'int8-exact', 'nf4', 'nf4-double-quant', 'as-stored'])('trained in %s', (name) => {
  test('it learns, and a resumed run ends bit for bit where an uninterrupted one does', async () => {
    const toy = await toyNetwork('all', { format: await formatHere(name) });
    made.push(toy);
    const options = { epochs: 6, dropout: 0.1 };
    const saved: Awaited<ReturnType<typeof runToy>>['state'][] = [];
    const whole = await runToy({
      toy,
      state: toy.fresh(1),
      options,
      onSave: (state) => {
        saved.push(structuredClone(state));
      },
    });
    const losses = whole.events.flatMap((event) => (event.type === 'epoch' ? [event.meanLossNats] : []));
    expect(losses.at(-1)!).toBeLessThan(0.8 * losses[0]!);
    const middle = saved[Math.floor(saved.length / 2)]!;
    expect(middle.step).toBeGreaterThan(0);
    expect(middle.step).toBeLessThan(whole.state.step);
    const resumed = await runToy({ toy, state: toy.resume(middle), options });
    expect(resumed.parameters).toEqual(whole.parameters);
    expect(resumed.state.step).toBe(whole.totalSteps);
  });
});
