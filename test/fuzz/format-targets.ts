/**
 * @file Datasets and archives of others: every container. Those that Vultune reads in a worker are read here by what runs there:
 * a thread for each input would leave time for a handful.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { extractModel } from '../../src/checkpoint/sources/wheel.ts';
import { readTarGz } from '../../src/dataset/archives/tar-archive.ts';
import { readZip } from '../../src/dataset/archives/zip-archive.ts';
import {
  changeOfRow,
  fixBatches,
  holdsFiles,
  namesOfTables,
} from '../../src/dataset/formats/cvefixes/database-jobs.ts';
import { methodBatches } from '../../src/dataset/formats/cvefixes/method-records.ts';
import { namesAtRoot, vdiscBatches } from '../../src/dataset/formats/draper/vdisc-job.ts';
import { openDataset } from '../../src/dataset/formats/open-dataset.ts';
import { firstRow, parquetBatches } from '../../src/dataset/formats/rows/parquet-job.ts';
import { csvSeed, hdf5Seed, jsonlSeed, parquetSeed, sqliteSeed, tarSeed } from '../support/dataset-seeds.ts';
import { zipBytes } from '../support/zip-writer.ts';
import { type FuzzTarget, fileTarget } from './fuzz-target.ts';

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

/** A file whose reader follows counts and offsets out of it: Vultune runs it in a thread that it ends. */
const bounded = (
  name: string,
  file: string,
  seed: () => Uint8Array | Promise<Uint8Array>,
  read: (path: string) => Promise<void>,
): FuzzTarget => ({
  ...fileTarget(`dataset ${name}`, file, async () => [await seed()], read),
  isBounded: true,
});

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
    'm-1.dist-info/RECORD': `m/config.json,sha256=${createHash('sha256').update('{}').digest('base64url')},2\n`,
  });

const HASH = 'abcdef0123456789abcdef0123456789abcdef01';
const FACTS = {
  project: 'a/b',
  commit_id: HASH,
  cve: 'CVE-2020-1',
  cwe: ['CWE-79'],
  file_name: 'a.c',
  idx: 1,
};
/** As others publish them: PrimeVul, SVEN, Big-Vul. */
const PRIMEVUL = [1, 0].map((target) => ({ ...FACTS, func: `int f() { return ${target}; }`, target }));
const SVEN = {
  func_name: 'f',
  func_src_before: 'int f() { return 1; }',
  func_src_after: 'int f() { return 2; }',
  commit_link: `github.com/a/b/commit/${HASH}`,
  file_name: 'a.c',
  vul_type: 'cwe-079',
  line_changes: { deleted: [{ line_no: 1, char_start: 0, char_end: 3, line: 'x' }], added: [] },
};
const BIG_VUL = `index,commit_id,project,lang,CVE ID,CWE ID,Publish Date,func_before,func_after,vul,flaw_line_index
1,${HASH},a,C,CVE-2020-1,CWE-79,2020-01-02,int f() { return 1; },int f() { return 2; },1,"1,2"
2,${HASH},a,C,CVE-2020-1,CWE-79,2020-01-02,int g() { return 1; },int g() { return 1; },0,
`;
const published = (...rows: readonly object[]) =>
  Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

export const FORMAT_TARGETS: readonly FuzzTarget[] = [
  dataset('jsonl', 'x.jsonl', jsonlSeed),
  dataset('json', 'x.json', () =>
    Buffer.from(`[${Buffer.from(jsonlSeed()).toString().trim().replaceAll('\n', ',')}]`),
  ),
  dataset('csv', 'x.csv', csvSeed),
  dataset('PrimeVul', 'primevul_train.jsonl', () => published(...PRIMEVUL)),
  dataset('SVEN', 'cwe-079.jsonl', () => published(SVEN, SVEN)),
  dataset('Devign', 'function.json', () => Buffer.from(JSON.stringify(PRIMEVUL))),
  dataset('Big-Vul', 'MSR_data_cleaned.csv', () => Buffer.from(BIG_VUL)),
  bounded('parquet', 'x.parquet', parquetSeed, async (path) => {
    await firstRow(path);
    for await (const _ of parquetBatches(path));
  }),
  bounded(
    'sqlite',
    'x.db',
    () => sqliteSeed({ withFiles: true }),
    async (path) => {
      const file = { path, opened: path, sizeBytes: statSync(path).size };
      namesOfTables(file);
      holdsFiles(file);
      for await (const _ of methodBatches({ ...file, requireTarget: true }));
      for await (const { items } of fixBatches(file)) {
        for (const row of items.flatMap(({ fileRows }) => fileRows).slice(0, 3)) changeOfRow({ file, row });
      }
    },
  ),
  bounded('hdf5', 'x.hdf5', hdf5Seed, async (path) => {
    await namesAtRoot(path);
    for await (const _ of vdiscBatches({ path, sizeBytes: statSync(path).size, requireTarget: false }));
  }),
  dataset('jsonl.gz', 'x.jsonl.gz', () => gzipSync(jsonlSeed())),
  dataset('tar', 'x.tar', tarSeed),
  archive('tar in gzip', 'x.tar.gz', tarSeed, (path, ...rest) => {
    writeFileSync(path, gzipSync(readFileSync(path), { level: 1 }));
    return readTarGz(path, ...rest);
  }),
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
