/** @file The loss of a CWE head for functions that have labels alone: every vulnerable one has the second of three CWEs. */
import type { Label } from '../../src/objectives/classification.ts';
import { classificationWithCwe } from '../../src/objectives/classification-with-cwe.ts';
import type { Objective } from '../../src/objectives/objective.ts';

const ofBoth = classificationWithCwe({ kind: 'cross_entropy' }, { classes: 3, weight: 0.5 });

export const SECOND_OF_THREE_CWES: Objective<Label> = {
  ...ofBoth,
  feeds: (examples, scale) =>
    ofBoth.feeds(
      examples.map(({ target, weight }) => ({
        target: { label: target, cwes: target === 1 ? [1] : [] },
        weight,
      })),
      scale,
    ),
};
