/**
 * @file What distinguishes one decoder from another: sizes, names of parameters, and switches. A family (families/)
 * turns a checkpoint's config.json into this; everything else about models reads only this.
 */

/** One matrix of a block: `name` is relative to the block, as in the checkpoint (`self_attn.q_proj`). */
export interface LinearModule {
  readonly name: string;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly bias: boolean;
}

/** The matrices of a block by what they are for. */
export interface BlockLinears {
  readonly query: LinearModule;
  readonly key: LinearModule;
  readonly value: LinearModule;
  readonly attentionOutput: LinearModule;
  readonly gate: LinearModule;
  readonly up: LinearModule;
  readonly down: LinearModule;
}

export type LinearRole = keyof BlockLinears;

export const LINEAR_ROLES: readonly LinearRole[] = [
  'query',
  'key',
  'value',
  'attentionOutput',
  'gate',
  'up',
  'down',
];

/** How angles of the rotary embedding depend on position; names and formulas as in Transformers. */
export type RotaryScaling =
  | { readonly kind: 'default' }
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalMaxPositions: number;
    };

export interface DecoderGeometry {
  /** `model_type` of the checkpoint. */
  readonly family: string;
  readonly vocabularySize: number;
  /** D */
  readonly hiddenSize: number;
  readonly layerCount: number;
  /** H */
  readonly headCount: number;
  /** K: heads of keys and values; H / K query heads share one. */
  readonly keyValueHeadCount: number;
  /** d */
  readonly headSize: number;
  readonly normEpsilon: number;
  readonly rotaryBase: number;
  readonly rotaryScaling: RotaryScaling;
  /** For each layer, how many tokens back attention sees, itself included; undefined: all. */
  readonly slidingWindows: readonly (number | undefined)[];
  /** The most positions the model was made for: the default cut of long functions. */
  readonly maxPositions: number;
  /** The token that fills up texts of a batch: the last other one stands for a text. Undefined where the model names none. */
  readonly padTokenId: number | undefined;
  readonly linears: BlockLinears;
  readonly names: DecoderNames;
}

export interface DecoderNames {
  readonly embedding: string;
  /** Prefix of a block's parameters: `model.layers.3.` */
  block(layer: number): string;
  /** Weights of the two norms of a block, relative to it. */
  readonly attentionNorm: string;
  readonly feedForwardNorm: string;
  readonly finalNorm: string;
  /** The next-token head; the embedding itself when the two are tied. */
  readonly languageModelHead: string;
  /** The classification head Transformers gives this family, as PEFT names it. */
  readonly classifier: string;
}
