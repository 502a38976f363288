/** @file What all kinds of tokens share in which every token asks: none is left out, and each is turned by its own position. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { SequenceInputs } from '../sequence-inputs.ts';
import type { Tokens } from './tokens.ts';

export const everyTokenAsks = (
  b: GraphBuilder,
  sequence: SequenceInputs,
): Pick<Tokens, 'asking' | 'rotate'> => ({
  asking: (x) => x,
  rotate: (x, _side, rotary) =>
    b.rotary(x, sequence.cos(rotary), sequence.sin(rotary), sequence.positions(), rotary),
});
