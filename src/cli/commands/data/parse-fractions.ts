/** @file `--fractions 0.7,0.15,0.15`: the shares of train, valid and test. */
import { InvalidArgumentError } from 'commander';
import type { Fractions } from '../../../dataset/parts.ts';

/** Three numbers, none negative, that add up to 1. */
export function parseFractions(text: string): Fractions {
  const [train, valid, test, ...rest] = text
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const shares = [train, valid, test];
  const total = shares.reduce<number>((sum, share) => sum + (share ?? Number.NaN), 0);
  if (
    rest.length > 0 ||
    shares.some((share) => !(share !== undefined && share >= 0)) ||
    Math.abs(total - 1) > 1e-6
  ) {
    throw new InvalidArgumentError(`found ${text}, expected three numbers that add up to 1.`);
  }
  return { train: train!, valid: valid!, test: test! };
}
