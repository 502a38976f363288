/** @file The Dockerfile: what it copies is there and is published, and its image runs as an ordinary user. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseDockerfile } from '../../support/dockerfile.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');
const read = (name: string) => readFileSync(join(REPOSITORY, name), 'utf8');
const stages = parseDockerfile(read('Dockerfile'));
const final = stages.at(-1)!;
const ofContext = stages.flatMap(({ copies }) => copies.filter(({ from }) => from === undefined));

test('every file that is copied out of the repository is in it, and in the context', () => {
  const ignored = read('.dockerignore').split('\n');
  expect(ignored[0]).toBe('*');
  for (const source of ofContext.flatMap(({ sources }) => sources)) {
    expect(existsSync(join(REPOSITORY, source)), source).toBe(true);
    expect(ignored, source).toContain(`!${source}`);
  }
});

test('a stage is copied from only where it is one, and only what it made or was given', () => {
  const names = stages.map(({ name }) => name);
  for (const { from, sources } of final.copies.filter((copy) => copy.from !== undefined)) {
    expect(names).toContain(from);
    for (const source of sources) expect(source).toMatch(/^\/vultune\/(node_modules|dist)$/);
  }
});

test('the image holds what is published, and nothing else of the repository', () => {
  const { files, main, bin } = JSON.parse(read('package.json')) as {
    files: string[];
    main?: string;
    bin: Record<string, string>;
  };
  const copied = final.copies.flatMap(({ sources }) =>
    sources.map((source) => source.replace('/vultune/', '')),
  );
  const published = files.map((file) => file.replace(/\/\*\.py$/, ''));
  expect(copied.filter((one) => one !== 'node_modules').sort()).toEqual(
    [...published, 'package.json'].sort(),
  );
  expect([main, bin.vultune!.split('/')[0]]).toEqual([undefined, 'bin']);
});

test('the images have plain names, the program runs as a user who may write its cache', () => {
  for (const { image } of stages) expect(image).toMatch(/^node:\d+-slim$/);
  const { instructions } = final;
  const index = (name: string) => instructions.findIndex(([instruction]) => instruction === name);
  expect(instructions[index('USER')]![1]).toBe('node');
  expect(index('ENTRYPOINT')).toBeGreaterThan(index('USER'));
  const cache = /VULTUNE_CACHE=(\S+)/.exec(instructions[index('ENV')]![1])![1]!;
  expect(
    instructions.some(([name, rest]) => name === 'RUN' && rest.includes(`chown node:node ${cache}`)),
  ).toBe(true);
  const entry = JSON.parse(instructions[index('ENTRYPOINT')]![1]) as string[];
  expect(entry).toEqual(['node', '/vultune/bin/vultune.js']);
  const engines = (JSON.parse(read('package.json')) as { engines: { node: string } }).engines.node;
  expect(Number(/\d+/.exec(final.image)![0])).toBeGreaterThanOrEqual(Number(/\d+/.exec(engines)![0]));
});
