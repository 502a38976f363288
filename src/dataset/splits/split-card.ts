/** @file The README.md of a dataset that was split or merged, in the hub's format. Counts nothing. */
import { cardHeader, cell, markdownTable, undatedSentence } from '../output/card-parts.ts';
import { SPLITS } from '../parts.ts';
import type { SplitDatasetInfo } from './split-info.ts';

/** How the parts came to be: `split by commit`, `keeping the existing split`. */
export function splitWords({ split, timePer }: SplitDatasetInfo['options']): string {
  if (split === 'predefined') return 'keeping the existing split';
  return `split by ${split}${split === 'time' && timePer === 'project' ? ' within each project' : ''}`;
}

export function splitCard(info: SplitDatasetInfo, languages: readonly string[]): string {
  const { inputs, options, dropped, splits, builder, undated } = info;
  const total = SPLITS.reduce((sum, split) => sum + splits[split].functions, 0);
  const rows = SPLITS.map((split) => {
    const { functions, vulnerable, P1, P2, P3, projects, commits } = splits[split];
    return [split, functions, vulnerable, P1, P2, P3, projects, commits];
  });
  const reasons = Object.entries(dropped);
  return `${cardHeader(languages, total)}
# Functions, vulnerable and not

Made by \`vultune data ${builder.name}\`, ${splitWords(options)}${options.split === 'predefined' ? '' : ` with seed ${options.seed}`}. No pair, commit, CVE or
near duplicate (Jaccard ${options.nearDuplicates} of token shingles) lies in two parts.${undatedSentence(undated)}

${markdownTable(['part', 'functions', 'vulnerable', 'P1', 'P2', 'P3', 'projects', 'commits'], rows)}

## From

${markdownTable(
  ['input', 'functions', 'vulnerable'],
  inputs.map(({ location, functions, vulnerable }) => [cell(location), functions, vulnerable]),
)}
${
  reasons.length === 0
    ? '\nEvery function was kept.'
    : `\n## Left out\n\n${markdownTable(['reason', 'functions'], reasons)}`
}
`;
}
