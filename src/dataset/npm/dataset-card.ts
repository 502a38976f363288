/**
 * @file What is said about a built dataset: the shape of dataset.json, and the card (README.md with the hub's header)
 * written from it. Counts nothing itself.
 */
import { cardHeader, cell, markdownTable } from '../output/card-parts.ts';
import { SPLITS, type Split } from '../parts.ts';

export interface SplitInfo {
  readonly functions: number;
  readonly P1: number;
  readonly P2: number;
  readonly P3: number;
  readonly packages: number;
  /** The fingerprint of all records, in order. */
  readonly sha256: string;
  /** The fingerprint of the set of (body, target), in any order. */
  readonly bodies: string;
}

export interface DatasetInfo {
  readonly format: 'vultune-dataset';
  readonly formatVersion: 1;
  readonly builder: { readonly name: string; readonly version: number };
  readonly options: {
    readonly negativesPerPositive: number;
    readonly negativeLengths: 'natural' | 'matched';
    readonly seed: number;
    readonly fractions: Readonly<Record<Split, number>>;
    readonly minTokens: number;
    readonly maxTokensEstimate?: number;
  };
  readonly advisories: {
    readonly sha256: string;
    readonly entries: number;
    readonly packages: number;
    readonly functions: number;
  };
  /** Reason → how many. */
  readonly counts: Readonly<Record<'named' | 'fixes' | 'unchanged', Readonly<Record<string, number>>>>;
  readonly splits: Readonly<Record<Split, SplitInfo>>;
  readonly leftOut: readonly {
    readonly id: string;
    readonly package: string;
    readonly vulnerable: string;
    readonly fixed: string;
    readonly reason: string;
  }[];
  readonly sources: readonly {
    readonly id: string;
    readonly package: string;
    readonly license: string;
    readonly vulnerable: { readonly version: string; readonly integrity: string };
    readonly fixed: { readonly version: string; readonly integrity: string };
  }[];
}

export function formatCard(info: DatasetInfo): string {
  return `${header(info)}
# Vulnerable functions of npm packages, and their fixes

${total(info)} JavaScript and TypeScript functions out of published releases of ${packages(info)} npm packages, built by
\`vultune data build npm\`. Each is one JSON line: \`code\`, \`target\` (1: vulnerable), \`set\`, \`pair\`, and where it is from.

- **P1** (target 1): a function that a security fix changed, as it was in the last vulnerable release.
- **P2** (target 0): the same function in the first fixed release; \`pair\` ties it to its P1.
- **P3** (target 0): a function of the same file, or failing that of the same package, that the fix left unchanged.

${markdownTable(
  ['split', 'functions', 'P1', 'P2', 'P3', 'packages'],
  SPLITS.map((split) => {
    const { functions, P1, P2, P3, packages: count } = info.splits[split];
    return [split, functions, P1, P2, P3, count];
  }),
)}

## How it was made

The source is a table of public facts: ${info.advisories.entries} fixes in ${info.advisories.packages} packages, which release was the last
vulnerable one, which the first fixed one, and the ${info.advisories.functions} functions the fix was made in. Both releases were fetched with
the npm client (integrity checked; none of their code was run) and parsed; functions are matched by file, qualified
name and likeness. Equal means equal without comments, white space and kind of quotes.

The split is by package (seed ${info.options.seed}): no package, and no function body, is on two sides. Packages that
share near duplicates among their P1 and P2 (ports, forks, copied helpers: Jaccard similarity of tokens at least 0.8) are
on one side together; among P3 near duplicates were not looked for.

### The named functions

${reasons(info.counts.named)}

### Their fixed versions

${reasons(info.counts.fixes)}

"Vulnerable by another advisory": the version that fixed one weakness still had the next one, word for word, so it is
not evidence of a safe function; where a body would have both labels only the vulnerable one is kept. "Vulnerable
again later": the same function is named by an advisory on a later release. Their P1 stay, without a pair.

### Unchanged functions

${info.options.negativesPerPositive} wanted for each P1, the files of the fix first${LENGTHS[info.options.negativeLengths]}. Test, vendored, minified and
generated files were not looked into, nor functions inside or around a named one; built copies (dist, es, umd ...) only
where a fix names them.

${reasons(info.counts.unchanged)}
${leftOut(info)}
## What to know before using it

- A P3 function is one that *this* fix did not touch. Nobody has shown that it is safe.
- A fix release often changes more than the fix. Functions come from the advisory table, not from every change.
- The releases are old and famous: a model that was pretrained on public code has seen most of them, fixed and not.
- CWE numbers and dates come from the table and may be off (dates by days).

## Licences

The code belongs to the authors of the packages and is under their licences (named in \`dataset.json\`, release by
release); it was fetched from the registry for this build and is not shipped with Vultune. Check them before passing
this folder on. Found: ${licenses(info)}.
`;
}

const LENGTHS = {
  natural:
    '; their lengths are what they are (shorter than those that get fixed, so length alone says something)',
  matched: ', with lengths like those of the P1 of the package',
} as const;

function header(info: DatasetInfo): string {
  return cardHeader(['javascript', 'typescript'], total(info));
}

function total(info: DatasetInfo): number {
  return SPLITS.reduce((sum, split) => sum + info.splits[split].functions, 0);
}

function packages(info: DatasetInfo): number {
  return SPLITS.reduce((sum, split) => sum + info.splits[split].packages, 0);
}

function reasons(counts: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(counts).sort(
    ([a], [b]) => Number(b.startsWith('kept')) - Number(a.startsWith('kept')),
  );
  return markdownTable(
    ['', 'functions'],
    sorted.map(([reason, count]) => [reason.startsWith('kept') ? `**${reason}**` : reason, count]),
  );
}

function leftOut(info: DatasetInfo): string {
  if (info.leftOut.length === 0) return '';
  const rows = info.leftOut.map((entry) => [
    entry.package,
    `${entry.vulnerable} → ${entry.fixed}`,
    entry.id,
    entry.reason,
  ]);
  return `\n### Releases that could not be fetched\n\n${markdownTable(['package', 'releases', 'advisory', 'reason'], rows)}\n`;
}

function licenses(info: DatasetInfo): string {
  const byLicense = new Map<string, Set<string>>();
  for (const { license, package: name } of info.sources) {
    byLicense.set(license, (byLicense.get(license) ?? new Set()).add(name));
  }
  return [...byLicense]
    .sort(([a, x], [b, y]) => y.size - x.size || (a < b ? -1 : 1))
    .map(([license, names]) => `${cell(license)} (${names.size})`)
    .join(', ');
}
