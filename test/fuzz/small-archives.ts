/** @file Small right archives of source code. */
import { Header } from 'tar';

export function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([path, text]) => {
    const data = Buffer.from(text);
    const block = Buffer.alloc(512);
    new Header({ path, type: 'File', mode: 0o644, size: data.length, mtime: new Date(0) }).encode(block, 0);
    return [block, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** As project-kb has them: COMMIT/before, COMMIT/after, COMMIT/timestamp. */
export const changesTar = (commit: string): Buffer =>
  tarOf({
    [`${commit}/before/a.js`]: 'function f() { return 1; }\n',
    [`${commit}/after/a.js`]: 'function f() { return 2; }\n',
    [`${commit}/timestamp`]: '1500000000\n',
  });

/** As npm packs a release. */
export const releaseTar = (): Buffer =>
  tarOf({
    'package/package.json': '{"license": "MIT"}',
    'package/lib/a.js': 'exports.f = function () { return 1; };\n',
    'package/README.md': 'x',
  });
