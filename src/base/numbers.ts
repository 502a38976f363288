/** @file Numbers as people read them: counts, bytes, durations, rates, shares. Always the same few characters wide. */

/** `12,345`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Decimal units, as disks and downloads are sold: `850 B`, `12.3 MB`, `1.7 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  // 999.5 would print as 1000.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : formatSignificant(value, 2)} ${units[unit]}`;
}

/** `850 ms`, `9.4 s`, `3m 12s`, `2h 05m`, `4d 03h`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < 9_950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

/** `42%`; never 100% before all is done, nor 0% where something is. */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.01) return '<1%';
  if (share < 1 && share >= 0.995) return '99%';
  return `${Math.round(share * 100)}%`;
}

/** At least `digits` significant digits, no exponent: `0.0123`, `1.9`, `240`. */
export function formatSignificant(value: number, digits = 2): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  // The rounded value decides the digits: 0.9996 becomes 1.0, not 1.00.
  const rounded = Number(value.toPrecision(digits));
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return value.toFixed(Math.min(places, 20));
}

/** `0.612`; `-` where a metric is not defined. */
export function formatMetric(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : value.toFixed(3);
}
