/** @file The parts of a dataset and the shares that they are given. */

export const SPLITS = ['train', 'valid', 'test'] as const;

export type Split = (typeof SPLITS)[number];

export type Fractions = Readonly<Record<Split, number>>;
