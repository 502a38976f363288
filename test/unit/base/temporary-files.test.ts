/** @file What dead processes left half written is removed; what living ones are writing is not. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFileAtomic } from '../../../src/base/files.ts';
import { removeLeftovers } from '../../../src/base/temporary-files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-leftovers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The number of a process that has ended. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;
const make = (name: string) => writeFileSync(join(folder, name), 'half');

test('a folder of ours loses what dead processes left, as deep as asked, and nothing else', () => {
  const dead = deadPid();
  mkdirSync(join(folder, 'below', 'deeper'), { recursive: true });
  mkdirSync(join(folder, `model.${dead}.tmp`));
  const stays = ['last.safetensors', 'notes.tmp', `a.${process.ppid}.tmp`, `below/deeper/d.${dead}.tmp`];
  for (const name of [...stays, `a.${dead}.tmp`, `below/b.${dead}.tmp`]) make(name);
  removeLeftovers(folder, 1);
  const present = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  expect(present.toSorted()).toEqual([...stays, 'below', 'below/deeper'].toSorted());
});

test('an older process of the same number left what is older than this one', () => {
  make(`old.${process.pid}.tmp`);
  make(`new.${process.pid}.tmp`);
  utimesSync(join(folder, `old.${process.pid}.tmp`), 1, 1);
  removeLeftovers(folder);
  expect(readdirSync(folder)).toEqual([`new.${process.pid}.tmp`]);
});

test("writing a file removes its own leftovers, not another file's in a folder that may be anybody's", () => {
  const dead = deadPid();
  make(`page.html.${dead}.tmp`);
  make(`mine.${dead}.tmp`);
  writeFileAtomic(join(folder, 'page.html'), 'whole');
  expect(readdirSync(folder).toSorted()).toEqual([`mine.${dead}.tmp`, 'page.html'].toSorted());
});

test('a folder that is deleted and made again is looked through again', () => {
  for (const _time of [1, 2]) {
    mkdirSync(join(folder, 'again'));
    make(`again/page.html.${deadPid()}.tmp`);
    writeFileAtomic(join(folder, 'again', 'page.html'), 'whole');
    expect(readdirSync(join(folder, 'again'))).toEqual(['page.html']);
    rmSync(join(folder, 'again'), { recursive: true });
  }
});

test('a missing folder has no leftovers', () => removeLeftovers(join(folder, 'absent')));
