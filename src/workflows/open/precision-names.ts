/** @file What a detector may be asked to compute in, by name. Loads nothing: command lines list it. */

/** Names of weight formats, beside the one of the training. */
export const PRECISIONS = ['as-trained', 'float32', 'int8-exact', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];
