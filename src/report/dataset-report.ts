/** @file The page of a dataset: what is in it, from its statistics. Reads no dataset itself. */
import type { MatchedCommit } from '../dataset/source.ts';
import type {
  DatasetStatistics,
  NamedCounts,
  SampledPair,
  TopList,
} from '../dataset/statistics/dataset-statistics.ts';
import { sideBySide } from './dataset/side-by-side.ts';
import { html, type SafeHtml } from './html/html.ts';
import { barChart, histogramRows } from './kit/charts.ts';
import { count, percent, shortNumber } from './kit/numbers.ts';
import { page, type Section } from './kit/page.ts';
import { SORT_SCRIPT } from './kit/scripts.ts';
import { callout, dataTable, emptyNote, keyFigures } from './kit/table.ts';
import { COLOR } from './kit/theme.ts';

/** Commits shown on the page; the dataset's dataset.json has the first thousand of each source. */
const MOST_MATCHED = 200;

/**
 * One HTML document, complete in itself, of bounded size however large the dataset is.
 * @param matched commits that a pattern of messages took for fixes; none where nothing was found so
 */
export function datasetReportPage(
  statistics: DatasetStatistics,
  { matched = [] }: { readonly matched?: readonly MatchedCommit[] | undefined } = {},
): string {
  const { total, files } = statistics;
  return page({
    title: statistics.name,
    kicker: 'Vultune · dataset report',
    lead: `${count(total.functions)} ${total.functions === 1 ? 'function' : 'functions'} in ${count(files.length)} ${files.length === 1 ? 'file' : 'files'}`,
    sections:
      total.functions === 0
        ? [{ id: 'overview', title: 'Overview', body: emptyNote('This dataset holds no functions.') }]
        : [
            overview(statistics),
            lengths(statistics),
            contents(statistics),
            dates(statistics),
            duplicates(statistics),
            pairs(statistics),
            ...(matched.length === 0 ? [] : [matchedCommits(matched)]),
          ],
    scripts: [SORT_SCRIPT],
  });
}

function overview({
  total,
  parts,
  pairs: { count: pairCount },
  lengths: { totalTokens },
}: DatasetStatistics): Section {
  return {
    id: 'overview',
    title: 'Overview',
    body: html`${keyFigures([
      { label: 'Functions', value: count(total.functions) },
      {
        label: 'Vulnerable',
        value: count(total.vulnerable),
        note: percent(total.vulnerable / total.functions, 1),
      },
      { label: 'Pairs', value: count(pairCount), note: 'a function and its fix' },
      { label: 'Tokens', value: shortNumber(totalTokens) },
    ])}${dataTable({
      caption: 'Parts',
      columns: [
        { heading: 'Part' },
        ...['Functions', 'Vulnerable', 'Share', 'P1', 'P2', 'P3', 'Pairs', 'Projects', 'Commits', 'CVEs'].map(
          (heading) => ({ heading, isNumber: true }),
        ),
      ],
      rows: Object.entries(parts).map(([name, part]) => ({
        cells: [
          name,
          count(part.functions),
          count(part.vulnerable),
          percent(part.functions === 0 ? null : part.vulnerable / part.functions, 1),
          count(part.sets.P1),
          count(part.sets.P2),
          count(part.sets.P3),
          count(part.pairs),
          count(part.projects),
          count(part.commits),
          count(part.cves),
        ],
      })),
    })}`,
  };
}

function lengths({ lengths: all }: DatasetStatistics): Section {
  const { tokenizer, isEstimate, buckets } = all;
  const text = (bucket: NamedOrLength) => `${count(bucket.functions)} (${count(bucket.vulnerable)})`;
  return {
    id: 'lengths',
    title: 'Lengths',
    note: isEstimate
      ? 'Tokens are estimated at 3.2 characters each; a model’s tokenizer counts them exactly.'
      : `Tokens of ${tokenizer}.`,
    body: html`${keyFigures([
      { label: 'Median', value: shortNumber(all.median), note: 'tokens' },
      { label: 'Mean', value: shortNumber(all.mean) },
      { label: '90th percentile', value: shortNumber(all.p90) },
      { label: '99th percentile', value: shortNumber(all.p99) },
      { label: 'Longest', value: shortNumber(all.longest) },
    ])}<div class="grid">${[
      barChart({
        title: 'Functions by tokens',
        note: 'Vulnerable ones in brackets.',
        bars: buckets.map((bucket) => ({ label: bucket.label, value: bucket.functions, text: text(bucket) })),
      }),
      barChart({
        title: 'Share vulnerable by tokens',
        note: 'If the vulnerable share rises with length, a model can score well by measuring length.',
        bars: buckets.map(({ label, functions, vulnerable }) => ({
          label,
          value: functions === 0 ? 0 : vulnerable / functions,
          text: functions === 0 ? '–' : percent(vulnerable / functions),
          color: COLOR.vulnerable,
        })),
      }),
    ]}</div>`,
  };
}

type NamedOrLength = { readonly functions: number; readonly vulnerable: number };

const MOST_BARS = 15;

function contents({ languages, cwes, projects }: DatasetStatistics): Section {
  const chart = (title: string, list: TopList, what: string): SafeHtml => {
    const { entries, others, missing } = list;
    if (entries.length === 0)
      return html`<figure class="chart"><figcaption>${title}</figcaption>${emptyNote(`No function names its ${what}.`)}</figure>`;
    const beyond = entries.slice(MOST_BARS);
    const rest = others.names + beyond.length;
    const restFunctions = others.functions + beyond.reduce((sum, { functions }) => sum + functions, 0);
    const notes = [
      ...(rest === 0 ? [] : [`The largest; ${count(rest)} others hold ${count(restFunctions)} functions.`]),
      ...(missing.functions === 0 ? [] : [`${count(missing.functions)} functions name none.`]),
    ];
    return barChart({
      title,
      ...(notes.length === 0 ? {} : { note: notes.join(' ') }),
      bars: entries.slice(0, MOST_BARS).map(bar),
    });
  };
  return {
    id: 'contents',
    title: 'Languages, weaknesses, projects',
    shortTitle: 'Contents',
    note: 'Functions, vulnerable ones in brackets.',
    body: html`<div class="grid">${[
      chart('Languages', languages, 'language'),
      chart('Weaknesses (CWE)', cwes, 'weakness'),
      chart('Projects', projects, 'project'),
    ]}</div>`,
  };
}

const bar = ({ name, functions, vulnerable }: NamedCounts) => ({
  label: name,
  value: functions,
  text: `${count(functions)} (${count(vulnerable)})`,
});

function dates({ dates: { first, last, missing, buckets } }: DatasetStatistics): Section {
  return {
    id: 'dates',
    title: 'Dates',
    body:
      first === null || last === null
        ? emptyNote('No function has a date: a split by time is not possible.')
        : html`<div class="grid">${[
            histogramRows({
              title: 'Functions by commit date',
              note: `${first} to ${last}${missing === 0 ? '' : `; ${count(missing)} without a date`}`,
              x: { label: '', isWhole: true, format: (place) => buckets[place]?.name ?? '' },
              edges: [...buckets.map((_, i) => i), buckets.length],
              rows: [
                { label: 'all', counts: buckets.map(({ functions }) => functions) },
                {
                  label: 'vulnerable',
                  color: COLOR.vulnerable,
                  counts: buckets.map(({ vulnerable }) => vulnerable),
                },
              ],
            }),
          ]}</div>`,
  };
}

function duplicates({ duplicates: d, total }: DatasetStatistics): Section {
  const warnings = [
    ...(d.crossing > 0
      ? [
          `${count(d.crossing)} ${d.crossing === 1 ? 'group of near duplicates lies' : 'groups of near duplicates lie'} in several parts: a test score then rewards memorising.`,
        ]
      : []),
    ...(d.conflicts > 0
      ? [
          `${count(d.conflicts)} ${d.conflicts === 1 ? 'body occurs' : 'bodies occur'} with both labels: no model can be right on them.`,
        ]
      : []),
  ];
  const share = (extra: number) => percent(total.functions === 0 ? null : extra / total.functions, 1);
  return {
    id: 'duplicates',
    title: 'Duplicates',
    body: html`${callout(warnings)}${dataTable({
      caption: 'Functions that occur more than once',
      columns: [
        { heading: 'Kind' },
        { heading: 'Groups', isNumber: true },
        { heading: 'Beyond the first', isNumber: true },
        { heading: 'Share', isNumber: true },
      ],
      rows: [
        {
          cells: [
            'Equal but for comments and space',
            count(d.exactGroups),
            count(d.exactExtra),
            share(d.exactExtra),
          ],
        },
        {
          cells: [
            `Similar (Jaccard ≥ ${d.threshold})`,
            count(d.nearGroups),
            count(d.nearExtra),
            share(d.nearExtra),
          ],
        },
      ],
    })}`,
  };
}

function pairs({ pairs: { count: all, samples } }: DatasetStatistics): Section {
  return {
    id: 'pairs',
    title: 'Pairs',
    ...(samples.length === 0
      ? {}
      : {
          note: `A seeded sample of ${count(samples.length)} of ${count(all)}: the vulnerable function and its fix.`,
        }),
    body: samples.length === 0 ? emptyNote('This dataset holds no pairs.') : html`${samples.map(pairFrame)}`,
  };
}

/** What to read before a pattern of messages is trusted, or made narrower. */
function matchedCommits(matched: readonly MatchedCommit[]): Section {
  const shown = matched.slice(0, MOST_MATCHED);
  const rest = matched.length - shown.length;
  return {
    id: 'matched-commits',
    title: 'Commits whose messages matched',
    shortTitle: 'Matched commits',
    note: 'They were taken for security fixes by their messages alone. Subjects that are not fixes mean that the pattern (--fixes) is too wide.',
    body: dataTable({
      caption: `${count(matched.length)} ${matched.length === 1 ? 'commit' : 'commits'}`,
      ...(rest > 0 ? { note: `The first ${MOST_MATCHED}; ${count(rest)} more are in dataset.json.` } : {}),
      columns: [{ heading: 'Commit' }, { heading: 'Subject' }],
      isSortable: true,
      rows: shown.map(({ commit, subject }) => ({
        cells: [html`<code>${commit.slice(0, 12)}</code>`, html`<span class="subject">${subject}</span>`],
      })),
    }),
  };
}

function pairFrame(sample: SampledPair): SafeHtml {
  const title = sample.functionName ?? sample.path ?? sample.pair;
  const facts = [
    sample.path,
    sample.project,
    sample.commit?.slice(0, 12),
    sample.cve,
    ...(sample.cwe ?? []),
    sample.part,
  ];
  const detail = facts.filter((fact) => fact !== undefined && fact !== title).join(' · ');
  return html`<details class="frame"><summary><span>${title}</span><small>${detail}</small></summary>${sideBySide(
    sample.before,
    sample.after,
    `Pair ${sample.pair}`,
  )}</details>`;
}
