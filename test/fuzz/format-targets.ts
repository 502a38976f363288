/** @file Datasets and archives of others: every container, through the doors that commands use. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { extractModel } from '../../src/checkpoint/sources/wheel.ts';
import { readTarGz } from '../../src/dataset/archives/tar-archive.ts';
import { readZip } from '../../src/dataset/archives/zip-archive.ts';
import { openDataset } from '../../src/dataset/formats/open-dataset.ts';
import { csvSeed, hdf5Seed, jsonlSeed, parquetSeed, sqliteSeed, tarSeed } from '../support/dataset-seeds.ts';
import { zipBytes } from '../support/zip-writer.ts';
import type { FuzzTarget } from './fuzz-target.ts';

/** A dataset that is read to its end. */
function dataset(name: string, file: string, seed: () => Uint8Array | Promise<Uint8Array>): FuzzTarget {
  return {
    name: `dataset ${name}`,
    seeds: async () => [await seed()],
    run: async (bytes, folder) => {
      const path = join(folder, file);
      writeFileSync(path, bytes);
      const opened = await openDataset(path, { requireTarget: false });
      for await (const _ of opened.records());
    },
  };
}

const visitor = { wants: () => true, onFile: () => {}, onProblem: () => {} };

/** An archive of sources: its problems are counted, none is thrown. */
function archive(name: string, file: string, seed: () => Uint8Array, read: typeof readZip): FuzzTarget {
  return {
    name: `archive ${name}`,
    seeds: async () => [seed()],
    run: async (bytes, folder) => {
      const path = join(folder, file);
      writeFileSync(path, bytes);
      await read(path, visitor);
    },
  };
}

const wheelSeed = () =>
  zipBytes({
    'm/config.json': '{}',
    'm/model.safetensors': Buffer.alloc(200, 7),
    'm-1.dist-info/RECORD': 'm/config.json,sha256=x,2\n',
  });

export const FORMAT_TARGETS: readonly FuzzTarget[] = [
  dataset('jsonl', 'x.jsonl', jsonlSeed),
  dataset('json', 'x.json', () =>
    Buffer.from(`[${Buffer.from(jsonlSeed()).toString().trim().replaceAll('\n', ',')}]`),
  ),
  dataset('csv', 'x.csv', csvSeed),
  dataset('parquet', 'x.parquet', parquetSeed),
  dataset('sqlite', 'x.db', sqliteSeed),
  dataset('hdf5', 'x.hdf5', hdf5Seed),
  dataset('jsonl.gz', 'x.jsonl.gz', () => gzipSync(jsonlSeed())),
  dataset('tar', 'x.tar', tarSeed),
  archive('tar.gz', 'x.tar.gz', () => gzipSync(tarSeed()), readTarGz),
  archive('zip', 'x.zip', () => zipBytes({ 'a.js': 'x', 'b/c.js': 'y'.repeat(1000) }), readZip),
  {
    name: 'archive wheel',
    seeds: async () => [wheelSeed()],
    run: async (bytes, folder) => {
      const path = join(folder, 'x.whl');
      writeFileSync(path, bytes);
      await extractModel(path, join(folder, 'out'));
    },
  },
];
