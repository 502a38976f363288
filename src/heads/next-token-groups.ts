/**
 * @file How likely the next token is one of a group: softmax over the whole vocabulary, summed over each group. The answers of a
 * prompted model ("Yes", " yes" against "No", " no") are such groups. The graph gives [B, groups], not the whole vocabulary.
 */
import { VultuneError } from '../base/errors.ts';
import type { Model } from '../model/spec.ts';
import { float32, int64 } from '../tensor/host-tensor.ts';
import type { Head } from './head.ts';
import { languageModel } from './language-model.ts';

/**
 * @param groups token ids; a token may stand in several groups, and counts once in each
 * @throws VultuneError NEXT_TOKEN_UNSUPPORTED for an encoder, TOKEN_GROUP_INVALID for an empty group or a token that the model
 * does not have
 */
export function nextTokenGroups(model: Model, groups: readonly (readonly number[])[]): Head {
  const head = languageModel(model, 'last');
  for (const [index, group] of groups.entries()) requireTokens(group, index, model.vocabularySize);
  const unique = groups.map((group) => [...new Set(group)]);
  const ids = unique.flat();
  // [groups, ids]: 1 where an id is of the row's group.
  const members = unique.flatMap((_, row) =>
    unique.flatMap((group, at) => group.map(() => (at === row ? 1 : 0))),
  );
  return {
    ...head,
    id: `next token groups ${JSON.stringify(unique)}`,
    logits: (context, hidden) => {
      const { builder: b } = context;
      const likely = b.softmax(head.logits(context, hidden)); // [B, V]
      const own = b.constant(int64([ids.length], ids));
      const chosen = b.gather(b.transpose(likely, [1, 0]), own); // [ids, B]
      const summed = b.matmul(b.constant(float32([groups.length, ids.length], members)), chosen); // [groups, B]
      return b.transpose(summed, [1, 0]);
    },
  };
}

function requireTokens(group: readonly number[], index: number, vocabularySize: number): void {
  const outside = group.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabularySize));
  if (group.length > 0 && outside === undefined) return;
  const found = outside === undefined ? 'has no token' : `has token ${outside}`;
  throw new VultuneError(
    'TOKEN_GROUP_INVALID',
    `group ${index + 1} of answers ${found}, expected tokens from 0 to ${vocabularySize - 1}`,
    { hint: 'Each answer needs at least one token of the model to begin with.' },
  );
}
