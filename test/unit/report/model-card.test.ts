/** @file The front matter of a model card is YAML that the hub reads. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { formatModelCard } from '../../../src/report/model-card.ts';

const card = {
  baseModel: 'a: "b"',
  settings: [],
  data: [],
  threshold: 0.5,
  evaluatedOn: 'held-out "functions": 1',
  columns: [],
  rows: [],
  shortfalls: [],
};
const frontMatter = (text: string) =>
  parse(/^---\n([\s\S]*?)\n---\n/.exec(text)![1]!) as Record<string, unknown>;

test('model-index has task, dataset and metrics', () => {
  const metrics = [{ type: 'roc_auc', name: 'ROC AUC', value: 0.123456789 }];
  const matter = frontMatter(formatModelCard({ ...card, metrics }));
  expect(matter.base_model).toBe('a: "b"');
  expect(matter['model-index']).toEqual([
    {
      name: 'Vulnerability detector',
      results: [
        {
          task: { type: 'text-classification', name: 'Vulnerability detection' },
          dataset: { type: 'vultune', name: 'held-out "functions": 1' },
          metrics: [{ type: 'roc_auc', name: 'ROC AUC', value: 0.123457 }],
        },
      ],
    },
  ]);
});

test('without figures there is no index', () => {
  expect(frontMatter(formatModelCard({ ...card, metrics: [] }))).not.toHaveProperty('model-index');
});
