/** @file Where text goes: a stream with what is known of it (live line possible, width, colours). Knows no content. */
import { type Colors, createColors } from './colors.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** The part of a Node stream that is used. */
export interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Terminal {
  readonly stream: OutputStream;
  /** Whether a line can be drawn over: a terminal, and not the log of a CI job. */
  readonly isLive: boolean;
  /** Whether the bar may use box-drawing characters. */
  readonly isUnicode: boolean;
  readonly colors: Colors;
  /** Width now; 80 where there is none to know. */
  columns(): number;
  /** Never throws: what the stream refuses is in `failure`, a moment later. */
  write(text: string): void;
  /** Why text no longer arrives: a pipe whose reader is gone (EPIPE), a full disk ... Undefined while it does. */
  failure(): NodeJS.ErrnoException | undefined;
}

const DEFAULT_COLUMNS = 80;
const SMALLEST_COLUMNS = 20;

/** Honours NO_COLOR, FORCE_COLOR, CI, TERM and COLUMNS. */
export function createTerminal(stream: OutputStream, env: Env): Terminal {
  const isTty = stream.isTTY === true;
  const isDumb = env.TERM === 'dumb';
  let failure: NodeJS.ErrnoException | undefined;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error;
  });
  const inCi = isSet(env.CI) && env.CI !== 'false';
  return {
    stream,
    isLive: isTty && !isDumb && !inCi,
    isUnicode: env.TERM !== 'linux' && !isDumb,
    colors: createColors(wantsColor(env, isTty && !isDumb)),
    columns: () => {
      const known = Number(env.COLUMNS) || (stream.columns ?? DEFAULT_COLUMNS);
      return Math.max(SMALLEST_COLUMNS, isTty && stream.columns ? stream.columns : known);
    },
    write: (text) => {
      if (failure === undefined) stream.write(text);
    },
    failure: () => failure,
  };
}

/** The one that was asked for wins: no-color.org, force-color.org. */
function wantsColor(env: Env, isCapable: boolean): boolean {
  if (isSet(env.NO_COLOR)) return false;
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== '0';
  return isCapable;
}

const isSet = (value: string | undefined) => value !== undefined && value !== '';
