/** @file Numbers as the pages write them: short, the same everywhere, a dash where there is none. */

const MINUS = '−';

/**
 * For axes and bars: 1,200 · 12k · 3.4M · 0.25 · 2e-5.
 * @param step numbers that are so far apart differ in what is written: 0.7195, 0.72
 */
export function shortNumber(value: number, step = Number.POSITIVE_INFINITY): string {
  const size = Math.abs(value);
  const sign = value < 0 ? MINUS : '';
  if (size === 0) return '0';
  if (size >= 1e6) return `${sign}${trim((size / 1e6).toFixed(1))}M`;
  if (size >= 1e4) return `${sign}${trim((size / 1e3).toFixed(1))}k`;
  if (size >= 100) return `${sign}${Math.round(size).toLocaleString('en-US')}`;
  const digits = Math.max(3, Math.ceil(Math.log10(size / step)) + 1);
  if (size >= 0.001) return `${sign}${trim(size.toPrecision(digits))}`;
  return `${sign}${trimExponent(size.toExponential(1))}`;
}

/** A metric: three digits, a dash where it is not defined. */
export const metric = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? '–' : `${value < 0 ? MINUS : ''}${Math.abs(value).toFixed(digits)}`;

export const percent = (share: number | null | undefined, digits = 0): string =>
  share === null || share === undefined || !Number.isFinite(share)
    ? '–'
    : `${(100 * share).toFixed(digits)} %`;

export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** 2026-11-21 15:18 UTC */
export const dateTime = (iso: string): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : iso;

const trim = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
const trimExponent = (text: string) => text.replace('.0e', 'e').replace('e-', `e${MINUS}`).replace('e+', 'e');
