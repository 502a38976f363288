/** @file A GGUF tensor's name in Hugging Face's words, by the tables of its architecture. */
import { VultuneError } from '../../base/errors.ts';
import type { HuggingFaceModel, Part, Placement } from './architecture.ts';
import { asStored } from './tensor-layout.ts';

/** Tables that the model can compute itself; rotary factors go into the configuration. */
const NOT_PARAMETERS = /^(rope_(freqs|factors_short|factors_long)\.weight|blk\.\d+\.attn_rot_embd\.weight)$/;

export interface Names {
  readonly file: string;
  readonly architecture: string;
  readonly model: HuggingFaceModel;
}

/**
 * The tensors of Hugging Face's in this one, with their whole names; none for what is not a parameter.
 * Throws GGUF_TENSOR_UNKNOWN: ignoring one would change the model.
 */
export function huggingFaceParts(names: Names, name: string): readonly Part[] {
  if (NOT_PARAMETERS.test(name)) return [];
  const { top, block, blockPrefix } = names.model;
  const [, layer, inBlock, blockSuffix] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const [, atTop, topSuffix] = /^([\w.]+)\.(weight|bias)$/.exec(name) ?? [];
  const placement = layer === undefined ? find(top, atTop) : find(block, inBlock);
  if (placement === undefined) throw unknown(names, name);
  const prefix = layer === undefined ? '' : `${blockPrefix}${layer}.`;
  const parts = typeof placement === 'string' ? [{ name: placement, layout: asStored }] : placement;
  const suffix = layer === undefined ? topSuffix : blockSuffix;
  return parts.map((part) => ({ ...part, name: `${prefix}${part.name}.${suffix}` }));
}

function find(table: Readonly<Record<string, Placement>>, name: string | undefined): Placement | undefined {
  return name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}

function unknown({ file, architecture }: Names, name: string): VultuneError {
  return new VultuneError(
    'GGUF_TENSOR_UNKNOWN',
    `${file}: "${name}" is not a tensor of a ${architecture} model`,
    {
      where: { file, name },
      hint: 'The model has a part that Vultune does not compute; take its safetensors checkpoint or another model.',
    },
  );
}
