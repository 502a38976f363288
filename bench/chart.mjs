/** @file A benchmark's curves as a page of SVG charts, by the kit that draws the reports. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { html } from '../dist/report/html/html.js';
import { lineChart } from '../dist/report/kit/charts.js';
import { page } from '../dist/report/kit/page.js';
import { say } from './results.mjs';

/** The page of charts beside a file of figures: FILE.json -> FILE.html. */
export const chartsBeside = (figures) => figures.replace(/(\.json)?$/, '.html');

/**
 * @param {string} file an .html file
 * @param {{ title: string, lead: string, charts: readonly import('../dist/report/kit/charts.js').LineChartOptions[] }} content
 */
export function writeCharts(file, { title, lead, charts }) {
  const body = html`<div class="grid wide">${charts.map(lineChart)}</div>`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, page({ title, lead, sections: [{ id: 'charts', title: 'Charts', body }] }));
  say(`charts in ${file}`);
}
