import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import type { Value } from '../../../src/graph/graph.ts';
import { lowerToModel } from '../../../src/onnx/lowering.ts';
import { FOUR_BIT_NUMBERS } from '../../../src/weights/four-bit.ts';

interface Case {
  readonly shape?: readonly [number, number];
  readonly isNamed?: boolean;
  /** What is computed of x [N, K] and the matrix [O, K]. */
  readonly make?: (b: GraphBuilder, x: Value, matrix: Value) => Value;
}

function operators({ shape = [8, 16], isNamed = true, make }: Case): string[] {
  const b = new GraphBuilder();
  const blocks = Math.ceil((shape[0] * shape[1]) / 64);
  const matrix = b.dequantizeBlocks(
    b.input('codes', 'uint8', [blocks * 32]),
    b.input('factors', 'float32', [blocks]),
    { values: FOUR_BIT_NUMBERS.nf4, ...(isNamed ? { code: 'nf4' } : {}), blockSize: 64, shape },
  );
  const x = b.input('x', 'float32', ['N', shape[1]]);
  b.output('y', make === undefined ? b.matmul(x, matrix, { transposeB: true }) : make(b, x, matrix));
  return lowerToModel(b.build()).nodes.map(({ opType }) => opType);
}

const turned = (b: GraphBuilder, x: Value, matrix: Value) => b.matmul(x, matrix, { transposeB: true });

describe('a matrix in NF4', () => {
  test('that products alone read is never read out', () => {
    expect(operators({})).toEqual(['MatMulBnb4']);
    expect(operators({ make: (b, x, m) => b.add(turned(b, x, m), turned(b, b.neg(x), m)) })).toEqual([
      'MatMulBnb4',
      'Neg',
      'MatMulBnb4',
      'Add',
    ]);
  });

  test.each<[string, Case]>([
    ['that something else reads too', { make: (b, x, m) => b.matmul(turned(b, x, m), m) }],
    ['that is multiplied the other way', { shape: [16, 16], make: (b, x, m) => b.matmul(x, m) }],
    ['of other numbers', { isNamed: false }],
    ['with padding behind it', { shape: [8, 15] }],
  ])('%s is read out', (_name, given) => {
    const names = operators(given);
    expect(names).toContain('Gather');
    expect(names).not.toContain('MatMulBnb4');
  });
});
