/**
 * @file The charts of the pages: lines (with bands), histograms in rows, bars, calibration. Each is a figure with
 * a caption, an SVG that says in words what it shows, and a legend where there is more than one thing in it.
 */
import { html, type SafeHtml, trustedHtml } from '../html/html.ts';
import { shortNumber } from './numbers.ts';
import { drawPlot, Plot } from './plot.ts';
import { COLOR, SERIES_COLORS } from './theme.ts';

export type Interval = readonly [x: number, low: number, high: number];
export type Point = readonly [x: number, y: number];

export interface Series {
  readonly label: string;
  readonly points: readonly Point[];
  /** An interval around it: x, low, high. */
  readonly band?: readonly Interval[];
  /** From the theme; the next of `SERIES_COLORS` unless told. */
  readonly color?: string;
  readonly isDashed?: boolean;
  /** Drawn behind, grey, and left out of the legend: one of many. */
  readonly isMuted?: boolean;
  /** A dot at each point: where there are few. */
  readonly hasDots?: boolean;
}

export interface Axis {
  readonly label: string;
  readonly domain?: readonly [number, number];
  readonly format?: (value: number) => string;
  readonly isLog?: boolean;
  /** Whole numbers only, as epochs are. */
  readonly isWhole?: boolean;
}

export interface LineChartOptions {
  readonly title: string;
  readonly note?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** From corner to corner: chance, perfect calibration. */
  readonly hasDiagonal?: boolean;
  /** A thin level line: prevalence. */
  readonly level?: number;
  readonly height?: number;
  /** Draws those that reach far along x first, so that they do not cover those that end early. Default: as they are given. */
  readonly isWidestBehind?: boolean;
}

export function lineChart(options: LineChartOptions): SafeHtml {
  const { title, note, x, y, hasDiagonal = false, level, height } = options;
  const series = colored(options.series);
  const marks: Plot.Markish[] = [];
  if (hasDiagonal) {
    const ends: Point[] = [
      [0, 0],
      [1, 1],
    ];
    marks.push(Plot.line(ends, { stroke: COLOR.muted, strokeDasharray: '2,4', strokeWidth: 1 }));
  }
  if (level !== undefined) marks.push(Plot.ruleY([level], { stroke: COLOR.muted, strokeDasharray: '2,4' }));
  for (const { band, color } of series) {
    if (band === undefined) continue;
    marks.push(
      Plot.areaY(band, {
        x: (d: Interval) => d[0],
        y1: (d: Interval) => d[1],
        y2: (d: Interval) => d[2],
        fill: color,
        fillOpacity: 0.14,
      }),
    );
  }
  const drawn = options.isWidestBehind === true ? widestFirst(series) : series;
  for (const { points, color, isMuted, isDashed, hasDots } of drawn) {
    const line = {
      x: (d: Point) => d[0],
      y: (d: Point) => d[1],
      stroke: color,
    };
    if (points.length > 1) {
      marks.push(
        Plot.line(points, {
          ...line,
          strokeWidth: isMuted === true ? 1 : 1.75,
          strokeOpacity: isMuted === true ? 0.45 : 1,
          ...(isDashed === true ? { strokeDasharray: '5,3' } : {}),
        }),
      );
    }
    if (points.length === 1 || (hasDots === true && isMuted !== true)) {
      marks.push(Plot.dot(points, { x: line.x, y: line.y, r: 2.6, fill: color, stroke: 'none' }));
    }
  }
  const valuesOf = (axis: 0 | 1) => series.flatMap(({ points }) => points.map((point) => point[axis]));
  const svg = drawPlot(
    { title, description: describeLines(options, series) },
    {
      ...(height === undefined ? {} : { height }),
      // The label of the vertical axis stands above it.
      marginTop: y.label === '' ? 10 : 26,
      x: plotAxis(x, valuesOf(0)),
      y: { ...plotAxis(y, valuesOf(1)), grid: true, nice: y.domain === undefined && y.isLog !== true },
      marks: [
        Plot.ruleY(
          [y.domain?.[0] ?? 0].filter(() => y.domain !== undefined),
          { stroke: COLOR.rule },
        ),
        ...marks,
      ],
    },
  );
  return figure(title, note, svg, legend(series));
}

export interface HistogramRow {
  readonly label: string;
  readonly color?: string;
  /** [bins] */
  readonly counts: readonly number[];
}

export interface HistogramOptions {
  readonly title: string;
  readonly note?: string;
  readonly x: Axis;
  /** [bins + 1] ends of the bins. */
  readonly edges: readonly number[];
  /** One below the other, each with its own height. */
  readonly rows: readonly HistogramRow[];
  /** A vertical line through all rows, as the threshold. */
  readonly marker?: { readonly at: number; readonly label: string };
  /** What is counted. */
  readonly unit?: string;
}

/** Rows of bars over one axis. Each row fills its own height: shapes are compared, the counts are in the labels. */
export function histogramRows(options: HistogramOptions): SafeHtml {
  const { title, note, x, edges, rows, marker, unit = 'functions' } = options;
  const bars = rows.flatMap(({ label, counts, color = COLOR.accent }) => {
    const most = Math.max(1, ...counts);
    return counts.map((count, i) => ({
      row: label,
      x1: edges[i]!,
      x2: edges[i + 1]!,
      y: count / most,
      color,
    }));
  });
  const totals = rows.map(({ label, counts }) => ({
    row: label,
    text: `${label} · ${sum(counts).toLocaleString('en-US')}`,
  }));
  const description = rows
    .map(({ label, counts }) => {
      const total = sum(counts);
      if (total === 0) return `${label}: none.`;
      const peak = counts.indexOf(Math.max(...counts));
      return `${label}: ${total} ${unit}, most between ${tick(x, edges[peak]!)} and ${tick(x, edges[peak + 1]!)}.`;
    })
    .join(' ');
  const svg = drawPlot(
    { title, description },
    {
      height: 48 + 62 * rows.length,
      marginLeft: 8,
      x: { ...plotAxis(x, edges), domain: [edges[0]!, edges.at(-1)!] },
      y: { axis: null, domain: [0, 1.25] },
      fy: { axis: null, domain: rows.map(({ label }) => label), padding: 0.16 },
      marks: [
        Plot.ruleY([0], { stroke: COLOR.rule }),
        Plot.rect(bars, {
          fy: 'row',
          x1: 'x1',
          x2: 'x2',
          y1: 0,
          y2: 'y',
          fill: (d: { color: string }) => d.color,
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        ...(marker === undefined
          ? []
          : [
              Plot.ruleX([marker.at], { stroke: COLOR.ink, strokeDasharray: '3,3' }),
              Plot.text([{ row: rows[0]?.label, at: marker.at }], {
                fy: 'row',
                x: 'at',
                frameAnchor: 'top',
                // Near an end of the axis the text runs inwards.
                textAnchor: anchorAt((marker.at - edges[0]!) / (edges.at(-1)! - edges[0]!)),
                dy: -11,
                text: () => marker.label,
                fill: COLOR.ink,
              }),
            ]),
        Plot.text(totals, {
          fy: 'row',
          text: 'text',
          frameAnchor: 'top-right',
          fill: COLOR.ink,
          stroke: 'var(--paper)',
          strokeWidth: 4,
        }),
      ],
    },
  );
  return figure(title, note, svg);
}

const anchorAt = (share: number) => (share < 0.2 ? 'start' : share > 0.8 ? 'end' : 'middle');

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly color?: string;
  /** At the end of the bar; the number unless told. */
  readonly text?: string;
}

export interface BarChartOptions {
  readonly title: string;
  readonly note?: string;
  readonly bars: readonly Bar[];
}

/** Horizontal bars, labels before, numbers after; for up to about thirty. */
export function barChart({ title, note, bars }: BarChartOptions): SafeHtml {
  const longest = Math.max(0, ...bars.map(({ label }) => label.length));
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const texts = bars.map(({ value, text }) => text ?? shortNumber(value));
  const longestText = Math.max(0, ...texts.map(({ length }) => length));
  const svg = drawPlot(
    {
      title,
      description: bars.map(({ label, value, text }) => `${label}: ${text ?? shortNumber(value)}`).join('; '),
    },
    {
      height: 12 + 20 * bars.length,
      marginTop: 4,
      marginBottom: 4,
      // A full bar's figure stands behind it.
      marginRight: Math.max(52, 12 + 6.2 * longestText),
      marginLeft: Math.min(150, 14 + 6.2 * longest),
      x: { axis: null, domain: [0, most] },
      y: { axis: null, domain: bars.map(({ label }) => label), padding: 0.28, round: false },
      marks: [
        Plot.barX(bars, { y: 'label', x: 'value', fill: (bar: Bar) => bar.color ?? COLOR.accent }),
        Plot.text(bars, {
          y: 'label',
          x: 'value',
          text: (bar: Bar) => bar.text ?? shortNumber(bar.value),
          textAnchor: 'start',
          dx: 5,
          fill: COLOR.ink,
        }),
        Plot.text(bars, {
          y: 'label',
          x: 0,
          text: (bar: Bar) => shortLabel(bar.label),
          textAnchor: 'end',
          dx: -6,
          fill: COLOR.ink,
        }),
      ],
    },
  );
  return figure(title, note, svg);
}

function figure(title: string, note: string | undefined, svg: SafeHtml, below?: SafeHtml): SafeHtml {
  return html`<figure class="chart"><figcaption>${title}${note !== undefined && html`<small>${note}</small>`}</figcaption>
${svg}${below}</figure>`;
}

type Colored = Series & { readonly color: string };

/** Muted ones first, so that the others lie above them. */
function colored(series: readonly Series[]): readonly Colored[] {
  let next = 0;
  const all = series.map((one): Colored => {
    const own = one.isMuted === true ? COLOR.muted : SERIES_COLORS[next++ % SERIES_COLORS.length]!;
    return { ...one, color: one.color ?? own };
  });
  return [...all.filter(({ isMuted }) => isMuted === true), ...all.filter(({ isMuted }) => isMuted !== true)];
}

/** Muted ones stay behind all others. */
function widestFirst(series: readonly Colored[]): readonly Colored[] {
  const reach = ({ points }: Colored) => points.at(-1)?.[0] ?? 0;
  const layer = ({ isMuted }: Colored) => (isMuted === true ? 0 : 1);
  return series.toSorted((a, b) => layer(a) - layer(b) || reach(b) - reach(a));
}

function legend(series: readonly Colored[]): SafeHtml | undefined {
  const shown = series.filter(({ isMuted }) => isMuted !== true);
  const muted = series.filter(({ isMuted }) => isMuted === true);
  if (series.length < 2) return undefined;
  const key = (color: string, isDashed = false, opacity = 1) =>
    trustedHtml(
      `<svg viewBox="0 0 18 8" aria-hidden="true"><path d="M0 4H18" stroke="${color}" stroke-opacity="${opacity}" stroke-width="2.5"${
        isDashed ? ' stroke-dasharray="5,3"' : ''
      }/></svg>`,
    );
  return html`<ul class="legend">${shown.map(
    ({ label, color, isDashed }) => html`<li>${key(color, isDashed)}${label}</li>`,
  )}${muted.length > 0 && html`<li>${key(muted[0]!.color, false, 0.45)}${muted.length === 1 ? muted[0]!.label : `${muted.length} others`}</li>`}</ul>`;
}

function plotAxis(axis: Axis, values: readonly number[]): Plot.ScaleOptions {
  const whole =
    axis.isWhole === true && values.length > 0
      ? wholeTicks(Math.min(...values), Math.max(...values))
      : undefined;
  const step = tickStep(axis, values);
  return {
    label: axis.label,
    labelArrow: 'none',
    tickSize: 0,
    tickPadding: 6,
    ...(axis.isLog === true ? { type: 'log' as const } : {}),
    ...(axis.domain === undefined ? {} : { domain: axis.domain }),
    ...(whole === undefined ? { ticks: TICKS } : { ticks: whole }),
    tickFormat: (value: number) => tick(axis, value, step),
  };
}

const TICKS = 5;

function tickStep({ domain }: Axis, values: readonly number[]): number | undefined {
  const [low, high] = domain ?? [
    values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  ];
  return high > low ? (high - low) / TICKS : undefined;
}

const tick = (axis: Axis, value: number, step?: number) => axis.format?.(value) ?? shortNumber(value, step);

function wholeTicks(low: number, high: number): number[] {
  const step = Math.max(1, Math.ceil((high - low) / 8));
  const first = Math.ceil(low);
  return Array.from({ length: Math.floor((high - first) / step) + 1 }, (_, i) => first + i * step);
}

function describeLines({ x, y }: LineChartOptions, series: readonly Colored[]): string {
  const told = series.slice(-8).map(({ label, points }) => {
    const first = points[0];
    const last = points.at(-1);
    if (first === undefined || last === undefined) return `${label}: no values.`;
    const values = points.map(([, value]) => value);
    return (
      `${label}: from ${tick(y, first[1])} at ${tick(x, first[0])} to ${tick(y, last[1])} at ${tick(x, last[0])}, ` +
      `lowest ${tick(y, Math.min(...values))}, highest ${tick(y, Math.max(...values))}.`
    );
  });
  return `${y.label} over ${x.label}. ${told.join(' ')}`;
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Shortened at the start: where names share their beginning (`org/project`), the end tells more. */
function shortLabel(label: string): string {
  return label.length > 23 ? `${label.slice(0, 6)}…${label.slice(-16)}` : label;
}
