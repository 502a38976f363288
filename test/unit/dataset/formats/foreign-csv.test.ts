/** @file CSV that is not quite CSV: every row is read as it was meant, or refused with its line. */
import { expect, test } from 'vitest';
import { fileWith, readBack } from '../../../support/dataset-file.ts';

const head = 'code,target,note\n';

test.each([
  ['a quote that nobody closes', `${head}"int a;,1\n${'int b;,0,x\n'.repeat(1000)}`, 'DATASET_CSV_BROKEN', 2],
  ['a row with a comma too many', `${head}int a;,1,x\nint f(int a, int b);,1,x\n`, 'DATASET_CSV_BROKEN', 3],
  ['two columns of one name', 'code,target,code\nint a;,1,int z;\n', 'DATASET_CSV_BROKEN', 1],
  ['columns without end', `code,target${',x'.repeat(20_000)}\nint a;,1\n`, 'DATASET_CSV_BROKEN', 1],
  ['another encoding', Buffer.from(`${head}int \xe4;,1,x\n`, 'latin1'), 'DATASET_ENCODING', undefined],
  [
    'bytes',
    Buffer.concat([Buffer.from(head), Buffer.alloc(5000, 0xff), Buffer.from(',1,x\n')]),
    'DATASET_ENCODING',
    undefined,
  ],
])('%s is an error with a code and a line', async (_, content, code, line) => {
  await expect(readBack(fileWith('a.csv', content))).rejects.toMatchObject({
    code,
    where: line === undefined ? {} : { line },
  });
});

test.each([
  ['fewer cells than the header', `${head}int a;,1\n`],
  ['empty cells past the header', `${head}int a;,1,,,\n`],
  ['columns without a name', 'code,,target,\nint a;,x,1,y\n'],
  ['lines that end in a carriage return alone', 'code,target\rint a;,1\r'],
  ['names of prototypes', 'code,target,__proto__,constructor\nint a;,1,x,y\n'],
])('%s are read', async (_, content) => {
  const { records } = await readBack(fileWith('a.csv', content));
  expect(records).toEqual([{ code: 'int a;', target: 1 }]);
});
