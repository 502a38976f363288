/** @file The card (README.md with the hub's header) of a dataset built from sources of fixes. Counts nothing itself. */

import { cardHeader, cell, markdownTable, undatedSentence } from '../output/card-parts.ts';
import { SPLITS } from '../parts.ts';
import type { BuildInfo, CountedStep, Counts } from './build-info.ts';

export function formatBuildCard(info: BuildInfo): string {
  const total = SPLITS.reduce((sum, split) => sum + info.splits[split].functions, 0);
  const languages = Object.keys(info.languages).sort((a, b) => info.languages[b]! - info.languages[a]!);
  return `${cardHeader(
    languages.filter((language) => /^[\w-]+$/.test(language)),
    total,
  )}
# Vulnerable functions, and their fixes

${total} functions built by \`vultune data build\` from ${sourceNames(info)}. Each is one JSON line: \`code\`, \`target\`
(1: vulnerable), \`set\`, \`pair\`, and where it is from.

- **P1** (target 1): a function that a security fix changed, as it was before the fix.
- **P2** (target 0): the same function after it; \`pair\` ties it to its P1.
- **P3** (target 0): ${NEGATIVES[info.options.negatives]}.

${markdownTable(
  ['part', 'functions', 'vulnerable', 'P1', 'P2', 'P3', 'projects', 'commits'],
  SPLITS.map((split) => {
    const { functions, vulnerable, P1, P2, P3, projects, commits } = info.splits[split];
    return [split, functions, vulnerable, P1, P2, P3, projects, commits];
  }),
)}

${counted('Languages', info.languages)}

## Sources

${markdownTable(
  ['source', 'from', 'version', 'licence', 'SHA-256'],
  info.sources.map(({ name, location, version, license, sha256 }) => [
    name,
    location,
    version ?? '',
    license ?? 'unknown',
    sha256 ?? '',
  ]),
)}

${matchedCommits(info)}## How it was made

${howItWasMade(info)}

${STEPS.map(([step, title]) => counted(title, info.counts[step]))
  .filter((text) => text !== '')
  .join('\n\n')}

## What to know before using it

- A P3 function is one that its fix did not touch. Nobody has shown that it is safe.
- A commit that fixes a vulnerability may change more than the fix: the more functions it changed, the less sure their labels.
- The fixes are public: a model that was pretrained on public code has seen many of them.

## Licences

The code belongs to the authors of the projects and is under their licences; it is not shipped with Vultune. Check them
before passing this folder on.
`;
}

const NEGATIVES = {
  'same-commit': 'a function of a file that the fix changed, itself unchanged',
  'same-files': 'an unchanged function of a file in which the fix changed a vulnerable one',
  'other-projects': 'an unchanged function of any fix and project of the sources',
  none: 'left out here',
} as const;

/** In the order in which it is decided. */
const STEPS: readonly (readonly [CountedStep, string])[] = [
  ['input', 'The sources'],
  ['files', 'Changed files'],
  ['functions', 'Functions in them that give no label'],
  ['fixes', 'Fixes'],
  ['changed', 'Functions that fixes changed (before and after)'],
  ['unchanged', 'Unchanged functions'],
  ['labelled', 'Records with a label of their own'],
];

function howItWasMade({ options, found, undated }: BuildInfo): string {
  const { maxChangedFunctions: most, minTokens, maxTokens, nearDuplicates, ratio, split, seed } = options;
  const fixes =
    most === null
      ? 'Fixes were taken however many functions they changed'
      : `Only fixes that changed ${most === 1 ? 'exactly one function' : `at most ${most} functions`} were taken`;
  const lengths =
    options.hardNegatives === true
      ? ', of its file, else of its project, else of its language, and about as long'
      : options.negativeLengths === 'matched'
        ? ', of lengths like those of the vulnerable ones'
        : '';
  const sizes = `Functions of fewer than ${minTokens}${maxTokens === null ? '' : ` or more than ${maxTokens}`} tokens were left out`;
  return [
    `Changed files were parsed before and after, functions matched by qualified name, parameters and similarity. Found outside`,
    `tests and others' code: ${found.changedPairs} changed functions (${found.distinctChangedPairs} distinct pairs of before and after), ${found.unchanged}`,
    `unchanged ones (${found.distinctUnchanged} distinct). Equal means equal without comments and white space.`,
    `${fixes}${options.namedOnly ? ', and of those only functions that an advisory names' : ''}. ${sizes}.`,
    ratio === null
      ? ''
      : `At most ${ratio} unchanged functions were taken for each vulnerable one${lengths}.`,
    contextSentence(options),
    `Each function text is in the dataset once; one that was both vulnerable and fixed, or labelled both ways, is left out, and an`,
    `unchanged one that another fix changed is not a P3. Where two fixes in a row changed a function, its P1 is from before the`,
    `first and its P2 from after the last.`,
    `\nThe split is by ${split} (seed ${seed}). A pair, a commit and a CVE are on one side, and so are near duplicates`,
    `(MinHash over tokens, Jaccard similarity of about ${nearDuplicates}): they tie the fixes they are in, and an unchanged function`,
    `whose near duplicates are on another side was dropped.${undatedSentence(undated)}`,
    options.exclude.length === 0
      ? ''
      : `Exact and near duplicates of ${options.exclude.length} other dataset(s) were left out.`,
  ]
    .filter((line) => line !== '')
    .join('\n');
}

const CONTEXTS = {
  callers: 'functions of the file that call it',
  callees: 'functions of the file that it calls',
  file: "what stands above the file's first function",
} as const;

function contextSentence({ context }: BuildInfo['options']): string {
  if (context === undefined) return '';
  return [
    `In front of each function stand ${CONTEXTS[context.kind]}, up to ${context.maxTokens} lexical tokens and a comment that ends them, from the`,
    `same version of the file (\`context\`: what was kept and cut). Equal functions are told by the functions alone; one of the test part`,
    `may stand in front of one of train, unlabelled, unless the split is by project.`,
  ].join('\n');
}

const MATCHED_SHOWN = 200;

/** The commits that a pattern of messages found: what to look at before it is trusted, or made narrower. */
function matchedCommits({ sources }: BuildInfo): string {
  const matched = sources.flatMap((source) => source.matched ?? []);
  if (matched.length === 0) return '';
  const shown = matched.slice(0, MATCHED_SHOWN);
  const more =
    matched.length > shown.length
      ? `\n\nThe first ${shown.length}; ${matched.length - shown.length} more are in dataset.json.`
      : '';
  const rows = shown.map(({ commit, subject }) => [commit.slice(0, 12), subject]);
  return `## Commits whose messages matched\n\n${markdownTable(['commit', 'subject'], rows)}${more}\n\n`;
}

function sourceNames({ sources }: BuildInfo): string {
  return [...new Set(sources.map(({ name }) => cell(name)))].join(', ');
}

/** Nothing where nothing was counted. */
function counted(title: string, counts: Counts): string {
  const rows = Object.entries(counts).sort(
    ([a, x], [b, y]) =>
      Number(b.startsWith('kept')) - Number(a.startsWith('kept')) || y - x || (a < b ? -1 : 1),
  );
  if (rows.length === 0) return '';
  const marked = rows.map(([reason, count]) => [reason.startsWith('kept') ? `**${reason}**` : reason, count]);
  return markdownTable([title, ''], marked);
}
