/** @file Names of tensors as files have them, and as the model's specification has them. */
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import type { TensorView } from '../../checkpoint/tensor-view.ts';
import type { Model } from '../spec.ts';

/** Parts of a model that stand beside its base: their names have no prefix in any file. */
const BESIDE_BASE = /^(lm_head|score|classifier|cls|qa_outputs|v_head|head|decoder)\b/;

/**
 * A file saved from the base model alone (GPT2Model, BertModel ...) lacks the first part of the names that the same model
 * has under a head: `h.0.ln_1.weight` is `transformer.h.0.ln_1.weight`. Transformers takes both.
 */
export function withBasePrefix(
  { tensors }: Checkpoint,
  { embedding }: Model,
): ReadonlyMap<string, TensorView> {
  const prefix = embedding.tokens.slice(0, embedding.tokens.indexOf('.') + 1);
  const lacksPrefix = !tensors.has(embedding.tokens) && tensors.has(embedding.tokens.slice(prefix.length));
  const names = [...tensors.keys()];
  return new Map(
    names.map((stored) => {
      const name = newNormName(stored);
      return [lacksPrefix && !BESIDE_BASE.test(name) ? prefix + name : name, { stored }];
    }),
  );
}

/** Files converted from TensorFlow call a norm's weight gamma and its bias beta, as the first BERT did. */
const newNormName = (stored: string) =>
  stored.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
