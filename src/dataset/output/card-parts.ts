/** @file What every dataset card has: the hub's header and tables. What a dataset contains is said elsewhere. */
import { SPLITS } from '../parts.ts';

/** YAML between dashes, as the hub reads it; `languages` as records have them. */
export function cardHeader(languages: readonly string[], functions: number): string {
  const files = SPLITS.map(
    (split) => `      - split: ${split === 'valid' ? 'validation' : split}\n        path: ${split}.jsonl`,
  );
  const tags = ['security', 'vulnerability-detection', ...languages];
  return `---
license: other
task_categories:
  - text-classification
language:
  - code
tags:
${tags.map((tag) => `  - ${tag}`).join('\n')}
size_categories:
  - ${sizeCategory(functions)}
configs:
  - config_name: default
    data_files:
${files.join('\n')}
---
`;
}

/** The hub's own words. */
function sizeCategory(functions: number): string {
  if (functions < 1000) return 'n<1K';
  if (functions < 10_000) return '1K<n<10K';
  if (functions < 100_000) return '10K<n<100K';
  return functions < 1_000_000 ? '100K<n<1M' : '1M<n<10M';
}

export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((text) => cell(String(text))).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Names and licences are others' text. */
export function cell(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[|<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Said where there are some: a model that is tested on the future may have been trained on it. */
export const undatedSentence = (undated: number | undefined) =>
  undated === undefined || undated === 0
    ? ''
    : `\n\n${undated} functions have no date and are in train, whenever they were written.`;
