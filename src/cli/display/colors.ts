/** @file The colours of the command line: one name for each meaning, nothing else picks a colour. */
import picocolors from 'picocolors';

type Paint = (text: string) => string;

export interface Colors {
  readonly heading: Paint;
  readonly strong: Paint;
  readonly muted: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warning: Paint;
  readonly accent: Paint;
}

export function createColors(enabled: boolean): Colors {
  const colors = picocolors.createColors(enabled);
  return {
    heading: colors.bold,
    strong: colors.bold,
    muted: colors.dim,
    good: colors.green,
    bad: colors.red,
    warning: colors.yellow,
    accent: colors.cyan,
  };
}
