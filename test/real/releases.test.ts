/** @file Releases of the real registries, through the machine's npm, pip and mvn: one publicly known fix each. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openOsv } from '../../src/dataset/sources/advisories/open-advisories.ts';
import { readSource } from '../support/read-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'vultune-releases-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const advisory = (
  id: string,
  ecosystem: string,
  name: string,
  fixed: string,
  versions: readonly string[] = [],
) => ({
  id,
  affected: [
    {
      package: { ecosystem, name },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }],
      versions,
    },
  ],
});

test.each([
  ['npm:minimist@0.2.3...0.2.4', 'index.js', advisory('CVE-2021-44906', 'npm', 'minimist', '0.2.4')],
  [
    'pypi:jinja2@2.11.2...2.11.3',
    'src/jinja2/utils.py',
    advisory('CVE-2020-28493', 'PyPI', 'Jinja2', '2.11.3'),
  ],
  [
    'maven:commons-fileupload:commons-fileupload@1.3.2...1.3.3',
    'org/apache/commons/fileupload/disk/DiskFileItem.java',
    advisory('CVE-2016-1000031', 'Maven', 'commons-fileupload:commons-fileupload', '1.3.3', [
      '1.3.1',
      '1.3.2',
    ]),
  ],
])('%s', async (key, changed, osv) => {
  const path = join(folder, 'osv.json');
  writeFileSync(path, JSON.stringify(osv));
  const { units, left } = await readSource(await openOsv(path, {}), join(folder, 'cache'));
  expect(units.map((unit) => unit.key)).toEqual([key]);
  expect(left).toEqual({});
  const file = units[0]!.files.find((entry) => entry.path === changed);
  expect(file?.before).toBeDefined();
  expect(file?.after).not.toBe(file?.before);
});
