/** @file Elementwise operators: the meanings they have for the whole project, as kernels. */
import {
  type BinaryOp,
  computeBinary,
  computeCast,
  computeUnary,
  computeWhere,
  type UnaryOp,
} from '../../graph/elementwise.ts';
import type { Kernel, Kernels } from './kernel.ts';

const unary =
  <K extends UnaryOp>(op: K): Kernel<K> =>
  ([x], attributes) =>
    computeUnary(op, x!, attributes);

const binary =
  <K extends BinaryOp>(op: K): Kernel<K> =>
  ([a, b]) =>
    computeBinary(op, a!, b!);

export const elementwiseKernels: Kernels<UnaryOp | BinaryOp | 'where' | 'cast'> = {
  neg: unary('neg'),
  exp: unary('exp'),
  log: unary('log'),
  sqrt: unary('sqrt'),
  reciprocal: unary('reciprocal'),
  sigmoid: unary('sigmoid'),
  tanh: unary('tanh'),
  erf: unary('erf'),
  silu: unary('silu'),
  stopGradient: unary('stopGradient'),
  gelu: unary('gelu'),
  pow: unary('pow'),
  shiftRight: unary('shiftRight'),
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  less: binary('less'),
  bitXor: binary('bitXor'),
  where: ([condition, a, b]) => computeWhere(condition!, a!, b!),
  cast: ([x], { to }) => computeCast(x!, to),
};
