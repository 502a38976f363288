/** @file Which tensors of a checkpoint a model may leave alone, and which mean that it is not the model its configuration says. */
import type { Model } from './spec.ts';

/** Buffers that older releases of Transformers saved: each is computed from the configuration. By the last parts of the name. */
const BUFFERS = [
  'rotary_emb.inv_freq',
  'rotary_emb.cos_cached',
  'rotary_emb.sin_cached',
  'attn.bias',
  'attn.masked_bias',
  'attn.causal_mask',
  'attention.bias',
  'attention.masked_bias',
  'masked_bias',
  'position_ids',
];

/**
 * Those of `names` that the model would compute something else with, as far as names tell: parameters of a block (of one beyond the last
 * too), and further parameters of modules that the model has. `promised`: the names of the model's own tensors.
 */
export function tensorsWithoutPlace(
  names: Iterable<string>,
  model: Model,
  promised: ReadonlyMap<string, unknown>,
): string[] {
  const unused = [...BUFFERS, ...(model.unusedTensors ?? [])];
  const modules = new Set([...promised.keys()].map(moduleOf));
  return [...names].filter((name) => {
    if (promised.has(name) || name === model.heads.languageModel) return false;
    if (unused.some((end) => name === end || name.endsWith(`.${end}`))) return false;
    return isOfBlock(name, model) || modules.has(moduleOf(name));
  });
}

/** `model.layers.31.mlp...` of a model whose layers are `model.layers.0.` and so on. */
function isOfBlock(name: string, { layers }: Model): boolean {
  const [first] = layers;
  if (first === undefined) return false;
  const list = first.prefix.replace(/\d+\.$/, '');
  return name.startsWith(list) && /^\d+\./.test(name.slice(list.length));
}

const moduleOf = (name: string) => name.slice(0, Math.max(0, name.lastIndexOf('.')));
