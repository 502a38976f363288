/**
 * @file A model as data: what its blocks are made of, and what each parameter is called. A family (families/) turns a
 * config.json into this; everything else reads only this. Types alone.
 */

/** One weight matrix, [outputSize, inputSize]; `name` is relative to its block, as in the checkpoint: `self_attn.q_proj`. */
export interface Matrix {
  readonly name: string;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly bias: boolean;
}

/**
 * The output columns of a matrix that are one projection: all of them, or a part of a fused matrix, whose parts hold the same
 * Matrix object.
 */
export interface Projection {
  readonly matrix: Matrix;
  /** Half-open ranges, joined in this order; default: every column. */
  readonly columns?: readonly (readonly [from: number, to: number])[];
}

/** `rms`: x / rms(x) * weight, over the last axis. The parameter is `${name}.weight`. */
export interface Norm {
  readonly kind: 'rms';
  readonly name: string;
  readonly epsilon: number;
}

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

/** Rotary embedding of the `size` features of a head; feature i turns with feature i + size/2. */
export interface Rotary {
  readonly base: number;
  readonly scaling: RotaryScaling;
  readonly size: number;
}

export interface Attention {
  readonly query: Projection;
  readonly key: Projection;
  readonly value: Projection;
  readonly output: Matrix;
  /** H */
  readonly headCount: number;
  /** K: heads of keys and values; H / K query heads share one. */
  readonly keyValueHeadCount: number;
  /** d */
  readonly headSize: number;
  /** How many tokens back a token sees, itself included; undefined: all. */
  readonly window: number | undefined;
  /** Undefined where attention itself does not know positions. */
  readonly rotary: Rotary | undefined;
}

export type Activation = 'silu';

/** `gated`: down(activation(gate(x)) * up(x)). */
export interface Mlp {
  readonly kind: 'gated';
  readonly gate: Projection;
  readonly up: Projection;
  readonly down: Matrix;
  readonly activation: Activation;
}

/** How the two sublayers and their norms join the residual stream; each is one function in block.ts. */
export type Residual = 'pre-norm';

export interface Block {
  readonly residual: Residual;
  readonly attention: Attention;
  readonly mlp: Mlp;
  /** A layout with one norm for both sublayers names it twice: a parameter is taken once by its name. */
  readonly norms: { readonly attention: Norm; readonly mlp: Norm };
}

export interface Layer {
  /** Prefix of the block's parameters: `model.layers.3.` */
  readonly prefix: string;
  /** Equal layers hold equal blocks: they share one compiled graph. */
  readonly block: Block;
}

/** What the family's heads are called in Transformers, so that PEFT finds them. */
export interface HeadNames {
  /** Module of the classifying head: its parameters are `${classifier}.weight`, or lie below it. */
  readonly classifier: string;
  /** Full name of the matrix to the vocabulary's logits: the embedding itself where the two are tied. */
  readonly languageModel: string;
}

export interface Model {
  /** `model_type` of the checkpoint. */
  readonly family: string;
  readonly vocabularySize: number;
  /** D */
  readonly hiddenSize: number;
  /** The most positions the model was made for: the default cut of long functions. */
  readonly maxPositions: number;
  /** The token that fills up texts of a batch: the last other one stands for a text. Undefined where the model names none. */
  readonly padTokenId: number | undefined;
  readonly embedding: { readonly tokens: string };
  readonly layers: readonly Layer[];
  readonly finalNorm: Norm;
  readonly heads: HeadNames;
}
