/** @file How long one row of a table may be. A function is not: a longer row is data, or a quote that nobody closed. */
export const MAX_ROW_BYTES = 64 * 2 ** 20;
