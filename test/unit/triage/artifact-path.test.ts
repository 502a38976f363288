import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifactPlace, pathFromRoot } from '../../../src/triage/artifact-path.ts';
import type { SarifRun } from '../../../src/triage/read-sarif.ts';
import type { ArtifactReference } from '../../../src/triage/triaged.ts';

let folder = '';
let root = '';

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-uri-')));
  root = join(folder, 'root');
  mkdirSync(join(root, 'src/lib'), { recursive: true });
  for (const name of ['src/a.c', 'src/lib/b.c', 'src/with space.c', 'src/100%.c', 'src/c#.c']) {
    writeFileSync(join(root, name), 'int f() { return 1; }');
  }
  writeFileSync(join(folder, 'secret.c'), 'int key() { return 42; }');
  symlinkSync(join(folder, 'secret.c'), join(root, 'src/link.c'));
  symlinkSync(join(root, 'src/a.c'), join(root, 'inner.c'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BASES: SarifRun['originalUriBaseIds'] = {
  '%SRCROOT%': { uri: 'file:///home/runner/work/project/' },
  LIB: { uri: 'src/lib', uriBaseId: '%SRCROOT%' },
  SOURCES: { uri: 'file:///home/runner/work/project/src/lib/' },
  CIRCLE: { uri: '', uriBaseId: 'CIRCLE' },
  EMPTY: { description: 'the root' },
};

function place(artifact: ArtifactReference | undefined): string {
  const run = { originalUriBaseIds: BASES, artifacts: [{ location: { uri: 'src/a.c' } }] };
  const found = artifactPlace(artifact, run, root);
  return 'path' in found ? pathFromRoot(root, found.path) : found.refused;
}

test.each<[what: string, reference: ArtifactReference | undefined, expected: string]>([
  ['relative', { uri: 'src/a.c' }, 'src/a.c'],
  ['with a dot', { uri: './src/a.c' }, 'src/a.c'],
  ['percent-encoded', { uri: 'src/with%20space.c' }, 'src/with space.c'],
  ['not encoded though it should be', { uri: 'src/with space.c' }, 'src/with space.c'],
  ['with a percent sign that encodes nothing', { uri: 'src/100%.c' }, 'src/100%.c'],
  ['with a hash that was not encoded', { uri: 'src/c#.c' }, 'src/c#.c'],
  ['with a fragment', { uri: 'src/a.c#L3' }, 'src/a.c'],
  ['of Windows', { uri: 'src\\lib\\b.c' }, 'src/lib/b.c'],
  ['with a base of the machine that scanned', { uri: 'src/a.c', uriBaseId: '%SRCROOT%' }, 'src/a.c'],
  ['with a base below another', { uri: 'b.c', uriBaseId: 'LIB' }, 'src/lib/b.c'],
  [
    'with a folder of sources on the machine that scanned as its base',
    { uri: 'b.c', uriBaseId: 'SOURCES' },
    'src/lib/b.c',
  ],
  [
    'absolute elsewhere, though its end would fit',
    { uri: 'file:///usr/share/src/a.c' },
    'outside the folder',
  ],
  ['with an unknown base', { uri: 'src/a.c', uriBaseId: 'NONE' }, 'src/a.c'],
  ['with a base that has no URI', { uri: 'src/a.c', uriBaseId: 'EMPTY' }, 'src/a.c'],
  ['with bases in a circle', { uri: 'src/a.c', uriBaseId: 'CIRCLE' }, 'src/a.c'],
  ['by the table of files', { index: 0 }, 'src/a.c'],
  ['by an entry that the table lacks', { index: 7 }, 'no location'],
  ['absolute on the machine that scanned', { uri: 'file:///home/runner/work/project/src/a.c' }, 'src/a.c'],
  ['a link within', { uri: 'inner.c' }, 'src/a.c'],
  ['missing', undefined, 'no location'],
  ['empty', { uri: '' }, 'no location'],
  ['of a file that is gone', { uri: 'src/gone.c' }, 'file missing'],
  ['a way out', { uri: '../secret.c' }, 'outside the folder'],
  ['an encoded way out', { uri: 'src/%2e%2e/%2e%2e/secret.c' }, 'outside the folder'],
  ['an encoded path from the top', { uri: '%2Fetc%2Fpasswd' }, 'file missing'],
  ['a link out', { uri: 'src/link.c' }, 'outside the folder'],
  ['an absolute path', { uri: '/etc/passwd' }, 'outside the folder'],
  ['a file: URL', { uri: 'file:///etc/passwd' }, 'outside the folder'],
  ['of another host', { uri: 'file://server/share/a.c' }, 'file missing'],
  ['of a drive', { uri: 'file:///C:/project/src/a.c' }, 'outside the folder'],
  ['with a NUL byte', { uri: 'src/a.c%00.txt' }, 'outside the folder'],
  ['a property of objects as a base', { uri: 'src/a.c', uriBaseId: '__proto__' }, 'src/a.c'],
])('a URI %s', (_what, reference, expected) => {
  expect(place(reference)).toBe(expected);
});

test('a file: URL below the root, and a base that is the root itself', () => {
  expect(place({ uri: pathToFileURL(join(root, 'src/a.c')).href })).toBe('src/a.c');
  const run = {
    originalUriBaseIds: { LIB: { uri: `${pathToFileURL(join(root, 'src/lib')).href}/` } },
    artifacts: null,
  };
  const found = artifactPlace({ uri: 'b.c', uriBaseId: 'LIB' }, run, root);
  expect(found).toEqual({ path: join(root, 'src/lib/b.c') });
});
