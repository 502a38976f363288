/** @file The page of a run in every state a run can be in; nothing of a run becomes markup. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { collectRun } from '../../../src/report/run/collect-run.ts';
import { comparisonPage } from '../../../src/report/run/comparison-report.ts';
import { runReportPage, runSections } from '../../../src/report/run/run-report.ts';
import { type FakeRunOptions, fakeRun } from '../../support/fake-run.ts';

async function pageOf(options: FakeRunOptions) {
  const data = await collectRun(fakeRun(options));
  return { data, document: parseHTML(runReportPage(data)).document };
}

const charts = (document: Document) =>
  [...document.querySelectorAll('svg[role=img]')].map((svg) => svg.getAttribute('aria-label'));

// linkedom's document, as far as these tests read it.
interface Document {
  querySelectorAll(
    selector: string,
  ): Iterable<{ getAttribute(name: string): string | null; textContent: string }>;
}

describe('the page of a run', () => {
  test('has every figure', async () => {
    const { document } = await pageOf({ functions: 80 });
    expect(charts(document)).toEqual([
      'ROC',
      'Precision and recall',
      'Reliability',
      'Scores by set',
      'Validation loss',
      'Validation F1',
      'Validation ROC AUC',
      'Training loss',
      'Learning rate',
      'Gradient norm',
      'Tokens per second',
      'Padding',
    ]);
    const captions = [...document.querySelectorAll('caption')].map(({ textContent }) => textContent);
    expect(captions).toEqual(expect.arrayContaining(['Confusion matrix', 'By weakness (CWE)', 'Data files']));
    expect(document.querySelectorAll('details.frame pre')).not.toHaveLength(0);
  });

  test('the confusion matrix is that of the threshold, and the slider holds the same counts', async () => {
    const { data, document } = await pageOf({ functions: 200 });
    const { confusion } = data.sets[0]!.measured.result;
    const cell = (id: string) =>
      Number([...document.querySelectorAll(`td [data-cell=${id}]`)][0]!.textContent);
    expect([cell('tp'), cell('fn'), cell('fp'), cell('tn')]).toEqual([
      confusion.truePositives,
      confusion.falseNegatives,
      confusion.falsePositives,
      confusion.trueNegatives,
    ]);
    const island = JSON.parse([...document.querySelectorAll('#threshold-data')][0]!.textContent);
    const start = Number([...document.querySelectorAll('#threshold-range')][0]!.getAttribute('value'));
    expect(island.points[start].slice(1)).toEqual([confusion.truePositives, confusion.falsePositives]);
  });

  test('every row of the baselines has the intervals that were stored of it, and a sentence says who is not beaten', async () => {
    const { document } = await pageOf({ functions: 80 });
    const rows = [...document.querySelectorAll('#baselines tbody tr')].map(({ textContent }) => textContent);
    expect(rows).toEqual([
      expect.stringMatching(/^model0\.7000\.61–0\.790\.4500\.5000\.41–0\.59/),
      expect.stringMatching(/^length only0\.6000\.52–0\.680\.4000\.31–0\.490\.5500\.46–0\.63/),
      expect.stringMatching(/^random0\.5000\.2500\.300–/),
      expect.stringMatching(/^blend0\.7500\.66–0\.83/),
    ]);
    // The same interval where the figure stands alone.
    const notes = [...document.querySelectorAll('#overview dd small')].map(({ textContent }) => textContent);
    expect(notes[0]).toBe('95%: 0.61 to 0.79');
    expect(
      [...document.querySelectorAll('#baselines .callout')].map(({ textContent }) => textContent),
    ).toEqual([
      'The model is not better than length only (F1 0.50 vs 0.55); within noise on AP 0.45 vs 0.40.',
    ]);
  });

  test('the verdict is the first thing under the title', async () => {
    const { document } = await pageOf({ functions: 80 });
    const header = [...document.querySelectorAll('header.page > h1, header.page .lead > *')];
    expect(header[1]!.textContent).toBe(
      'Test set: The model is better than chance (ROC AUC 0.700, 95%: 0.61 to 0.79), and better than its best ' +
        'baseline, length only (0.600, 0.52 to 0.68). Its blend with TF-IDF and length has ROC AUC 0.750 ' +
        '(0.66 to 0.83); scan and predict use it.',
    );
    const comparison = parseHTML(
      comparisonPage([await collectRun(fakeRun({ functions: 80 }), { name: 'one' })]),
    );
    expect([...comparison.document.querySelectorAll('.lead .verdict')][0]!.textContent).toMatch(
      /^one, test: The model is better than chance/,
    );
    expect([...(await pageOf({ epochs: 0 })).document.querySelectorAll('.verdict')]).toEqual([]);
  });

  test('pairs: V2P beside V2N with intervals, every outcome and set in words, what the cut hides', async () => {
    const { data, document } = await pageOf({ functions: 80 });
    const texts = (selector: string) =>
      [...document.querySelectorAll(`#pairs ${selector}`)].map(({ textContent }) => textContent);
    const { pairs, unrelated } = data.sets[0]!.measured.result;
    expect(pairs!.complete).toBe(20);
    const figures = texts('dl div');
    expect(figures[0]).toMatch(
      new RegExp(
        `^V2P: against its own fix${pairs!.rankingAccuracy!.toFixed(3)}95%: 0\\.\\d\\d to [01]\\.\\d\\d$`,
      ),
    );
    expect(figures[1]).toMatch(
      new RegExp(
        `^V2N: against unrelated functions${unrelated!.rocAuc.toFixed(3)}95%: 0\\.\\d\\d to [01]\\.\\d\\d$`,
      ),
    );
    const rows = texts('tbody tr');
    (['P-C', 'P-V', 'P-B', 'P-R'] as const).forEach((name, i) => {
      expect(rows[i]!.startsWith(`${name}${pairs!.counts[name]}`)).toBe(true);
    });
    expect(rows[3]).toContain('reversed: the fix is flagged');
    expect(rows.slice(4).map((row) => row.slice(0, 4))).toEqual(['P120', 'P220', 'P340']);
    expect(texts('.callout li')).toEqual([
      '7 of 80 functions (9 %) are longer than max_length and were cut.',
      expect.stringContaining('3 of 20 pairs are the same text after the cut'),
    ]);
  });

  test('slices of fewer than 20 functions are folded', async () => {
    const { data, document } = await pageOf({ functions: 80 });
    const small = data.sets[0]!.measured.slices.filter(({ result }) => result.n < 20);
    expect(small.length).toBeGreaterThan(1);
    const rows = [...document.querySelectorAll('#slices tbody tr')];
    const folded = [...document.querySelectorAll('#slices details tbody tr')];
    expect(folded).toHaveLength(small.length);
    expect(rows.length).toBeGreaterThan(folded.length);
    expect([...document.querySelectorAll('#slices summary')][0]!.textContent).toBe(
      `${small.length} slices of fewer than 20 functions`,
    );
  });

  test('a run of before intervals and kinds were stored: those of the model, the stored sentences', async () => {
    const dir = fakeRun({ functions: 80 });
    const old = {
      test: {
        threshold: 0.5,
        metrics: { roc_auc: 0.7 },
        baselines: { random: { metrics: { roc_auc: 0.5 } } },
        shortfalls: [{ sentence: 'As it was said.' }],
      },
    };
    writeFileSync(join(dir, 'metrics.json'), JSON.stringify(old));
    const [set] = (await collectRun(dir)).sets;
    expect(set!.verdicts).toEqual([{ sentence: 'As it was said.', good: false }]);
    expect(set!.rows.map(({ intervals }) => intervals.roc_auc?.length)).toEqual([2, undefined]);
    const baselines = { lengthOnly: { label: 'length only', metrics: { roc_auc: 0.4 } } };
    writeFileSync(join(dir, 'metrics.json'), JSON.stringify({ test: { ...old.test, baselines } }));
    expect((await collectRun(dir)).sets[0]!.conclusion.sentence).toContain(
      'not shown to be better than its best baseline, length only (0.400)',
    );
    writeFileSync(join(dir, 'metrics.json'), JSON.stringify({ test: { ...old.test, shortfalls: [] } }));
    const sentence = 'AP and F1 are not defined on these functions, so the model beats no baseline there.';
    expect((await collectRun(dir)).sets[0]!.verdicts).toEqual([{ sentence, good: false }]);
  });

  test('most certain mistakes first, with their code', async () => {
    const { data } = await pageOf({ functions: 100 });
    const { mistakes } = data.sets[0]!;
    const alarms = mistakes.filter(({ target }) => target === 0).map(({ score }) => score);
    expect(alarms.length).toBeGreaterThan(1);
    expect(alarms).toEqual([...alarms].sort((a, b) => b - a));
    expect(Math.min(...alarms)).toBeGreaterThanOrEqual(0.5);
    expect(mistakes[0]!.code).toMatch(/^function f\d+/);
  });

  test.each([
    ['never validated', { epochs: 0, ending: 'interrupted' }, 'No validation yet'],
    ['never began', { epochs: 0, steps: 0, ending: 'killed' }, 'No steps yet'],
    ['no test set', { ending: 'running' }, 'No final evaluation yet'],
    ['no functions', { functions: 0 }, 'No functions were scored'],
    ['one function', { functions: 1 }, 'All functions have the same label'],
  ] as const)('%s', async (_, options: FakeRunOptions, sentence) => {
    const { data, document } = await pageOf(options);
    const text = [...document.querySelectorAll('main')][0]!.textContent;
    expect(text).toContain(sentence);
    expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(data.status).toBe(options.ending === 'killed' ? 'stopped' : (options.ending ?? 'finished'));
  });

  test('data that has changed: no code is shown for it, and the page says so', async () => {
    const dir = fakeRun({ functions: 40 });
    rmSync(join(dirname(dir), 'test.jsonl'));
    const data = await collectRun(dir);
    expect(data.sets[0]!.hasRecords).toBe(false);
    expect(runReportPage(data)).toContain('gone or has changed');
  });

  test('20,000 functions make a page of bounded size', async () => {
    const data = await collectRun(fakeRun({ functions: 20_000 }));
    expect(data.sets[0]!.measured.functions).toBe(20_000);
    expect(runReportPage(data).length).toBeLessThan(600_000);
  }, 60_000);

  test('lost steps are not drawn', async () => {
    const dir = fakeRun({ steps: 20, epochs: 0 });
    const path = join(dir, 'events.jsonl');
    const before = (await collectRun(dir)).steps.length;
    const { appendFileSync } = await import('node:fs');
    appendFileSync(
      path,
      `${JSON.stringify({ timestampMs: 1, type: 'resumed', step: 12, checkpoint: '', pid: 1 })}\n`,
    );
    expect(before).toBe(20);
    expect((await collectRun(dir)).steps).toHaveLength(12);
    expect(readFileSync(path, 'utf8')).toContain('resumed');
  });
});

describe('many runs', () => {
  test('thirty: six in colour, the rest grey, all in the table, best first', async () => {
    const runs = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        fakeRun({ functions: 24, seed: i, lift: i / 60, learningRate: 1e-5 * (i + 1) }),
      ).map((dir, i) => collectRun(dir, { name: `run ${i}` })),
    );
    const { document } = parseHTML(comparisonPage(runs));
    const rows = [...document.querySelectorAll('#runs tbody tr')];
    expect(rows).toHaveLength(30);
    const aucs = rows.map((row) => Number.parseFloat(row.querySelectorAll('td')[2]!.textContent));
    expect(aucs).toEqual([...aucs].sort((a, b) => b - a));
    const legend = [...document.querySelectorAll('#curves .legend')][0]!;
    expect(legend.querySelectorAll('li')).toHaveLength(7);
    expect(legend.textContent).toContain('24 others');
    const differs = [...document.querySelectorAll('#differences thead th')].map(
      ({ textContent }) => textContent,
    );
    expect(differs).toEqual(['Run', 'learning_rate', 'seed']);
  });

  test('of very different lengths: the training loss of the short one is dots above the line of the long one', async () => {
    const long = await collectRun(fakeRun({ steps: 300, epochs: 3, functions: 40, lift: 0 }), {
      name: 'long',
    });
    const short: typeof long = { ...long, name: 'short', steps: long.steps.slice(0, 3), sets: [] };
    for (const runs of [
      [long, short],
      [short, long],
    ]) {
      const { document } = parseHTML(comparisonPage(runs));
      const [chart] = document.querySelectorAll('#curves svg[aria-label="Training loss"]');
      const parts = [...chart!.querySelectorAll('path[d^="M"], circle')];
      const [line, ...others] = parts;
      // The axis begins at 0: the first step's end is to the right of it.
      expect(line!.getAttribute('d')).toMatch(/^M43,/);
      expect(others.map(({ tagName }) => tagName.toLowerCase())).toEqual([
        'path',
        'circle',
        'circle',
        'circle',
      ]);
      expect(others.slice(1).map((dot) => dot.getAttribute('cx'))).toEqual(['43', '44', '45']);
    }
  });

  test('none', () => {
    expect(comparisonPage([])).toContain('No runs here yet');
  });
});

test('no text of a run becomes markup', async () => {
  const plain = await collectRun(fakeRun({ functions: 16 }));
  const shape = (page: string) => {
    const { document } = parseHTML(page);
    return [...document.querySelectorAll('*')].filter(
      ({ tagName }) => !/^(path|text|rect|g|line)$/i.test(tagName),
    ).length;
  };
  const texts = fc.oneof(
    fc.constantFrom(
      '<script>x</script>',
      '"><img src=x onerror=y>',
      "' onload='z",
      '</script><b>',
      '</title></style>',
      '&lt;i&gt;',
    ),
    fc.string({ minLength: 1, maxLength: 20 }),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const safe = text.replace(/[\0\r\n\\/"]/g, (character) => (character === '"' ? '"' : ''));
      const data = await collectRun(fakeRun({ functions: 16, text: safe }), { name: safe });
      const markup = parseHTML(runReportPage(data)).document;
      expect(markup.querySelectorAll('img, b, i, [onerror], [onload]')).toHaveLength(0);
      expect(markup.querySelectorAll('script:not([type])')).toHaveLength(2);
      expect(markup.querySelector('h1')!.textContent).toBe(safe);
      expect(parseHTML(comparisonPage([data])).document.querySelectorAll('img, b, i')).toHaveLength(0);
      expect(runSections(data)).toHaveLength(runSections(plain).length);
    }),
    { numRuns: 6 },
  );
  expect(shape(runReportPage(plain))).toBeGreaterThan(100);
}, 60_000);
