/** @file Not a head: the hidden states behind the final norm as they are, [N, D], for comparing with a reference. */
import type { Head } from './head.ts';

export const hiddenStates: Head = {
  id: 'hidden states',
  reads: 'every',
  parameters: [],
  logits: (_context, hidden) => hidden,
  feeds: () => ({}),
};
