/** @file A device is tried in a process of its own: what it prints, and how it ends, stays there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import { lowerGraph } from '../../../src/onnx/lowering.ts';
import { probeSession } from '../../../src/runtime/ort/probe-device.ts';
import { sessionOptions } from '../../../src/runtime/ort/session-options.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-probe-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A library whose `create` does this. */
function library(body: string): string {
  const path = join(folder, `${Math.random()}.cjs`);
  writeFileSync(
    path,
    `exports.env = {}; exports.InferenceSession = { create: async (model, options) => { ${body}; return { release: async () => {} } } };`,
  );
  return path;
}

const model = new Uint8Array([1, 2, 3]);

test('the real library makes a session on the CPU', async () => {
  const builder = new GraphBuilder();
  builder.output('y', builder.neg(builder.input('x', 'float32', [1])));
  expect(await probeSession(lowerGraph(builder.build()), sessionOptions({ device: 'cpu' }))).toBeUndefined();
});

test.each([
  ['works', '', undefined],
  ['prints to both streams', "console.log('{ noise'); console.error('noise')", undefined],
  ['refuses', "throw new Error('no adapter')", 'no adapter'],
  ['gets model and options', 'throw new Error(model.length + options.executionProviders[0])', '3cpu'],
  ['ends its process', 'process.exit(3)', 'trying it ended its process (exit code 3)'],
])('a library that %s', async (_, body, reason) => {
  expect(await probeSession(model, sessionOptions({}), { library: library(body) })).toBe(reason);
});

test('a driver that hangs is given up', async () => {
  const options = { library: library('await new Promise((r) => setTimeout(r, 60_000))'), timeoutMs: 300 };
  expect(await probeSession(model, sessionOptions({}), options)).toContain('SIGKILL');
});
