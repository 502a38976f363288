/** @file The page kit: one file, landmarks, charts with text alternatives, code frames. */
import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { html } from '../../../src/report/html/html.ts';
import { barChart, histogramRows, lineChart } from '../../../src/report/kit/charts.ts';
import { codeFrame } from '../../../src/report/kit/code-frame.ts';
import { page } from '../../../src/report/kit/page.ts';
import { dataTable } from '../../../src/report/kit/table.ts';

const body = (fragment: { text: string }) =>
  parseHTML(`<!doctype html><html><body>${fragment.text}</body></html>`).document.body;

describe('page', () => {
  const text = page({
    title: 'A <b> title',
    sections: [
      { id: 'one', title: 'One', body: html`<p>first</p>` },
      { id: 'two', title: 'Two', body: html`<p>second</p>` },
    ],
    scripts: ['1+1'],
  });

  test('asks for nothing outside itself, and forbids it', () => {
    expect(text).not.toMatch(/(src|href)="(?!#)|@import|url\(/);
    expect(text).toContain('default-src &#39;none&#39;');
    expect(text).toMatch(/script-src &#39;sha256-[^&]+&#39;/);
  });

  test('has landmarks, contents and headings', () => {
    const { document } = parseHTML(text);
    expect(document.querySelectorAll('main, header, footer, nav')).toHaveLength(4);
    expect([...document.querySelectorAll('nav a')].map((a) => a.getAttribute('href'))).toEqual([
      '#one',
      '#two',
    ]);
    expect(document.querySelector('h1')!.textContent).toBe('A <b> title');
  });
});

const lossChart = (series: Parameters<typeof lineChart>[0]['series']) =>
  lineChart({ title: 'Loss', x: { label: 'Epoch', isWhole: true }, y: { label: 'Nats' }, series });

describe('charts', () => {
  test('an image that says in words what it shows', () => {
    const svg = body(
      lossChart([
        {
          label: 'training',
          points: [
            [0, 0.7],
            [1, 0.4],
          ],
        },
        { label: 'validation', points: [[1, 0.5]] },
      ]),
    ).querySelector('svg[role=img]')!;
    expect(svg.getAttribute('aria-label')).toBe('Loss');
    expect(svg.getAttribute('aria-description')).toContain('training: from 0.7 at 0 to 0.4 at 1');
    expect(svg.querySelectorAll('circle')).toHaveLength(1);
  });

  test('ticks of a curve that hardly moves can be told apart', () => {
    const svg = body(
      lossChart([
        {
          label: 'validation',
          points: [
            [1, 0.7222],
            [2, 0.7199],
          ],
        },
      ]),
    ).querySelector('svg[role=img]')!;
    const texts = [...svg.querySelectorAll('text')].map(({ textContent }) => textContent);
    const ticks = texts.filter((text) => text?.startsWith('0.7'));
    expect(ticks.length).toBeGreaterThan(3);
    expect(new Set(ticks).size).toBe(ticks.length);
  });

  test('no values, markup in labels', () => {
    const chart = lineChart({
      title: '<i>',
      x: { label: '<img src=x>' },
      y: { label: '</svg><script>' },
      series: [
        { label: '"><script>', points: [] },
        { label: 'b', points: [[1, 1]] },
      ],
    });
    const bars = barChart({ title: 'x', bars: [{ label: '</text><script>x</script>', value: 3 }] });
    const rows = histogramRows({
      title: 'x',
      x: { label: 'score' },
      edges: [0, 0.5, 1],
      rows: [{ label: '<script>', counts: [0, 0] }],
    });
    const reversed = barChart({ title: 'x', bars: [{ label: 'a\u202eb', value: 1 }] });
    expect(reversed.text).toContain('a\ufffdb');
    expect(reversed.text).not.toContain('\u202e');
    for (const drawn of [chart, bars, rows])
      expect(body(drawn).querySelectorAll('script, img, i')).toHaveLength(0);
  });
});

describe('codeFrame', () => {
  test('numbers lines from the first, warms the ones that mattered', () => {
    const frame = body(codeFrame({ code: 'a\n<b>\nc', title: 't', firstLine: 10, heat: [0, 1, 0.2] }));
    expect([...frame.querySelectorAll('.no')].map((no) => no.textContent)).toEqual(['10', '11', '12']);
    expect([...frame.querySelectorAll('.line')].map((line) => line.hasAttribute('style'))).toEqual([
      false,
      true,
      true,
    ]);
    expect(frame.querySelector('b')).toBeNull();
  });

  test('a huge function is cut', () => {
    const frame = body(codeFrame({ code: 'x\n'.repeat(5000), title: 't' }));
    expect(frame.querySelectorAll('.line')).toHaveLength(401);
    expect(frame.textContent).toContain('4601 more lines');
  });
});

test('tables have a caption and a heading for each row and column', () => {
  const table = body(
    dataTable({
      caption: 'C',
      columns: [{ heading: '' }, { heading: 'F1', isNumber: true }],
      rows: [{ cells: ['a', '<x>'] }],
    }),
  );
  expect(table.querySelector('caption')!.textContent).toBe('C');
  expect(table.querySelector('th[scope=row]')!.textContent).toBe('a');
  expect(table.querySelector('td.num')!.textContent).toBe('<x>');
});
