/** @file What a candidate becomes. Shapes only. */

/** 0: nothing. Own: a record with somebody's own label. */
export const CHOICE = { none: 0, P1: 1, P2: 2, P3: 3, own: 4 } as const;
