/** @file Keys of a training configuration: the head, the CWE head, the loss and its weights. */
import { z } from '../../schema/zod.ts';
import { count, positive } from './value-kinds.ts';

/** A weight in the loss; past 10,000 the other functions vanish in float32. */
const lossWeight = () => z.number().min(0).max(10_000);
/** More have never had enough functions each. */
const MOST_CWE_CLASSES = 100;

export const classifier = {
  pooling: z
    .enum(['last', 'first', 'mean'])
    .nullable()
    .default(null)
    .describe(
      'What the head reads: the hidden state of the last token (decoders), of the first (encoders), or the mean ' +
        "over all tokens; null: last for decoders, first for encoders, ModernBERT's as its config.json says.",
    ),
  top_mlp_layers: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Layers of the head before its last matrix, each a square matrix with a bias and GELU.'),
  head_init: z
    .enum(['random', 'probe'])
    .default('random')
    .describe(
      'First weights of the head: random, or those of a logistic regression on the frozen model (linear probing, ' +
        'then fine-tuning).',
    ),
  loss: z.enum(['cross_entropy', 'focal']).default('cross_entropy').describe('Loss per function.'),
  focal_gamma: z
    .number()
    .min(0)
    .default(1)
    .describe('Focal loss: weight (1 - p)^focal_gamma; 0 is cross-entropy; unused by other losses.'),
  loss_reduction: z
    .enum(['sum', 'mean', 'function'])
    .default('function')
    .describe(
      'How losses are combined: sum, mean over each packed sequence, or mean over the functions of the optimiser step.',
    ),
  class_weights: z
    .tuple([lossWeight(), lossWeight()])
    .default([1, 1])
    .describe('Weights of the classes [safe, vulnerable] in the loss.'),
  set_weights: z
    .strictObject({
      P1: lossWeight().default(1),
      P2: lossWeight().default(1),
      P3: lossWeight().default(1),
    })
    .prefault({})
    .describe('Weights of P1 (vulnerable), P2 (its fix) and P3 (unrelated) in the loss.'),
  pair_loss_weight: z
    .number()
    .min(0)
    .max(10_000)
    .default(0)
    .describe(
      'Factor on a ranking loss of pairs, -log sigmoid(s(vulnerable) - s(fixed)), s the difference of the two logits; both functions of ' +
        'a pair are then in one pass. 0: none.',
    ),
  cwe_head: z
    .boolean()
    .default(false)
    .describe(
      'Also learn which CWE a vulnerable function has, by a second matrix on what the classifier reads; without two ' +
        'CWEs of cwe_min_examples functions it is left out with a warning.',
    ),
  cwe_classes: z
    .int()
    .min(2)
    .max(MOST_CWE_CLASSES)
    .default(10)
    .describe('CWEs that the CWE head tells apart at most: the most frequent of train_file.'),
  cwe_min_examples: count()
    .default(20)
    .describe('Vulnerable functions of train_file that each of its CWEs has at least.'),
  cwe_loss_weight: positive()
    .max(10_000)
    .default(0.2)
    .describe("Factor on the CWE head's loss, which only functions with one of its CWEs have."),
};
