/** @file ONNX for operators that pick or add rows by index. */
import type { LoweringRules } from './lowering-rule.ts';

type Indexing = 'gather' | 'scatterAdd' | 'packRows' | 'unpackRows';

export const indexingRules: LoweringRules<Indexing> = {
  gather: (emitter, { inputs, output }) => {
    emitter.node('Gather', inputs, { attributes: { axis: 0 }, output });
  },
  scatterAdd: (emitter, { inputs, output }, node) => {
    const [indices, updates] = inputs;
    const tail = node.output.shape.slice(1);
    const zeros = emitter.node('ConstantOfShape', [emitter.shape(node.output.shape)]);
    // ScatterElements wants operands of equal ranks: one row of updates for each index, whatever the indices' rank.
    // ScatterND would take them as they are, but adds from several threads at once and loses updates of equal indices.
    const rows = emitter.node('Reshape', [updates!, emitter.shape([-1, ...tail])]);
    const column = emitter.node('Reshape', [indices!, emitter.int64s([-1, ...tail.map(() => 1)])]);
    const wide = emitter.node('Expand', [column, emitter.node('Shape', [rows])]);
    emitter.node('ScatterElements', [zeros, wide, rows], {
      attributes: { axis: 0, reduction: 'add' },
      output,
    });
  },
  packRows: (emitter, { inputs, output }) => {
    const [x, index, , slotIsReal] = inputs;
    const rows = emitter.node('Gather', [x!, index!], { attributes: { axis: 0 } }); // [B, S, D]
    const mask = emitter.once(`column of ${slotIsReal!}`, () =>
      emitter.node('Unsqueeze', [slotIsReal!, emitter.int64s([-1])]),
    ); // [B, S, 1]
    emitter.node('Mul', [rows, mask], { output });
  },
  unpackRows: (emitter, { inputs, output }, node) => {
    const [y, , inverse] = inputs;
    const width = node.output.shape[1]!;
    const slots = emitter.node('Reshape', [y!, emitter.shape([-1, width])]); // [B*S, D]
    if (node.inputs[2]!.shape.length === 1) {
      emitter.node('Gather', [slots, inverse!], { attributes: { axis: 0 }, output });
      return;
    }
    // Row B*S is what tokens read that stand in fewer slots than others.
    const none = emitter.node('ConstantOfShape', [emitter.shape([1, width])]);
    const withNone = emitter.node('Concat', [slots, none], { attributes: { axis: 0 } });
    const copies = emitter.node('Gather', [withNone, inverse!], { attributes: { axis: 0 } }); // [N, R, D]
    emitter.node('ReduceSum', [copies, emitter.int64s([1])], { attributes: { keepdims: 0 }, output });
  },
};
