/** @file The quickstart's own parts: fewer advisories with --quick, which model is taken, which package is scanned. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { KNOWN_FILES } from '../../../src/checkpoint/sources/known-files.ts';
import { buildOfReachable } from '../../../src/cli/quickstart/build-of-reachable.ts';
import { prepareDataset } from '../../../src/cli/quickstart/data.ts';
import {
  CODE_MODEL,
  chooseModel,
  type Resolve,
  SMALL_HUB_MODEL,
  SMALL_PACKAGED_MODEL,
} from '../../../src/cli/quickstart/model.ts';
import { choosePackage, scanPackage } from '../../../src/cli/quickstart/scan.ts';
import { quickstartModel, quickstartSettings } from '../../../src/cli/quickstart/settings.ts';
import { parseTrainConfig } from '../../../src/config/load.ts';
import type { BuildDatasetResult } from '../../../src/dataset/builder/build-dataset.ts';
import type { BuildOptions } from '../../../src/dataset/builder/build-options.ts';
import type { LabelledRecord } from '../../../src/dataset/record.ts';
import type { DatasetSource, SourceContext } from '../../../src/dataset/source.ts';
import { cliContext } from '../../support/cli-context.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-quickstart-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const signal = new AbortController().signal;

const record = (project: string, line = 1, set: 'P1' | 'P2' = 'P1'): LabelledRecord => ({
  code: 'f',
  target: set === 'P1' ? 1 : 0,
  set,
  project,
  commit: '1.0.0...1.0.1',
  path: 'lib/a.js',
  language: 'javascript',
  function_name: 'load',
  cve: 'CVE-2020-1',
  start_line: line,
});

const functions = (count: number) =>
  Array.from({ length: count }, (_, i) => `function f${i}(a) {\n  return a + ${i};\n}\n`).join('');

const release = (files: Readonly<Record<string, string>>) => new Map(Object.entries(files));

describe('the dataset', () => {
  const result = {
    info: {
      options: { seed: 42 },
      counts: { changed: { kept: 77 } },
      splits: { train: { functions: 5, vulnerable: 1, P1: 1, P2: 2, P3: 2, projects: 1, commits: 1 } },
    },
  } as unknown as BuildDatasetResult;
  /** Every nth of so many advisories. */
  const lines = (count: number, every: number) =>
    Array.from({ length: count }, (_, i) => `{"package":"p${i}","vulnerable":"1.0.0","fixed":"1.0.1"}\n`)
      .filter((_, i) => i % every === 0)
      .join('');
  const parts = (asked: BuildOptions[]) => ({
    advisories: {
      npm: join(folder, 'all.jsonl'),
      pypi: join(folder, 'pypi.jsonl'),
      maven: join(folder, 'maven.jsonl'),
    },
    cacheDir: async () => folder,
    build: async (options: BuildOptions) => {
      asked.push(options);
      mkdirSync(options.outDir, { recursive: true });
      writeFileSync(
        join(options.outDir, 'train.jsonl'),
        `${JSON.stringify({ code: 'f() {}', target: 1 })}\n`,
      );
      writeFileSync(join(options.outDir, 'dataset.json'), '{}');
      return result;
    },
  });

  test('--quick takes every fourth advisory of npm; a page is written; the second time all is there', async () => {
    writeFileSync(join(folder, 'all.jsonl'), lines(9, 1));
    const asked: BuildOptions[] = [];
    const first = cliContext();
    const request = { dir: join(folder, 'qs'), quick: true, seed: 42 };
    const dataset = await prepareDataset(parts(asked), request, first);
    expect(asked[0]!.sources).toHaveLength(1);
    const { location } = asked[0]!.sources[0]!.info;
    expect(readFileSync(location, 'utf8')).toBe(lines(9, 4));
    expect(existsSync(join(dataset, 'report.html'))).toBe(true);
    expect(first.stdout.text()).toContain('train');
    expect(first.stdout.text()).not.toContain('77');
    expect(await prepareDataset(parts(asked), request, cliContext())).toBe(dataset);
    expect(asked).toHaveLength(1);
  });

  test('without --quick the whole tables are used', async () => {
    const asked: BuildOptions[] = [];
    for (const name of ['all', 'pypi', 'maven']) writeFileSync(join(folder, `${name}.jsonl`), lines(2, 1));
    await prepareDataset(parts(asked), { dir: folder, quick: false, seed: 42 }, cliContext());
    expect(asked[0]).toMatchObject({
      namedOnly: true,
      split: 'project',
      hardNegatives: true,
      sources: [
        { info: { name: 'npm', location: join(folder, 'all.jsonl') } },
        { info: { name: 'pypi', location: join(folder, 'pypi.jsonl') } },
        { info: { name: 'maven', location: join(folder, 'maven.jsonl') } },
      ],
    });
  });

  describe('a registry that cannot be asked', () => {
    const source = (name: string, failure?: Error): DatasetSource => ({
      kind: 'changes',
      info: { name, location: name },
      async *units() {
        if (failure !== undefined) throw failure;
        yield* [];
      },
    });
    /** Reads all sources, as the builder does. */
    const build = async (options: BuildOptions) => {
      for (const one of options.sources) {
        if (one.kind === 'changes') for await (const _ of one.units({} as SourceContext));
      }
      return { outDir: options.sources.map(({ info }) => info.name).join() } as BuildDatasetResult;
    };
    const run = async (...sources: DatasetSource[]) => {
      const left: string[] = [];
      const { outDir } = await buildOfReachable(
        build,
        { sources } as unknown as BuildOptions,
        (one, { code }) => left.push(`${one.info.name} ${code}`),
      );
      return { built: outDir, left };
    };
    const error = (code: string) => new VultuneError(code, 'x');

    test('is left out, and said; the others are built', async () => {
      const found = await run(source('npm'), source('pypi', error('PIP_MISSING')), source('maven'));
      expect(found).toEqual({ built: 'npm,maven', left: ['pypi PIP_MISSING'] });
      const two = await run(
        source('npm', error('REGISTRY_UNREACHABLE')),
        source('pypi'),
        source('maven', error('MAVEN_MISSING')),
      );
      expect(two).toEqual({ built: 'pypi', left: ['npm REGISTRY_UNREACHABLE', 'maven MAVEN_MISSING'] });
    });

    test('none can be asked: the first error', async () => {
      const both = run(source('npm', error('REGISTRY_UNREACHABLE')), source('pypi', error('PIP_MISSING')));
      await expect(both).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    });

    test('any other error ends the build', async () => {
      await expect(run(source('npm'), source('pypi', error('DISK_FULL')))).rejects.toMatchObject({
        code: 'DISK_FULL',
      });
    });
  });
});

describe('the model', () => {
  const missing = (code: string) => new VultuneError(code, 'not to be had');
  /** What can be had offline, and what with a network. */
  const source = (offline: readonly string[], online: readonly string[], asked: string[]): Resolve => {
    return async (reference, options) => {
      asked.push(`${reference}${options.offline === true ? '' : ' fetched'}`);
      if (options.offline === true ? offline.includes(reference) : online.includes(reference)) return {};
      throw missing(options.offline === true ? 'MODEL_NOT_CACHED' : 'MODEL_HUB_UNREACHABLE');
    };
  };

  test.each([
    ['the code model where it is cached', [CODE_MODEL, SMALL_PACKAGED_MODEL], [], CODE_MODEL, 0],
    [
      'the code model from the hub, though a small one is cached',
      [SMALL_PACKAGED_MODEL],
      [CODE_MODEL],
      CODE_MODEL,
      1,
    ],
    ['the small one from the cache of the hub', [SMALL_HUB_MODEL], [], SMALL_HUB_MODEL, 1],
    ['the small one of a package that is cached', [SMALL_PACKAGED_MODEL], [], SMALL_PACKAGED_MODEL, 1],
    ['the small one out of the package', [], [SMALL_PACKAGED_MODEL], SMALL_PACKAGED_MODEL, 2],
  ])('%s', async (_, offline, online, chosen, fetched) => {
    const asked: string[] = [];
    const shown = cliContext();
    expect(await chooseModel(shown, undefined, source(offline, online, asked))).toBe(chosen);
    expect(asked.filter((one) => one.endsWith('fetched'))).toHaveLength(fetched);
    const said = shown.stderr.text().trimEnd().split('\n');
    expect(said.at(-1)).toContain(chosen);
    expect(said).toHaveLength(chosen === CODE_MODEL ? 1 : 2);
  });

  test('a model of the user: nothing else is asked for, and nothing stands in for it', async () => {
    const asked: string[] = [];
    expect(await chooseModel(cliContext(), 'my.gguf', source([], ['my.gguf'], asked))).toBe('my.gguf');
    await expect(
      chooseModel(cliContext(), 'other', source([], [SMALL_PACKAGED_MODEL], asked)),
    ).rejects.toThrow();
    expect(asked).toEqual(['my.gguf fetched', 'other fetched']);
  });

  test('a hub that is asked gets a few seconds to answer', async () => {
    let answerTimeoutMs = 0;
    const slow: Resolve = async (_reference, options) => {
      if (options.offline === true) throw missing('MODEL_NOT_CACHED');
      answerTimeoutMs = options.answerTimeoutMs ?? 0;
    };
    await chooseModel(cliContext(), undefined, slow);
    expect(answerTimeoutMs).toBeGreaterThan(0);
    expect(answerTimeoutMs).toBeLessThanOrEqual(10_000);
  });

  test('neither: the error of the last one', async () => {
    await expect(chooseModel(cliContext(), undefined, source([], [], []))).rejects.toThrow('not to be had');
  });

  test('a disk that is full is no reason to try elsewhere', async () => {
    const full: Resolve = () => Promise.reject(missing('DISK_FULL'));
    await expect(chooseModel(cliContext(), undefined, full)).rejects.toMatchObject({ code: 'DISK_FULL' });
  });
});

describe('the settings', () => {
  const config = (reference: string, quick: boolean) =>
    parseTrainConfig(
      {
        ...quickstartSettings(reference, { quick }),
        base_model: reference,
        train_file: 'a',
        valid_file: 'b',
        output_dir: 'c',
      },
      'quickstart',
    );

  test.each([
    [CODE_MODEL, 'Qwen2.5-Coder-0.5B', 'mean'],
    ['/models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf', 'Qwen2.5-Coder-0.5B', 'mean'],
    [SMALL_PACKAGED_MODEL, 'SmolLM2-135M', null],
    [SMALL_HUB_MODEL, 'SmolLM2-135M', null],
    ['org/another', 'org/another', null],
  ])('%s is trained as %s', (reference, name, pooling) => {
    expect(quickstartModel(reference).name).toBe(name);
    expect(config(reference, false)).toMatchObject({ pooling, max_steps: null });
    expect(config(reference, true).max_steps).toBeGreaterThan(0);
  });

  test('the code model has a known size and hash', () => {
    expect(KNOWN_FILES[CODE_MODEL]?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('the package that is scanned', () => {
  const limits = { least: 5, most: 10 };
  const test6 = [record('small'), record('gone'), record('huge'), record('right', 1), record('right', 4)];
  const fetch = async (name: string): Promise<ReadonlyMap<string, string>> => {
    switch (name) {
      case 'small':
        return release({ 'lib/a.js': functions(2) });
      case 'huge':
        return release({ 'lib/a.js': functions(30) });
      case 'right':
        return release({ 'lib/a.js': functions(6), 'test/a.js': functions(50), 'dist/a.js': functions(6) });
      default:
        throw Object.assign(new Error('not found'), { code: 'E404' });
    }
  };

  test('is the first of the right size; tests and built files do not count; its known functions come with it', async () => {
    const chosen = await choosePackage(test6, fetch, limits, signal);
    expect(chosen).toMatchObject({
      name: 'right',
      version: '1.0.0',
      known: [{ start_line: 1 }, { start_line: 4 }],
    });
    expect([...chosen!.files.keys()]).toEqual(['lib/a.js']);
  });

  test('is the largest below the limit where none is large enough', async () => {
    const chosen = await choosePackage([record('small'), record('huge')], fetch, limits, signal);
    expect(chosen?.name).toBe('small');
  });

  test("is one of npm: the name of a Python package may be somebody else's there", async () => {
    const foreign: LabelledRecord = { ...record('right'), language: 'python' };
    expect(await choosePackage([foreign], fetch, limits, signal)).toBeUndefined();
  });

  test('is none without network, cache or vulnerable functions', async () => {
    expect(await choosePackage([record('gone')], fetch, limits, signal)).toBeUndefined();
    expect(await choosePackage([record('right', 1, 'P2')], fetch, limits, signal)).toBeUndefined();
  });

  test('a stop is a stop, not a package that cannot be fetched', async () => {
    await expect(choosePackage(test6, fetch, limits, AbortSignal.abort())).rejects.toThrow();
  });
});

test('the scanned package is unpacked, scored, and found again beside what is known of it', async () => {
  const run = await writeTinyRun(folder, { settings: { threshold: 0 } });
  const target = join(folder, 'packages', 'p-1.0.0');
  const shown = cliContext();
  const files = new Map([['lib/a.js', functions(4)]]);
  const known = [record('p', 4)];
  const scanned = await scanPackage(
    { name: 'p', version: '1.0.0', files, known },
    { run, folder: target },
    shown,
  );
  expect(readFileSync(join(target, 'lib/a.js'), 'utf8')).toBe(functions(4));
  expect(scanned).toMatchObject({ release: 'p 1.0.0', folder: target, known });
  expect(scanned.report.counts).toMatchObject({ functions: 4, files: 1, vulnerable: 4 });
  expect(scanned.report.findings.map(({ file }) => file)).toEqual(
    Array.from({ length: 4 }, () => 'lib/a.js'),
  );
  expect(shown.stdout.text()).toBe('');
});
