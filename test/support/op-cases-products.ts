/** @file Cases of matrix products: every transposition, a factor, batches that broadcast, grouped-query attention. */
import type { MatmulAttributes } from '../../src/graph/ops.ts';
import { floats, type OpCase, opCase } from './op-case.ts';

const forms: readonly MatmulAttributes[] = [
  {},
  { transposeA: true },
  { transposeB: true, alpha: 0.5 },
  { transposeA: true, transposeB: true, alpha: -3 },
];

const label = ({ transposeA, transposeB, alpha }: MatmulAttributes) =>
  `${transposeA ? 'A^T' : 'A'} ${transposeB ? 'B^T' : 'B'}${alpha === undefined ? '' : ` * ${alpha}`}`;

/** [.., m, k] as the node reads it, the last two axes swapped if it transposes. */
const stored = <T>(transposed: boolean | undefined, [m, k]: readonly [T, T]): readonly [T, T] =>
  transposed ? [k, m] : [m, k];

type Batches = readonly (number | string)[];

const product = (form: MatmulAttributes, left: Batches, right: Batches): OpCase =>
  opCase(
    `matmul ${label(form)}, batches [${left}] and [${right}]`,
    [
      floats([...left, ...stored<number | string>(form.transposeA, ['N', 3])]),
      floats([...right, ...stored<number | string>(form.transposeB, [3, 2])]),
    ],
    (b, x, y) => b.matmul(x!, y!, form),
  );

export const productCases: { readonly matmul: readonly OpCase[]; readonly gemm: readonly OpCase[] } = {
  matmul: forms
    .flatMap((form) => [
      product(form, [], []),
      product(form, ['B'], ['B']),
      product(form, ['B', 3], ['B', 1]),
      product(form, [3, 1], ['B']),
      product(form, ['B'], []),
      product(form, [], ['B']),
    ])
    .concat([
      opCase(
        'scores of two query heads on one key head',
        [floats(['B', 1, '2*S', 4]), floats(['B', 1, 'S', 4]), floats(['B', 'S'])],
        (b, q, k) => b.matmul(q!, k!, { transposeB: true, alpha: 0.5 }),
      ),
      opCase('a row times a column', [floats([1, 'N']), floats(['N', 1])], (b, x, y) => b.matmul(x!, y!)),
      opCase('x times its own transpose', [floats(['N', 3])], (b, x) =>
        b.matmul(x!, x!, { transposeB: true }),
      ),
    ]),
  gemm: forms.flatMap((form) =>
    (
      [
        ['a full matrix', ['N', 2]],
        ['a row', [2]],
        ['a column', ['N', 1]],
        ['a scalar', []],
      ] as const
    ).map(([name, shape]) =>
      opCase(
        `gemm ${label(form)} + ${name}`,
        [
          floats(stored<number | string>(form.transposeA, ['N', 3])),
          floats(stored<number | string>(form.transposeB, [3, 2])),
          floats(shape),
        ],
        (b, x, y, c) => b.gemm(x!, y!, c!, form),
      ),
    ),
  ),
};
