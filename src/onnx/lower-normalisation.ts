/** @file ONNX for softmax, normalisation and rotary positions: operators fused by ONNX Runtime. */
import type { NodeOf } from '../graph/graph.ts';
import type { LoweringRules } from './lowering-rule.ts';
import type { OnnxAttribute } from './writer.ts';

type Normalisation = 'softmax' | 'logSoftmax' | 'rmsNorm' | 'layerNorm' | 'rotary';

export const normalisationRules: LoweringRules<Normalisation> = {
  softmax: (emitter, { inputs, output }) => {
    emitter.node('Softmax', inputs, { attributes: { axis: -1 }, output });
  },
  logSoftmax: (emitter, { inputs, output }) => {
    emitter.node('LogSoftmax', inputs, { attributes: { axis: -1 }, output });
  },
  rmsNorm: (emitter, { inputs, output }, { attributes: { epsilon } }) => {
    // ONNX Runtime's name for RMS normalisation, which it keeps in ONNX's own domain.
    emitter.node('SimplifiedLayerNormalization', inputs, {
      attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
      output,
    });
  },
  layerNorm: (emitter, { inputs, output }, { attributes: { epsilon } }) => {
    emitter.node('LayerNormalization', inputs, {
      attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
      output,
    });
  },
  rotary: (emitter, { inputs, output }, node) => {
    const [x, cos, sin, positions] = inputs;
    // Turning back is turning by the negative angle.
    const angleSin = node.attributes.inverse
      ? emitter.once(`negative of ${sin!}`, () => emitter.node('Neg', [sin!]))
      : sin!;
    // Each token is a batch entry of one position: the operator refuses rows longer than its table, and the flat list
    // of tokens is longer than any function in it.
    const axis1 = emitter.int64s([1]);
    const tokens = emitter.node('Unsqueeze', [x!, axis1]); // [N, 1, H*d]
    const column = emitter.once(`column of ${positions!}`, () =>
      emitter.node('Unsqueeze', [positions!, axis1]),
    ); // [N, 1]
    const turned = emitter.node('RotaryEmbedding', [tokens, column, cos!, angleSin], {
      domain: 'com.microsoft',
      attributes: rotaryAttributes(node),
    });
    emitter.node('Squeeze', [turned, axis1], { output });
  },
};

/** ONNX Runtime takes a head's size from the table of angles unless it is told how many heads there are. */
function rotaryAttributes({
  inputs: [x, cos],
  attributes: { headSize, interleaved },
}: NodeOf<'rotary'>): Record<string, OnnxAttribute> {
  return {
    ...(interleaved && { interleaved: 1 }),
    ...(headSize !== undefined && {
      num_heads: Number(x!.shape[1]) / headSize,
      rotary_embedding_dim: 2 * Number(cos!.shape[1]),
    }),
  };
}
