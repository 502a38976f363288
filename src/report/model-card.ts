/** @file The README.md of an adapter, in the hub's format: what it is, what it was trained on, how well it does. */

import { type CardCwe, cweSection } from './card-cwe.ts';
import { answersInWords } from './card-question.ts';
import { type CardUsage, POOLED, usageSection } from './card-usage.ts';
import { markdownRows } from './table-formats.ts';

export interface CardAdapter {
  /** As a sentence begins with it: "A LoRA adapter". */
  readonly words: string;
  /** What a hub finds it by; default: none. */
  readonly tag?: string;
}

export interface ModelCard {
  readonly baseModel: string;
  /** Names and values of the settings worth a line. */
  readonly settings: readonly (readonly [string, string])[];
  readonly data: readonly {
    readonly name: string;
    readonly functions: number;
    readonly vulnerable: number;
    /** Longer than max_length; missing where it is not known. */
    readonly truncated?: number;
    /** Pairs that are the same within max_length. */
    readonly identicalPairs?: number;
  }[];
  readonly adapter: CardAdapter;
  readonly usage: CardUsage;
  /** Evaluated on `evaluatedOn`: one row per model or baseline. */
  readonly evaluatedOn: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly label: string; readonly cells: readonly string[] }[];
  /** First of all: whether the model beats chance and its best baseline. */
  readonly verdict: string;
  /** What the names of the figures mean, and what was left out of them; one sentence each. */
  readonly notes: readonly string[];
  /** Sentences on what the model does not beat. */
  readonly shortfalls: readonly string[];
  /** Undefined without a CWE head. */
  readonly cwe?: CardCwe;
  /** For the hub's `model-index`: the model's own figures, by the hub's names of metrics. */
  readonly metrics: readonly HubMetric[];
}

export interface HubMetric {
  /** `roc_auc`, `f1`, `matthews_correlation` ... */
  readonly type: string;
  readonly name: string;
  readonly value: number;
}

export function formatModelCard(card: ModelCard): string {
  const isCutKnown = card.data.every(({ truncated }) => truncated !== undefined);
  const data = card.data.map(({ name, functions, vulnerable, truncated, identicalPairs }) => [
    name,
    `${functions}`,
    `${vulnerable}`,
    ...(isCutKnown ? [`${truncated}`, `${identicalPairs}`] : []),
  ]);
  return `---
base_model: ${JSON.stringify(card.baseModel)}
library_name: peft
pipeline_tag: text-classification
tags:
- vulnerability-detection
${card.adapter.tag === undefined ? '' : `- ${card.adapter.tag}\n`}- vultune
${modelIndex(card)}---

# Vulnerability detector

${card.verdict}

${card.adapter.words} ${judgesBy(card.usage)}, for
\`${card.baseModel}\`, trained with Vultune.

${usageSection(card.usage)}
## Evaluation on ${card.evaluatedOn}

${markdownRows(
  ['', ...card.rows.map(({ label }) => label)],
  card.columns.map((column, i) => [column, ...card.rows.map(({ cells }) => cells[i]!)]),
)}

${card.shortfalls.map((line) => `- ${line}`).join('\n')}

What the figures are:

${card.notes.map((line) => `- ${line}.`).join('\n')}

A score is a hint where to look, not a verdict: labels come from fixing commits, and what a function calls is not seen.

${card.cwe === undefined ? '' : cweSection(card.cwe)}## Data

${markdownRows(['', 'functions', 'vulnerable', ...(isCutKnown ? ['cut at max_length', 'pairs alike within it'] : [])], data)}

## Training

${markdownRows(
  ['setting', 'value'],
  card.settings.map(([name, value]) => [name, value]),
)}
`;
}

const judgesBy = ({ question, pooling }: CardUsage) =>
  question === undefined
    ? `with a 2-class head (0 safe, 1 vulnerable) on ${POOLED[pooling]} of a function`
    : `of the language model itself, which answers ${answersInWords(question)} behind the code of a function`;

/** Results as the hub's leaderboards read them. JSON strings are YAML strings, whatever is in them. */
function modelIndex({ metrics, evaluatedOn }: ModelCard): string {
  if (metrics.length === 0) return '';
  const lines = metrics.map(
    ({ type, name, value }) =>
      `    - type: ${type}\n      name: ${JSON.stringify(name)}\n      value: ${Number(value.toPrecision(6))}\n`,
  );
  return `model-index:
- name: Vulnerability detector
  results:
  - task:
      type: text-classification
      name: Vulnerability detection
    dataset:
      type: vultune
      name: ${JSON.stringify(evaluatedOn)}
    metrics:
${lines.join('')}`;
}
