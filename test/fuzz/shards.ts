/** @file Parts of sharded jobs: as whole files, and with items and units that are wrong behind checksums that fit. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildIdentity } from '../../src/dataset/builder/shards/build-identity.ts';
import { openShards } from '../../src/dataset/builder/shards/open-shards.ts';
import { type ShardKind, ShardWriter } from '../../src/shards/shard-file.ts';
import { readShards } from '../../src/shards/shard-set.ts';
import { joinPredictions } from '../../src/workflows/predict/predict-shards.ts';
import { scoresOf } from '../../src/workflows/scan/scan-shards.ts';
import { type FuzzTarget, fileTarget, textOf, texts } from './fuzz-target.ts';
import { withFolder } from './with-folder.ts';

const KEY = 'abcdefghijklmnopqrstuv';
const SCORE = JSON.stringify({
  key: KEY,
  score: 0.5,
  truncated: false,
  cwes: [{ id: 'CWE-79', probability: 0.5 }],
});
const PREDICTION = JSON.stringify({
  at: 0,
  prediction: {
    id: 'a',
    function_name: null,
    line: 1,
    end_line: 2,
    score: 0.5,
    label: 1,
    truncated: false,
    logits: [0, 1],
  },
});
const UNIT = `ab/${'0'.repeat(32)}.jsonl`;
const META = {
  role: 'before',
  pair: 0,
  body: '0'.repeat(32),
  sketch: Buffer.alloc(128).toString('base64'),
  tokens: 5,
};
const LINE = `${JSON.stringify(META)}\t${JSON.stringify({ code: 'int f() {}', path: 'a.c', start_line: 1 })}`;
const SUMMARY = JSON.stringify({ changed: 1, added: 0, deleted: 0, files: {}, functions: {} });

/** One whole part with items that are given as JSON texts. */
function writePart(path: string, kind: ShardKind, items: readonly string[], identity = {}): void {
  const writer = new ShardWriter(path, {
    kind,
    shard: { index: 1, count: 1 },
    identity,
    startedAt: new Date(0),
  });
  for (const item of items) writer.add(JSON.parse(item));
  writer.commit('inputs');
}

/** The same, whatever its one item is: the checksum fits. */
function writeSealed(path: string, kind: ShardKind, item: string): void {
  writePart(path, kind, []);
  const head = `{"format":"vultune-shard","formatVersion":1,"kind":"${kind}","index":1,"count":1,"startedAt":"2026-01-01T00:00:00.000Z","identity":{}}\n`;
  const text = `${head}${item.replaceAll(/[\r\n]/g, ' ')}\n`;
  const sha256 = createHash('sha256').update(text).update('inputs').digest('hex');
  writeFileSync(path, `${text}${JSON.stringify({ items: 1, inputs: 'inputs', sha256 })}\n`);
}

export const SHARD_TARGETS: readonly FuzzTarget[] = [
  fileTarget(
    'a part of a sharded job',
    'a.part',
    async () =>
      await withFolder(async (folder, read) => {
        writePart(join(folder, 'a'), 'scan', [SCORE]);
        return [read('a')];
      }),
    (path) => {
      readShards([path], { kind: 'scan' });
    },
  ),
  {
    name: 'scores and predictions of a part',
    seeds: texts(SCORE, PREDICTION),
    run: async (bytes, folder) => {
      const path = join(folder, 'a.part');
      const read = (kind: ShardKind) => {
        writeSealed(path, kind, textOf(bytes));
        return readShards([path], { kind });
      };
      const parts = read('scan');
      if (textOf(bytes).includes('prediction')) joinPredictions(read('predict'), [{ id: 'a' }]);
      else scoresOf(parts);
    },
  },
  {
    name: 'units of a part of a dataset build',
    seeds: texts(LINE, `${LINE}\n${LINE.replace('before', 'after')}`),
    run: async (bytes, folder) => {
      const text = `${textOf(bytes)}\nsummary\t${SUMMARY}\t`;
      const path = join(folder, 'gathered', UNIT);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${text}${createHash('sha256').update(text).digest('hex')}\n`);
      writePart(
        join(folder, 'shard.jsonl'),
        'data build',
        [JSON.stringify({ unit: UNIT })],
        buildIdentity([]),
      );
      await openShards([folder], []);
    },
  },
];
