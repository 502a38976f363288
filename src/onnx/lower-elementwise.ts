/** @file ONNX for operators that work element by element. */
import type { OpName } from '../graph/ops.ts';
import { DATA_TYPE } from './data-type.ts';
import type { LoweringRule, LoweringRules } from './lowering-rule.ts';

/** The ONNX operator of this name does it. */
function direct<K extends OpName>(opType: string): LoweringRule<K> {
  return (emitter, { inputs, output }) => {
    emitter.node(opType, inputs, { output });
  };
}

type Elementwise =
  | 'neg'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'reciprocal'
  | 'sigmoid'
  | 'tanh'
  | 'erf'
  | 'silu'
  | 'gelu'
  | 'stopGradient'
  | 'pow'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'less'
  | 'where'
  | 'bitXor'
  | 'shiftRight'
  | 'cast';

export const elementwiseRules: LoweringRules<Elementwise> = {
  neg: direct('Neg'),
  exp: direct('Exp'),
  log: direct('Log'),
  sqrt: direct('Sqrt'),
  reciprocal: direct('Reciprocal'),
  sigmoid: direct('Sigmoid'),
  tanh: direct('Tanh'),
  erf: direct('Erf'),
  // QuickGelu is x * sigmoid(alpha x), in one pass over memory.
  silu: (emitter, { inputs, output }) => {
    emitter.node('QuickGelu', inputs, {
      domain: 'com.microsoft',
      attributes: { alpha: { float: 1 } },
      output,
    });
  },
  gelu: (emitter, { inputs, output }, { attributes: { approximate } }) => {
    emitter.node('Gelu', inputs, { attributes: { approximate }, output });
  },
  stopGradient: direct('Identity'),
  pow: (emitter, { inputs, output }, { attributes: { exponent } }) => {
    const x = inputs[0]!;
    if (exponent === 2) emitter.node('Mul', [x, x], { output });
    else emitter.node('Pow', [x, emitter.float(exponent)], { output });
  },
  add: direct('Add'),
  sub: direct('Sub'),
  mul: direct('Mul'),
  div: direct('Div'),
  less: (emitter, { inputs, output }, node) => {
    // ONNX Runtime compares no uint32; int64 holds every one of them.
    const operands =
      node.inputs[0]!.dtype === 'uint32'
        ? inputs.map((input) => emitter.node('Cast', [input], { attributes: { to: DATA_TYPE.int64 } }))
        : inputs;
    emitter.node('Less', operands, { output });
  },
  where: direct('Where'),
  bitXor: direct('BitwiseXor'),
  shiftRight: (emitter, { inputs, output }, { attributes: { amount } }) => {
    emitter.node('BitShift', [inputs[0]!, emitter.uint32(amount)], {
      attributes: { direction: 'RIGHT' },
      output,
    });
  },
  cast: (emitter, { inputs, output }, { attributes: { to } }) => {
    emitter.node('Cast', inputs, { attributes: { to: DATA_TYPE[to] }, output });
  },
};
