/** @file Names of the files of weights in a model's folder, and which of several count. Knows names only. */

export interface WeightFormat {
  readonly single: string;
  /** Says which tensor is in which shard. */
  readonly index: string;
  readonly isShard: (name: string) => boolean;
}

/** In the order in which Transformers looks for them (5.x, modeling_utils.py): a single file goes before an index, which an earlier save left. */
const FORMATS: readonly WeightFormat[] = [
  {
    single: 'model.safetensors',
    index: 'model.safetensors.index.json',
    isShard: (name) => /^model-[\w.-]*\.safetensors$/.test(name),
  },
  {
    single: 'pytorch_model.bin',
    index: 'pytorch_model.bin.index.json',
    isShard: (name) => /^pytorch_model-[\w.-]*\.bin$/.test(name),
  },
];

export interface ChosenWeights extends WeightFormat {
  /** `single` or `index`. */
  readonly file: string;
  readonly isIndex: boolean;
}

/** Undefined where there is none of them. */
export function chooseWeights(names: readonly string[]): ChosenWeights | undefined {
  for (const format of FORMATS) {
    if (names.includes(format.single)) return { ...format, file: format.single, isIndex: false };
    if (names.includes(format.index)) return { ...format, file: format.index, isIndex: true };
  }
  return undefined;
}

/** Files of weights that are passed over for the chosen one, as Transformers does: they may hold other numbers. */
export function passedOver(names: readonly string[]): readonly string[] {
  const chosen = chooseWeights(names)?.file;
  const all = FORMATS.flatMap(({ single, index }) => [single, index]);
  return chosen === undefined ? [] : all.filter((name) => name !== chosen && names.includes(name));
}

/** What is looked for, for messages. */
export const WEIGHTS_EXPECTED =
  'model.safetensors or pytorch_model.bin, shards of one of them with their index, or one .gguf file';

/** Weights under a name that nobody looks for, for messages. */
export const findOtherWeights = (names: readonly string[]): string | undefined =>
  names.find((name) => /\.(bin|pt|pth|ckpt|h5|msgpack|safetensors)$/.test(name));
