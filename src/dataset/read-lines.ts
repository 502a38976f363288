/**
 * @file Lines of a text file or of standard input, as a stream: UTF-8 with or without a byte order mark, LF or
 * CRLF, each line bounded in length. What the lines hold is the caller's business.
 */
import { createReadStream } from 'node:fs';
import { VultuneError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';

export interface TextLine {
  readonly text: string;
  /** 1-based. */
  readonly number: number;
}

export interface ReadLinesOptions {
  /** What `-` reads; standard input unless a test gives another. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly maxLineBytes?: number;
  /** Empty lines are counted and not given: there may be a gigabyte of them. */
  readonly skipEmpty?: boolean;
}

const MAX_LINE_BYTES = 256 * 2 ** 20;
const LINE_FEED = 10;

/**
 * The lines of `path`, or of standard input for `-`; a last line without an end counts too.
 * @throws VultuneError `DATASET_FILE_MISSING`, `DATASET_ENCODING` (not UTF-8), `DATASET_LINE_TOO_LONG`.
 */
export async function* readLines(path: string, options: ReadLinesOptions = {}): AsyncGenerator<TextLine> {
  const file = path === '-' ? 'standard input' : path;
  const stream = path === '-' ? (options.stdin ?? process.stdin) : createReadStream(path);
  try {
    yield* readByteLines(stream as AsyncIterable<Uint8Array>, file, options);
  } catch (error) {
    throw missingFile(error, path);
  }
}

/**
 * The lines of a stream of bytes; `file` names it in messages.
 * @throws VultuneError `DATASET_ENCODING`, `DATASET_LINE_TOO_LONG`.
 */
export async function* readByteLines(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  {
    maxLineBytes = MAX_LINE_BYTES,
    skipEmpty = false,
  }: Pick<ReadLinesOptions, 'maxLineBytes' | 'skipEmpty'> = {},
): AsyncGenerator<TextLine> {
  let parts: Uint8Array[] = [];
  let partBytes = 0;
  let number = 1;
  for await (const chunk of bytes) {
    let start = 0;
    while (true) {
      while (skipEmpty && partBytes === 0 && chunk[start] === LINE_FEED) {
        start++;
        number++;
      }
      const end = chunk.indexOf(LINE_FEED, start);
      if (end === -1) break;
      parts.push(chunk.subarray(start, end));
      yield { text: decode(parts, file, number), number };
      [parts, partBytes, start] = [[], 0, end + 1];
      number++;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
    partBytes += chunk.length - start;
    if (partBytes > maxLineBytes) throw lineTooLong(file, number, maxLineBytes);
  }
  if (partBytes > 0) yield { text: decode(parts, file, number), number };
}

function decode(parts: readonly Uint8Array[], file: string, number: number): string {
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  try {
    // A decoder of its own per line: it drops the byte order mark, which may stand at the head of line 1 only.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: number > 1 }).decode(bytes);
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  } catch (cause) {
    const utf16 = number === 1 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || bytes[0] === 0xfe);
    const found = utf16 ? 'this is UTF-16 text' : `line ${number} is not UTF-8`;
    throw new VultuneError('DATASET_ENCODING', `${found}, expected UTF-8`, {
      where: { file, line: number },
      hint: 'save the file as UTF-8',
      cause,
    });
  }
}

function lineTooLong(file: string, line: number, maxLineBytes: number): VultuneError {
  const limit = Math.round(maxLineBytes / 2 ** 20);
  return new VultuneError('DATASET_LINE_TOO_LONG', `a line is longer than ${limit} MiB`, {
    where: { file, line },
    hint: 'a dataset holds one JSON object per line (JSON lines), not one JSON array',
  });
}

function missingFile(error: unknown, path: string): unknown {
  const translated = fileError(error, path, 'read');
  if (!(translated instanceof VultuneError) || translated.code !== 'FILE_MISSING') return translated;
  return new VultuneError('DATASET_FILE_MISSING', `no such file: ${path}`, {
    where: { file: path },
    hint: 'give the path of a JSON lines file: one object with "code" and "target" per line',
    cause: error,
  });
}
