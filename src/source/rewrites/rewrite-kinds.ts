/** @file What a rewrite may change of a function. */

export const REWRITE_KINDS = ['rename', 'comments', 'dead_code', 'reorder'] as const;

export type RewriteKind = (typeof REWRITE_KINDS)[number];

/** A number in [0, 1) that depends on what it is for, and on nothing that was drawn before. */
export type Draw = (...what: readonly (string | number)[]) => number;
