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
  /** The checkpoint holds [inputSize, outputSize], as Transformers' Conv1D does; it is transposed where it is read. */
  readonly transposed?: true;
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

/**
 * A norm over the last axis. Its parameters are `${name}.weight` and `${name}.bias`.
 * - `rms`: x / rms(x) * weight; with `onePlus` times 1 + weight.
 * - `layer`: (x - mean(x)) / deviation(x) * weight + bias.
 * - `none`: x, for a place where others have a norm.
 */
export type Norm =
  | { readonly kind: 'rms'; readonly name: string; readonly epsilon: number; readonly onePlus?: true }
  | { readonly kind: 'layer'; readonly name: string; readonly epsilon: number; readonly bias: boolean }
  | { readonly kind: 'none' };

/** A norm of queries or keys, of each head's d features alone or of all heads' together. */
export interface HeadNorm {
  readonly norm: Norm;
  readonly over: 'head' | 'all-heads';
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
    }
  | {
      readonly kind: 'yarn';
      readonly factor: number;
      readonly originalMaxPositions: number;
      readonly fastTurns: number;
      readonly slowTurns: number;
      /** Whether the two bounds between which frequencies are blended are whole numbers. */
      readonly truncated: boolean;
      /** Factor on cosines and sines. */
      readonly attentionFactor: number;
    }
  | {
      /** A divisor of each frequency, of `size / 2`. */
      readonly kind: 'divided';
      readonly divisors: readonly number[];
      readonly attentionFactor: number;
    };

/** Rotary embedding of the first `size` features of a head; feature i turns with feature i + size/2. */
export interface Rotary {
  readonly base: number;
  readonly scaling: RotaryScaling;
  readonly size: number;
  /** d, where only a part of it turns. */
  readonly headSize?: number;
  /** Feature 2i turns with feature 2i + 1 instead. */
  readonly interleaved?: true;
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
  /**
   * How many tokens back a token sees, itself included; undefined: all. In a bidirectional attention: how many to either
   * side, itself not included.
   */
  readonly window: number | undefined;
  /** A token sees those behind it too. */
  readonly bidirectional?: true;
  /** Factor on q k^T; default: 1 / sqrt(d). */
  readonly scale?: number;
  /** Before queries and keys are turned. */
  readonly queryNorm?: HeadNorm;
  readonly keyNorm?: HeadNorm;
  /** Undefined where attention itself does not know positions. */
  readonly rotary: Rotary | undefined;
}

/** `gelu` is exact, by the error function; `gelu-tanh` the approximation (Transformers' gelu_new, gelu_pytorch_tanh). */
export type Activation = 'silu' | 'gelu' | 'gelu-tanh' | 'relu' | 'tanh';

/** `gated`: down(activation(gate(x)) * up(x)). `plain`: down(activation(up(x))). */
export type Mlp =
  | {
      readonly kind: 'gated';
      readonly gate: Projection;
      readonly up: Projection;
      readonly down: Matrix;
      readonly activation: Activation;
    }
  | { readonly kind: 'plain'; readonly up: Matrix; readonly down: Matrix; readonly activation: Activation };

/**
 * How the two sublayers and their norms join the residual stream; each is one function in block.ts.
 * - `pre-norm`: h = x + after(attention(norm(x))); h + after(mlp(norm(h)))
 * - `parallel`: x + attention(norm(x)) + mlp(norm(x))
 * - `post-norm`: h = norm(x + attention(x)); norm(h + mlp(h))
 */
export type Residual = 'pre-norm' | 'parallel' | 'post-norm';

export interface Block {
  readonly residual: Residual;
  readonly attention: Attention;
  readonly mlp: Mlp;
  /**
   * A layout with one norm for both sublayers names it twice: a parameter is taken once by its name. The last two are of a
   * sublayer's output before it is added, where there are such.
   */
  readonly norms: {
    readonly attention: Norm;
    readonly mlp: Norm;
    readonly afterAttention?: Norm;
    readonly afterMlp?: Norm;
  };
}

export interface Layer {
  /** Prefix of the block's parameters: `model.layers.3.` */
  readonly prefix: string;
  /** Equal layers hold equal blocks: they share one compiled graph. */
  readonly block: Block;
}

/** What stands for a function: the hidden state of its last or first token, or the mean over all tokens. */
export type Pooling = 'last' | 'first' | 'mean';

/** norm(activation(dense(x))), before a head's last matrix. Names are full. */
export interface HeadLayer {
  readonly dense: Matrix;
  readonly activation: Activation;
  readonly norm: Norm;
}

/** What the heads of an encoder have before their last matrix, as Transformers' classes do. */
export interface EncoderHeads {
  /** What stands for a function where the user does not say. */
  readonly pooling: Pooling;
  /** Transformers' class pools as `classifier_pooling` of its configuration says; without, by the first token alone. */
  readonly poolsAsConfigured: boolean;
  readonly classifier: HeadLayer & {
    /** `base`: the checkpoint's own, which adapters may change. `head`: new, and trained with the head. */
    readonly weights: 'base' | 'head';
    /** A part of taking the first token: under another pooling it is left out. */
    readonly ofFirstToken: boolean;
  };
  /** Full name of the matrix to the classes, which has a bias. */
  readonly classes: string;
  readonly maskedLanguageModel: HeadLayer;
}

/** What the family's heads are called in Transformers, so that PEFT finds them. */
export interface HeadNames {
  /** Module of the classifying head: its parameters are `${classifier}.weight`, or lie below it. */
  readonly classifier: string;
  /** Full name of the matrix to the vocabulary's logits: the embedding itself where the two are tied. */
  readonly languageModel: string;
  /** Full name of the bias on those logits, where there is one. */
  readonly languageModelBias?: string;
  /** Undefined for decoders, whose heads are one matrix without a bias on the last token. */
  readonly encoder?: EncoderHeads;
  /** Transformers has no class with the classifying head: who loads an adapter there defines one. */
  readonly lacksClassifier?: true;
}

/** What a token is before the first block: its row, and what is added to it. Names are full. */
export interface Embedding {
  readonly tokens: string;
  /** Factor on the rows of tokens. */
  readonly scale?: number;
  /** Learned positions: row `first` + position of the matrix is added. */
  readonly positions?: { readonly name: string; readonly first: number; readonly rows: number };
  /** Matrix of which row 0 is added: the type of a text that is not the second of two. */
  readonly tokenTypes?: { readonly name: string; readonly rows: number };
  readonly norm?: Norm;
}

export interface Model {
  /** `model_type` of the checkpoint. */
  readonly family: string;
  readonly vocabularySize: number;
  /** D */
  readonly hiddenSize: number;
  /** The most positions the model was made for: the default cut of long functions. */
  readonly maxPositions: number;
  /** Positions that can't be exceeded: there are no learned ones beyond, or the model computes otherwise there. */
  readonly positionLimit?: number;
  /** The token that fills up texts of a batch: the last other one stands for a text. Undefined where the model names none. */
  readonly padTokenId: number | undefined;
  readonly embedding: Embedding;
  readonly layers: readonly Layer[];
  readonly finalNorm: Norm;
  readonly heads: HeadNames;
  /**
   * Tensors of its checkpoints that no computation needs, by the last parts of their names (`attn.masked_bias`), besides the ones
   * that check-weights.ts knows.
   */
  readonly unusedTensors?: readonly string[];
}
