/** @file `data convert`: files and folders that appear whole or not at all, counts, stops, and the command line. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { convertCommand } from '../../../../src/cli/commands/data/convert.ts';
import { convertDataset } from '../../../../src/dataset/formats/convert-dataset.ts';
import { openPublished } from '../../../../src/dataset/sources/published.ts';
import { cliCase } from '../../../support/cli-case.ts';
import { fileWith, folderWith, jsonLines } from '../../../support/dataset-file.ts';

const devign = (target: number, func: string) => ({
  func,
  target,
  project: 'p',
  commit_id: 'c',
  message: 'm',
});
const parts = {
  'train.jsonl': jsonLines([devign(1, 'int a;'), devign(0, 'int b;'), devign(0, '')]),
  'valid.jsonl': jsonLines([devign(0, 'int c;')]),
  'other.jsonl': jsonLines([devign(1, 'int d;')]),
};
const read = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('convertDataset', () => {
  test('into a folder: a file for each split', async () => {
    const out = join(folderWith({}), 'out');
    const report = await convertDataset({ input: folderWith(parts), out });
    expect(report).toEqual({
      format: 'devign',
      files: [
        { path: join(out, 'data.jsonl'), records: 1, vulnerable: 1 },
        { path: join(out, 'train.jsonl'), records: 2, vulnerable: 1 },
        { path: join(out, 'valid.jsonl'), records: 1, vulnerable: 0 },
      ],
      leftOut: { 'no code': 1 },
    });
    expect(readdirSync(out).sort()).toEqual(['data.jsonl', 'train.jsonl', 'valid.jsonl']);
    expect(read(join(out, 'train.jsonl'))).toEqual([
      { code: 'int a;', target: 1, language: 'c', project: 'p', commit: 'c' },
      { code: 'int b;', target: 0, language: 'c', project: 'p', commit: 'c' },
    ]);
  });

  test('into a file: the split is a field; twice the same bytes', async () => {
    const folder = folderWith({});
    const input = folderWith(parts);
    const [a, b] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')];
    await convertDataset({ input, out: a });
    await convertDataset({ input, out: b });
    expect(read(a).map(({ code, split }) => [code, split])).toEqual([
      ['int d;', undefined],
      ['int a;', 'train'],
      ['int b;', 'train'],
      ['int c;', 'valid'],
    ]);
    expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
    const again = await convertDataset({ input: a, out: join(folder, 'split') });
    expect(again.files.map(({ path, records }) => [path.slice(folder.length), records])).toEqual([
      ['/split/data.jsonl', 1],
      ['/split/train.jsonl', 2],
      ['/split/valid.jsonl', 1],
    ]);
  });

  test('an error in the middle leaves nothing, and an older file as it was', async () => {
    const input = fileWith('a.jsonl', `${jsonLines([devign(1, 'int a;')])}{"broken`);
    const folder = folderWith({ 'old.jsonl': 'old' });
    await expect(convertDataset({ input, out: join(folder, 'old.jsonl') })).rejects.toMatchObject({
      code: 'DATASET_JSON_BROKEN',
    });
    await expect(convertDataset({ input, out: join(folder, 'new') })).rejects.toMatchObject({
      code: 'DATASET_JSON_BROKEN',
    });
    expect(readFileSync(join(folder, 'old.jsonl'), 'utf8')).toBe('old');
    expect(readdirSync(folder, { recursive: true }).filter((name) => name !== 'new')).toEqual(['old.jsonl']);
  });

  test('stopped: nothing is left behind', async () => {
    const input = fileWith(
      'a.jsonl',
      jsonLines(Array.from({ length: 2000 }, (_, i) => devign(1, `int a${i};`))),
    );
    const controller = new AbortController();
    const out = join(dirname(input), 'out.jsonl');
    const work = convertDataset({
      input,
      out,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(work).rejects.toMatchObject({ code: 'DATASET_CONVERT_STOPPED', exitCode: 130 });
    expect(readdirSync(dirname(input))).toEqual(['a.jsonl']);
  });

  test('a folder with something in it is refused', async () => {
    const out = folderWith({ 'mine.txt': 'x' });
    const work = convertDataset({ input: folderWith(parts), out });
    await expect(work).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    expect(readdirSync(out)).toEqual(['mine.txt']);
  });
});

describe('vultune data convert', () => {
  const command = [(context: Parameters<typeof convertCommand>[1]) => convertCommand({}, context)];
  const csv = 'body,verdict\n"int a;",BAD\n"int <b>;",fine\n,fine\n';

  test('a table with the words of its author', async () => {
    const input = fileWith('<script>.csv', csv);
    const out = join(dirname(input), 'o.jsonl');
    const words = [
      '--field',
      'code=body',
      '--field',
      'target=verdict',
      '--vulnerable',
      'bad',
      '--safe',
      'fine',
    ];
    const result = await cliCase(command, ['convert', ...words, input, '--out', out, '--json']);
    expect([result.exitCode, result.stderr]).toEqual([0, '']);
    expect(JSON.parse(result.stdout)).toEqual({
      format: 'table',
      files: [{ path: out, records: 2, vulnerable: 1 }],
      leftOut: { 'no code': 1 },
    });
    expect(read(out)).toEqual([
      { code: 'int a;', target: 1 },
      { code: 'int <b>;', target: 0 },
    ]);
  });

  test('the same for people', async () => {
    const input = fileWith('a.jsonl', parts['train.jsonl']);
    const result = await cliCase(command, ['convert', input, '--out', join(dirname(input), 'o.jsonl')]);
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toContain('read as devign');
    expect(result.stdout).toContain('no code: 1');
  });

  test('an unknown format says what there is, and ends with 2', async () => {
    const input = fileWith('a.csv', csv);
    const out = join(dirname(input), 'o.jsonl');
    const result = await cliCase(command, ['convert', input, '--out', out]);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(/DATASET_FORMAT_UNKNOWN.*CSV with "body", "verdict"/s);
    expect(result.stderr).toContain('--field code=COLUMN');
    expect(existsSync(out)).toBe(false);
  });

  test('standard input', async () => {
    const out = join(folderWith({}), 'o.jsonl');
    const stdin = parts['valid.jsonl'];
    const result = await cliCase(command, ['convert', '-', '--out', out], { stdin });
    expect(result.exitCode).toBe(0);
    expect(read(out)).toHaveLength(1);
  });
});

describe('as a source of the builder', () => {
  const context = (leftOut: Record<string, number>) => ({
    tally: { add: (reason: string) => (leftOut[reason] = (leftOut[reason] ?? 0) + 1) },
    signal: new AbortController().signal,
    cacheDir: '',
  });

  test('records with their split; what is left out is counted', async () => {
    const input = folderWith(parts);
    const source = await openPublished(input);
    const leftOut: Record<string, number> = {};
    const records = [];
    for await (const { code, target, split } of source.records(context(leftOut)))
      records.push([code, target, split]);
    expect(source.info).toMatchObject({ name: 'devign', location: input });
    expect(records).toEqual([
      ['int d;', 1, undefined],
      ['int a;', 1, 'train'],
      ['int b;', 0, 'train'],
      ['int c;', 0, 'valid'],
    ]);
    expect(leftOut).toEqual({ 'no code': 1 });
  });

  test('a table with the options of the command line; no location is an error', async () => {
    const input = fileWith('a.csv', 'body,verdict\nint a;,bad\n');
    const source = await openPublished(input, {
      field: ['code=body', 'target=verdict'],
      vulnerable: ['bad'],
    });
    const codes = [];
    for await (const { code, target } of source.records(context({}))) codes.push([code, target]);
    expect(codes).toEqual([['int a;', 1]]);
    await expect(openPublished(undefined)).rejects.toMatchObject({ code: 'SOURCE_LOCATION' });
  });
});
