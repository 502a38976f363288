/** @file Closures in a changed file: which is which before and after a fix. */
import { expect, test } from 'vitest';
import { analyseFileChange } from '../../../src/dataset/changes/analyse-file-change.ts';

const change = (before: string, after: string) =>
  analyseFileChange({ path: 'web.php', pathBefore: 'web.php', language: 'php', before, after });
const route = (path: string, body: string) => `Route::get('${path}', function ($r) { ${body} });\n`;

test('a handler that a fix changes is paired with the handler of the same route, and the others are unchanged', () => {
  const others = route('/a', 'return view($r);') + route('/c', 'return list_all($r);');
  const { changed, unchanged, deleted, added } = change(
    `<?php\n${route('/b', 'return q("x" . $r->id);')}${others}`,
    `<?php\n${others}${route('/b', 'return q("x" . (int) $r->id);')}`,
  );
  expect(changed.map(({ before, after }) => [before.qualifiedName, after.qualifiedName])).toEqual([
    ["Route::get('/b')", "Route::get('/b')"],
  ]);
  expect(unchanged.map(({ qualifiedName }) => qualifiedName)).toEqual([
    "Route::get('/a')",
    "Route::get('/c')",
  ]);
  expect([deleted.length, added]).toEqual([0, 0]);
});
