/** @file ONNX for operators that move or repeat elements without computing. */
import type { Shape } from '../graph/dim.ts';
import type { OnnxEmitter } from './emitter.ts';
import type { LoweringRules } from './lowering-rule.ts';

type ShapeOps = 'constant' | 'reshape' | 'transpose' | 'expand' | 'concat' | 'slice' | 'pad';

export const shapeRules: LoweringRules<ShapeOps> = {
  constant: (emitter, { output }, { attributes: { value } }) => {
    // The name is reserved already: an initializer makes it directly.
    emitter.initializers.push({ name: output, tensor: value });
  },
  reshape: (emitter, { inputs, output }, node) => {
    const { target, allowZero } = reshapeTarget(emitter, node.inputs[0]!.shape, node.attributes.shape);
    emitter.node('Reshape', [inputs[0]!, target], {
      ...(allowZero && { attributes: { allowzero: 1 } }),
      output,
    });
  },
  transpose: (emitter, { inputs, output }, { attributes: { permutation } }) => {
    emitter.node('Transpose', inputs, { attributes: { perm: permutation }, output });
  },
  expand: (emitter, { inputs, output }, node) => {
    const { shape } = node.attributes;
    const from = node.inputs[0]!.shape;
    const offset = shape.length - from.length;
    // Expand broadcasts both ways: a size that x has already can be given as 1, so it need not be known.
    const target = shape.map((dim, axis) => (dim === from[axis - offset] ? 1 : dim));
    emitter.node('Expand', [inputs[0]!, emitter.shape(target)], { output });
  },
  concat: (emitter, { inputs, output }, { attributes: { axis } }) => {
    if (inputs.length === 1) emitter.node('Identity', inputs, { output });
    else emitter.node('Concat', inputs, { attributes: { axis }, output });
  },
  slice: (emitter, { inputs, output }, { attributes: { axis, start, end } }) => {
    const bounds = [emitter.size(start), emitter.size(end), emitter.int64s([axis])];
    emitter.node('Slice', [inputs[0]!, ...bounds], { output });
  },
  pad: (emitter, { inputs, output }, { attributes: { axis, before, after } }) => {
    // The third operand is the value to pad with: '' is its default, 0.
    emitter.node('Pad', [inputs[0]!, emitter.shape([before, after]), '', emitter.int64s([axis])], {
      output,
    });
  },
};

/**
 * The cheapest second operand of Reshape: 0 copies the size of the same axis of x, one -1 is worked out from the rest,
 * and only what is still unknown is computed from the shapes of the graph's inputs.
 */
function reshapeTarget(
  emitter: OnnxEmitter,
  from: Shape,
  to: Shape,
): { readonly target: string; readonly allowZero: boolean } {
  // With an axis of no elements, 0 has to mean 0, and -1 is not defined.
  if (to.includes(0)) return { target: emitter.shape(to), allowZero: true };
  let inferred = false;
  const target = to.map((dim, axis) => {
    if (typeof dim === 'number') return dim;
    if (dim === from[axis]) return 0;
    if (inferred) return dim;
    inferred = true;
    return -1;
  });
  return { target: emitter.shape(target), allowZero: false };
}
