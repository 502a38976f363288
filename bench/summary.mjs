/**
 * @file Several rounds of each contender → median, smallest and largest of every figure; tables of text from them.
 */

/** @returns {Map<string, Record<string, { median: number, min: number, max: number, count: number }>>} by contender */
export function summarise(measurements) {
  const summary = new Map();
  for (const name of new Set(measurements.map((each) => each.name))) {
    const figures = measurements
      .filter((each) => each.name === name && each.figures)
      .map((each) => each.figures);
    if (figures.length > 0) summary.set(name, spreadOfEach(figures));
  }
  return summary;
}

function spreadOfEach(figures) {
  const numeric = Object.keys(figures[0]).filter((key) => typeof figures[0][key] === 'number');
  return Object.fromEntries(numeric.map((key) => [key, spread(figures.map((each) => each[key]))]));
}

export function spread(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1), count: sorted.length };
}

/** Columns as wide as their widest cell; the first to the left, the rest to the right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd();
  const [head, ...body] = rows;
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...body.map(line)].join('\n');
}

/** The same as a table of Markdown, to be pasted into docs/log.md. */
export function markdownTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const pad = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const [head, ...body] = rows;
  return [line(pad(head)), line(rule), ...body.map((row) => line(pad(row)))].join('\n');
}

export const percent = (value) => `${(100 * value).toFixed(1)} %`;

/**
 * @param {{ value: number, interval?: { low: number, high: number } | undefined }} figure
 * @param {(value: number) => string} form
 * @returns {string} `12.0 % (3.1 % to 20.4 %)`
 */
export const withInterval = ({ value, interval }, form) =>
  interval === undefined ? form(value) : `${form(value)} (${form(interval.low)} to ${form(interval.high)})`;
