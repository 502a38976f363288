/** @file Every reader of bytes from outside that `npm run fuzz` tries: one line each. */
import type { FuzzTarget } from './fuzz-target.ts';
import { TOKENIZER_TARGET } from './tokenizer-target.ts';

export const FUZZ_TARGETS: readonly FuzzTarget[] = [TOKENIZER_TARGET];
