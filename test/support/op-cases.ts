/**
 * @file Cases of every operator, total by type: an operator without a row does not compile. What each row should have:
 * symbolic and fixed sizes, broadcasting, both signs, and whatever is odd about the operator.
 */
import type { OpName } from '../../src/graph/ops.ts';
import { float32, hostTensor, int64 } from '../../src/tensor/host-tensor.ts';
import {
  awayFromZero,
  type CaseInput,
  exactly,
  floats,
  frozen,
  type OpCase,
  opCase,
  rowNumbers,
  wholes,
} from './op-case.ts';
import { productCases } from './op-cases-products.ts';
import { quantizedCases } from './op-cases-quantized.ts';
import { rotaryCases } from './op-cases-rotary.ts';

type UnaryName = 'neg' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'sigmoid' | 'tanh' | 'erf' | 'silu';

const unary = (
  op: UnaryName,
  input: (shape: CaseInput['shape']) => CaseInput = floats,
): readonly OpCase[] => [
  opCase(`${op} of [N, 3]`, [input(['N', 3])], (b, x) => b[op](x!)),
  opCase(`${op} of a scalar`, [input([])], (b, x) => b[op](x!)),
  opCase(`${op} of [2, B, 3]`, [input([2, 'B', 3])], (b, x) => b[op](x!)),
];

const positive = (shape: CaseInput['shape']) => floats(shape, 0.3, 3);

type BinaryName = 'add' | 'sub' | 'mul' | 'div';

const binary = (op: BinaryName, right: typeof floats = floats): readonly OpCase[] => [
  opCase(`${op} of equal shapes`, [floats(['N', 3]), right(['N', 3])], (b, x, y) => b[op](x!, y!)),
  opCase(`${op} with a row`, [floats(['N', 3]), right([3])], (b, x, y) => b[op](x!, y!)),
  opCase(`${op} with a column`, [floats(['N', 3]), right(['N', 1])], (b, x, y) => b[op](x!, y!)),
  opCase(`${op} broadcast both ways`, [floats(['N', 1, 3]), right(['S', 1])], (b, x, y) => b[op](x!, y!)),
  opCase(`${op} of a scalar and a tensor`, [floats([]), right(['B', 2])], (b, x, y) => b[op](x!, y!)),
  opCase(`${op} of x and itself`, [right(['N', 2])], (b, x) => b[op](x!, x!)),
];

const large = (shape: CaseInput['shape']) => wholes('uint32', shape, 0, 2 ** 32);

type ReduceName = 'reduceSum' | 'reduceMax';

const reduce = (op: ReduceName): readonly OpCase[] => [
  opCase(`${op} of the symbolic axis`, [floats(['N', 3])], (b, x) => b[op](x!, [0])),
  opCase(`${op} of the last axis, kept`, [floats(['B', 'S', 3])], (b, x) => b[op](x!, [2], true)),
  opCase(`${op} of two axes apart`, [floats(['B', 3, 'S'])], (b, x) => b[op](x!, [2, 0])),
  opCase(`${op} of all`, [floats(['N', 2])], (b, x) => b[op](x!, [0, 1])),
  opCase(`${op} of all, kept`, [floats([2, 'N'])], (b, x) => b[op](x!, [0, 1], true)),
];

/** B = 2 rows of S = 4 slots for N = 5 tokens: 2 and 3 long, padding points at token 0. */
const rows = {
  index: exactly('int64', ['B', 'S'], [0, 1, 0, 0, 2, 3, 4, 0]),
  inverse: exactly('int64', ['N'], [0, 1, 4, 5, 6]),
  slotIsReal: frozen(exactly('float32', ['B', 'S'], [1, 1, 0, 0, 1, 1, 1, 0])),
};
/** The same tokens in another order, and padding in front. */
const shuffledRows = {
  index: exactly('int64', ['B', 'S'], [3, 4, 1, 0, 3, 0, 0, 2]),
  inverse: exactly('int64', ['N'], [3, 2, 7, 0, 1]),
  slotIsReal: frozen(exactly('float32', ['B', 'S'], [1, 1, 1, 1, 0, 0, 0, 1])),
};
/** Both rows begin with tokens 0 and 1; token 4 ends the second, slot 8 is none. */
const sharedRows = {
  index: exactly('int64', ['B', 'S'], [0, 1, 2, 3, 0, 1, 4, 4]),
  inverse: exactly('int64', ['N', 2], [0, 4, 1, 5, 2, 8, 3, 8, 6, 8]),
  slotIsReal: frozen(exactly('float32', ['B', 'S'], [1, 1, 1, 1, 1, 1, 1, 0])),
};

const softmaxLike = (op: 'softmax' | 'logSoftmax'): readonly OpCase[] => [
  opCase(`${op} of [N, 3]`, [floats(['N', 3])], (b, x) => b[op](x!)),
  opCase(`${op} of rows of symbolic length`, [floats(['B', 2, 'S'])], (b, x) => b[op](x!)),
  opCase(`${op} of large scores`, [floats(['N', 4], 80, 130)], (b, x) => b[op](x!)),
  opCase(`${op} of one element`, [floats(['N', 1])], (b, x) => b[op](x!)),
];

export const opCases: { readonly [K in OpName]: readonly OpCase[] } = {
  constant: [
    opCase('constant float32', [], (b) => b.constant(float32([2, 2], [1, -2, 0.1, 1e-30]))),
    opCase('constant int64', [], (b) => b.constant(int64([2], [2 ** 40, -1]))),
    opCase('constant uint32', [], (b) => b.uint32(2 ** 32 - 1)),
    opCase('constant bool', [], (b) => b.constant(hostTensor('bool', [3], Uint8Array.of(1, 0, 1)))),
  ],

  neg: unary('neg'),
  exp: unary('exp'),
  log: unary('log', positive),
  sqrt: unary('sqrt', positive),
  reciprocal: unary('reciprocal', awayFromZero),
  sigmoid: [
    ...unary('sigmoid'),
    opCase('sigmoid far out', [floats(['N', 3], -30, 30)], (b, x) => b.sigmoid(x!)),
  ],
  tanh: unary('tanh'),
  erf: [...unary('erf'), opCase('erf far out', [floats(['N', 4], -4, 4)], (b, x) => b.erf(x!))],
  silu: [...unary('silu'), opCase('silu far out', [floats(['N', 3], -20, 20)], (b, x) => b.silu(x!))],
  gelu: (['none', 'tanh'] as const).flatMap((approximate) => [
    opCase(`gelu ${approximate} of [N, 3]`, [floats(['N', 3])], (b, x) => b.gelu(x!, approximate)),
    opCase(`gelu ${approximate} of a scalar`, [floats([])], (b, x) => b.gelu(x!, approximate)),
    opCase(`gelu ${approximate} of [2, B, 3]`, [floats([2, 'B', 3])], (b, x) => b.gelu(x!, approximate)),
    opCase(`gelu ${approximate} far out`, [floats(['N', 4], -8, 8)], (b, x) => b.gelu(x!, approximate)),
    opCase(`gelu ${approximate} near 0`, [floats(['N', 4], -1e-2, 1e-2)], (b, x) => b.gelu(x!, approximate)),
  ]),
  // It stops gradients, which differences cannot show: gradients.test.ts has that case.
  stopGradient: [
    opCase('stopGradient of [N, 3]', [frozen(floats(['N', 3]))], (b, x) => b.stopGradient(x!)),
    opCase('stopGradient of a scalar', [frozen(floats([]))], (b, x) => b.stopGradient(x!)),
  ],
  pow: [
    opCase('square', [floats(['N', 3])], (b, x) => b.pow(x!, 2)),
    opCase('cube', [floats(['N', 3])], (b, x) => b.pow(x!, 3)),
    opCase('first power', [floats(['N', 3])], (b, x) => b.pow(x!, 1)),
    opCase('inverse square', [awayFromZero([2, 3])], (b, x) => b.pow(x!, -2)),
    opCase('power of 0.75', [positive(['N'])], (b, x) => b.pow(x!, 0.75)),
    opCase('power of -1.5', [positive([])], (b, x) => b.pow(x!, -1.5)),
  ],

  add: [
    ...binary('add'),
    opCase('add of uint32 wraps', [large(['N', 3]), large([3])], (b, x, y) => b.add(x!, y!)),
    opCase('add of int64', [wholes('int64', ['N'], -9, 9), rowNumbers([], 9)], (b, x, y) => b.add(x!, y!)),
  ],
  sub: binary('sub'),
  mul: [
    ...binary('mul'),
    opCase('mul of uint32 wraps', [large(['N', 1]), large([3])], (b, x, y) => b.mul(x!, y!)),
    opCase('mul of int64', [wholes('int64', ['N'], -9, 9), rowNumbers([], 9)], (b, x, y) => b.mul(x!, y!)),
  ],
  div: binary('div', awayFromZero),
  less: [
    opCase('less of floats', [floats(['N', 3]), floats([3])], (b, x, y) => b.less(x!, y!)),
    opCase('less of equals', [floats(['N'])], (b, x) => b.less(x!, x!)),
    opCase('less of uint32 above 2^31', [large(['N', 4]), large([])], (b, x, y) => b.less(x!, y!)),
    opCase('less of int64', [wholes('int64', ['N', 1], -3, 3), wholes('int64', [4], -3, 3)], (b, x, y) =>
      b.less(x!, y!),
    ),
  ],
  where: [
    opCase(
      'where of equal shapes',
      [wholes('bool', ['N', 3], 0, 2), floats(['N', 3]), floats(['N', 3])],
      (b, c, x, y) => b.where(c!, x!, y!),
    ),
    opCase('where by row', [wholes('bool', ['N', 1], 0, 2), floats(['N', 3]), floats([3])], (b, c, x, y) =>
      b.where(c!, x!, y!),
    ),
    opCase('where of two scalars', [wholes('bool', ['N', 3], 0, 2), floats([]), floats([])], (b, c, x, y) =>
      b.where(c!, x!, y!),
    ),
    opCase(
      'where of one condition',
      [wholes('bool', [], 0, 2), floats(['B', 1]), floats([3])],
      (b, c, x, y) => b.where(c!, x!, y!),
    ),
  ],

  bitXor: [
    opCase('xor of a column and a row', [large(['N', 1]), large([4])], (b, x, y) => b.bitXor(x!, y!)),
    opCase('xor with itself', [large(['N'])], (b, x) => b.bitXor(x!, x!)),
  ],
  shiftRight: [0, 1, 15, 31].map((amount) =>
    opCase(`shift by ${amount}`, [large(['N', 3])], (b, x) => b.shiftRight(x!, amount)),
  ),
  cast: [
    opCase('float32 to int64', [floats(['N', 3], -9, 9)], (b, x) => b.cast(x!, 'int64')),
    opCase('float32 to uint32', [floats(['N', 3], 0, 9)], (b, x) => b.cast(x!, 'uint32')),
    opCase('float32 to bool', [exactly('float32', [4], [0, -0, 0.25, -3])], (b, x) => b.cast(x!, 'bool')),
    opCase('float32 to itself', [floats(['N'])], (b, x) => b.cast(x!, 'float32')),
    opCase('uint32 to float32', [large(['N', 3])], (b, x) => b.cast(x!, 'float32')),
    opCase('uint32 to int64', [large(['N', 3])], (b, x) => b.cast(x!, 'int64')),
    opCase('int64 to uint32 wraps', [wholes('int64', ['N'], -(2 ** 33), 2 ** 33)], (b, x) =>
      b.cast(x!, 'uint32'),
    ),
    opCase('int64 to float32', [wholes('int64', ['N'], -99, 99)], (b, x) => b.cast(x!, 'float32')),
    opCase('int64 to bool', [wholes('int64', ['N'], 0, 2)], (b, x) => b.cast(x!, 'bool')),
    opCase('bool to float32', [wholes('bool', ['N', 2], 0, 2)], (b, x) => b.cast(x!, 'float32')),
  ],

  ...productCases,
  ...quantizedCases,

  reduceSum: reduce('reduceSum'),
  reduceMean: [
    opCase('mean of the last axis', [floats(['N', 3])], (b, x) => b.reduceMean(x!, [1])),
    opCase('mean of two axes, kept', [floats([3, 'N', 2])], (b, x) => b.reduceMean(x!, [0, 2], true)),
    opCase('mean of all', [floats([2, 3])], (b, x) => b.reduceMean(x!, [0, 1])),
  ],
  reduceMax: reduce('reduceMax'),

  reshape: [
    opCase('reshape splits an axis', [floats(['N', 6])], (b, x) => b.reshape(x!, ['N', 2, 3])),
    opCase('reshape joins symbolic axes', [floats(['B', 'S', 3])], (b, x) => b.reshape(x!, ['B*S', 3])),
    opCase('reshape takes symbolic axes apart', [floats(['B*S', 3]), frozen(floats(['B', 'S']))], (b, x) =>
      b.reshape(x!, ['B', 'S', 3]),
    ),
    opCase('reshape to a scalar', [floats([1, 1])], (b, x) => b.reshape(x!, [])),
    opCase('reshape of int64', [rowNumbers(['B', 'S'], 9)], (b, x) => b.reshape(x!, ['S', 'B'])),
  ],
  transpose: [
    opCase('transpose of a matrix', [floats(['N', 3])], (b, x) => b.transpose(x!, [1, 0])),
    opCase('transpose of heads', [floats(['B', 'S', 3, 2])], (b, x) => b.transpose(x!, [0, 2, 1, 3])),
    opCase('transpose in a circle', [floats(['B', 'S', 3])], (b, x) => b.transpose(x!, [2, 0, 1])),
    opCase('transpose of int64', [rowNumbers(['B', 'S'], 9)], (b, x) => b.transpose(x!, [1, 0])),
  ],
  expand: [
    opCase('expand of a scalar', [floats([]), frozen(floats(['N', 2]))], (b, x) => b.expand(x!, ['N', 2])),
    opCase('expand of a column', [floats(['N', 1])], (b, x) => b.expand(x!, ['N', 3])),
    opCase('expand in front', [floats(['N', 2])], (b, x) => b.expand(x!, [3, 'N', 2])),
    opCase('expand in the middle and in front', [floats(['B', 1, 2])], (b, x) =>
      b.expand(x!, [2, 'B', 'B', 2]),
    ),
    opCase('expand of int64', [rowNumbers([1, 2], 9)], (b, x) => b.expand(x!, [3, 2])),
  ],
  concat: [
    opCase('concat of columns', [floats(['N', 2]), floats(['N', 3])], (b, x, y) => b.concat([x!, y!], 1)),
    opCase('concat in the middle', [floats(['B', 1, 2]), floats(['B', 3, 2])], (b, x, y) =>
      b.concat([x!, y!, x!], 1),
    ),
    opCase('concat of rows', [floats([2, 2]), floats([1, 2])], (b, x, y) => b.concat([x!, y!], 0)),
    opCase('concat of one', [floats(['N', 2])], (b, x) => b.concat([x!], 1)),
    opCase('concat of symbolic rows', [frozen(floats(['N', 2])), frozen(floats(['S', 2]))], (b, x, y) =>
      b.concat([x!, y!], 0),
    ),
    opCase('concat of int64', [rowNumbers(['N', 1], 9), rowNumbers(['N', 2], 9)], (b, x, y) =>
      b.concat([x!, y!], 1),
    ),
  ],
  slice: [
    opCase('slice of columns', [floats(['N', 5])], (b, x) => b.slice(x!, 1, 1, 4)),
    opCase('slice in the middle', [floats(['B', 3, 2])], (b, x) => b.slice(x!, 1, 2, 3)),
    opCase('slice of rows', [floats([4, 'N'])], (b, x) => b.slice(x!, 0, 0, 2)),
    opCase('slice of symbolic size', [floats(['B', '3*C', 2]), frozen(floats(['C', 1]))], (b, x, c) =>
      b.mul(b.slice(x!, 1, 'C', '2*C'), b.reshape(c!, [1, 'C', 1])),
    ),
    opCase('slice of int64', [rowNumbers([4], 9)], (b, x) => b.slice(x!, 0, 1, 3)),
  ],
  pad: [
    opCase('pad of columns', [floats(['N', 2])], (b, x) => b.pad(x!, 1, 1, 2)),
    opCase('pad in the middle', [floats(['B', 3, 2])], (b, x) => b.pad(x!, 1, 2, 0)),
    opCase('pad of symbolic size', [floats(['C', 2])], (b, x) => b.pad(x!, 0, 'C', '2*C')),
    opCase('pad of rows', [floats([2, 'N'])], (b, x) => b.pad(x!, 0, 0, 1)),
  ],

  gather: [
    opCase('gather with duplicates', [floats(['N', 3]), rowNumbers([7], 4)], (b, x, i) => b.gather(x!, i!)),
    opCase('gather by rows of indices', [floats(['N', 2]), rowNumbers(['B', 'S'], 5)], (b, x, i) =>
      b.gather(x!, i!),
    ),
    opCase('gather of numbers', [floats(['N']), rowNumbers(['S'], 5)], (b, x, i) => b.gather(x!, i!)),
    opCase('gather of matrices', [floats([3, 'B', 2]), rowNumbers(['N'], 3)], (b, x, i) => b.gather(x!, i!)),
    opCase('gather of one row', [floats([4, 2]), rowNumbers([], 4)], (b, x, i) => b.gather(x!, i!)),
    opCase('gather of uint32', [large(['N', 1]), rowNumbers(['S'], 5)], (b, x, i) => b.gather(x!, i!)),
  ],
  scatterAdd: [
    opCase('scatterAdd with duplicates', [rowNumbers(['N'], 3), floats(['N', 2])], (b, i, u) =>
      b.scatterAdd(i!, u!, 4),
    ),
    opCase(
      'scatterAdd to symbolic rows',
      [rowNumbers(['B', 3], 5), floats(['B', 3, 2]), frozen(floats(['N']))],
      (b, i, u) => b.scatterAdd(i!, u!, 'N'),
    ),
    opCase('scatterAdd of numbers', [rowNumbers(['N'], 2), floats(['N'])], (b, i, u) =>
      b.scatterAdd(i!, u!, 3),
    ),
    opCase('scatterAdd of matrices', [rowNumbers(['N'], 3), floats(['N', 2, 2])], (b, i, u) =>
      b.scatterAdd(i!, u!, 3),
    ),
  ],
  packRows: [rows, shuffledRows, sharedRows].map(({ index, inverse, slotIsReal }, i) =>
    opCase(`packRows, layout ${i}`, [floats(['N', 3]), index, inverse, slotIsReal], (b, x, ...layout) =>
      b.packRows(x!, layout[0]!, layout[1]!, layout[2]!),
    ),
  ),
  unpackRows: [rows, shuffledRows, sharedRows].map(({ index, inverse, slotIsReal }, i) =>
    opCase(
      `unpackRows, layout ${i}`,
      [floats(['B', 'S', 3]), index, inverse, slotIsReal],
      (b, y, ...layout) => b.unpackRows(y!, layout[0]!, layout[1]!, layout[2]!),
    ),
  ),

  softmax: [
    ...softmaxLike('softmax'),
    opCase(
      'softmax behind a mask',
      [floats(['N', 4]), frozen(exactly('float32', [4], [0, -1e9, 0, -1e9]))],
      (b, x, mask) => b.softmax(b.add(x!, mask!)),
    ),
  ],
  logSoftmax: softmaxLike('logSoftmax'),
  rmsNorm: [
    opCase('rmsNorm of [N, 6]', [floats(['N', 6]), floats([6])], (b, x, w) => b.rmsNorm(x!, w!, 1e-5)),
    opCase('rmsNorm of three axes', [floats(['B', 'S', 4]), floats([4])], (b, x, w) =>
      b.rmsNorm(x!, w!, 1e-2),
    ),
    opCase('rmsNorm of small numbers', [floats(['N', 4], -1e-3, 1e-3), floats([4])], (b, x, w) =>
      b.rmsNorm(x!, w!, 1e-6),
    ),
  ],
  layerNorm: [
    opCase('layerNorm of [N, 6]', [floats(['N', 6]), floats([6])], (b, x, w) => b.layerNorm(x!, w!, 1e-5)),
    opCase('layerNorm of three axes', [floats(['B', 'S', 4]), floats([4])], (b, x, w) =>
      b.layerNorm(x!, w!, 1e-2),
    ),
    opCase('layerNorm of small numbers', [floats(['N', 4], -1e-3, 1e-3), floats([4])], (b, x, w) =>
      b.layerNorm(x!, w!, 1e-6),
    ),
    opCase('layerNorm of numbers of one sign', [floats(['N', 5], 1, 3), floats([5])], (b, x, w) =>
      b.layerNorm(x!, w!, 1e-5),
    ),
  ],
  rotary: rotaryCases,
};
