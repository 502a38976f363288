/**
 * @file The only importer of the chart library: an Observable Plot drawn on a document without a browser, as
 * SVG text with a name and a description for those who do not see it.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { type SafeHtml, trustedHtml, withoutHiddenMarks } from '../html/html.ts';

export { Plot };

/** What we use of an element: the library's types want a browser's, which Node has not. */
interface SvgElement {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  removeAttribute(name: string): void;
  remove(): void;
  querySelector(selector: string): SvgElement | null;
  querySelectorAll(selector: string): Iterable<SvgElement>;
}

const isSvg = (value: unknown): value is SvgElement =>
  typeof value === 'object' && value !== null && 'outerHTML' in value;

/** What every chart of ours shares. Sizes are of the viewBox: the page scales it to its column. */
export const CHART_WIDTH = 360;
const DEFAULT_HEIGHT = 230;

export interface PlotText {
  readonly title: string;
  readonly description: string;
}

/** Draws; the SVG is one image to a screen reader, told by its title and description. */
export function drawPlot({ title, description }: PlotText, options: Plot.PlotOptions): SafeHtml {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg: unknown = Plot.plot({
    width: CHART_WIDTH,
    height: DEFAULT_HEIGHT,
    marginTop: 26,
    marginRight: 14,
    marginBottom: 34,
    marginLeft: 42,
    ...options,
    document,
    // A fixed name: a generated one would differ from render to render only to style what our sheet styles.
    className: 'plot',
    ariaLabel: title,
    ariaDescription: description,
    style: { fontSize: '11px' },
  });
  if (!isSvg(svg)) throw new Error('internal error: a plot is not an SVG element');
  svg.setAttribute('role', 'img');
  svg.querySelector('style')?.remove();
  // Parts of one image have no names of their own.
  for (const part of svg.querySelectorAll('g[aria-label]')) part.removeAttribute('aria-label');
  shorten(svg);
  // Names of functions and files stand in charts too.
  return trustedHtml(withoutHiddenMarks(svg.outerHTML));
}

const GEOMETRY = ['d', 'transform', 'x', 'x1', 'x2', 'y', 'y1', 'y2', 'width', 'height', 'cx', 'cy'] as const;

/** Coordinates to a tenth of a pixel: a third of the size, and nobody sees it. */
function shorten(svg: SvgElement): void {
  for (const element of svg.querySelectorAll('*')) {
    for (const name of GEOMETRY) {
      const value = element.getAttribute(name);
      if (value === null || value === '' || value.endsWith('em')) continue;
      element.setAttribute(
        name,
        value.replace(/\d+\.\d{2,}/g, (number: string) => String(Math.round(Number(number) * 10) / 10)),
      );
    }
  }
}
