/**
 * @file Which test functions a model has seen in training: the same body, or nearly. Training leaves fingerprints (no
 * code), so the question can be asked of an adapter long after its data are gone.
 */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { VultuneError } from '../base/errors.ts';
import { bodyKey } from '../dataset/duplicates/exact-duplicates.ts';
import { SKETCH_BYTES, sketchText } from '../dataset/duplicates/min-hash.ts';
import { NearDuplicates } from '../dataset/duplicates/near-duplicates.ts';
import { normalisedCode } from '../dataset/duplicates/normalised-code.ts';

interface FingerprintedRecord {
  readonly code: string;
  readonly language?: string | undefined;
}

/** The fingerprints of N functions, 144 bytes each. */
export interface TrainingFingerprints {
  /** [N] 128 bits of SHA-256 of the normalised body, hexadecimal. */
  readonly bodies: readonly string[];
  /** [N * SKETCH_BYTES] MinHash sketches, one after another. */
  readonly sketches: Uint8Array;
}

/** Jaccard similarity of token shingles from which a test function counts as seen. */
export const NEAR = 0.9;

export function fingerprintTraining(records: readonly FingerprintedRecord[]): TrainingFingerprints {
  const steps = fingerprinting(records);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

export interface TurnOptions {
  readonly signal: AbortSignal;
  /** Functions that are done. */
  readonly onProgress?: (done: number) => void;
}

/** As `fingerprintTraining`, which takes a second for ten thousand, with turns for all else. @throws the signal's reason */
export async function fingerprintInTurns(
  records: readonly FingerprintedRecord[],
  { signal, onProgress }: TurnOptions,
): Promise<TrainingFingerprints> {
  const steps = fingerprinting(records);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    onProgress?.(value);
    await nextTurn();
    signal.throwIfAborted();
  }
}

const FUNCTIONS_A_TURN = 500;

function* fingerprinting(records: readonly FingerprintedRecord[]): Generator<number, TrainingFingerprints> {
  const sketches = new Uint8Array(records.length * SKETCH_BYTES);
  const bodies: string[] = [];
  for (const [i, { code, language }] of records.entries()) {
    if (i % FUNCTIONS_A_TURN === FUNCTIONS_A_TURN - 1) yield i;
    const text = normalisedCode(code, language);
    sketches.set(sketchText(text), i * SKETCH_BYTES);
    bodies.push(bodyKey(text));
  }
  return { bodies, sketches };
}

export interface Contamination {
  /** Places in the test set of functions whose body was in training. */
  readonly exact: readonly number[];
  /** Places of functions that resemble a training function, and are not the same. */
  readonly near: readonly number[];
  /** Functions of the training data that were compared with. */
  readonly trainingFunctions: number;
}

export function findContamination(
  test: readonly FingerprintedRecord[],
  training: TrainingFingerprints,
): Contamination {
  return compareFingerprints(fingerprintTraining(test), training);
}

/** @param own of the test functions, in their order */
export function compareFingerprints(
  own: TrainingFingerprints,
  training: TrainingFingerprints,
): Contamination {
  const bodies = new Set(training.bodies);
  const exact = own.bodies.flatMap((body, row) => (bodies.has(body) ? [row] : []));
  const isExact = new Set(exact);
  const duplicates = new NearDuplicates({ threshold: NEAR });
  const trainingCount = training.bodies.length;
  for (const {
    bodies: { length },
    sketches,
  } of [training, own]) {
    for (let i = 0; i < length; i++) {
      duplicates.addSketch(sketches.subarray(i * SKETCH_BYTES, (i + 1) * SKETCH_BYTES));
    }
  }
  const groups = duplicates.groups();
  const trainingOf = new Map<number, number[]>();
  for (let i = 0; i < trainingCount; i++) {
    const members = trainingOf.get(groups[i]!);
    if (members === undefined) trainingOf.set(groups[i]!, [i]);
    else members.push(i);
  }
  // A group may hang together by a chain: what counts is one training function that is near itself.
  const near = own.bodies.flatMap((_, row) => {
    if (isExact.has(row)) return [];
    const place = trainingCount + row;
    const members = trainingOf.get(groups[place]!) ?? [];
    return members.some((member) => duplicates.similarity(member, place) >= NEAR) ? [row] : [];
  });
  return { exact, near, trainingFunctions: trainingCount };
}

const MAGIC = 'VTFP';
const VERSION = 2;
/** Without a checksum, in adapters of older versions. */
const VERSION_WITHOUT_CHECKSUM = 1;
const HEADER_BYTES = 12;
const BODY_BYTES = 16;
const CHECKSUM_BYTES = 32;

/** Little-endian: "VTFP", version, N (32 bits each), N bodies of 16 bytes, N sketches, SHA-256 of all that. */
export function formatFingerprints({ bodies, sketches }: TrainingFingerprints): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(VERSION, 4);
  header.writeUInt32LE(bodies.length, 8);
  const content = Buffer.concat([header, Buffer.from(bodies.join(''), 'hex'), sketches]);
  return Buffer.concat([content, checksumOf(content)]);
}

const checksumOf = (content: Uint8Array): Buffer => createHash('sha256').update(content).digest();

/** @throws VultuneError ADAPTER_FINGERPRINTS */
export function parseFingerprints(bytes: Uint8Array, file: string): TrainingFingerprints {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isOurs = bytes.length >= HEADER_BYTES && buffer.toString('latin1', 0, 4) === MAGIC;
  const version = isOurs ? buffer.readUInt32LE(4) : 0;
  const count = isOurs ? buffer.readUInt32LE(8) : 0;
  const contentBytes = HEADER_BYTES + count * (BODY_BYTES + SKETCH_BYTES);
  const expected = contentBytes + (version === VERSION ? CHECKSUM_BYTES : 0);
  const broken = (found: string) =>
    new VultuneError(
      'ADAPTER_FINGERPRINTS',
      `the fingerprints of the training functions are broken: ${found}`,
      { where: { file }, hint: 'Delete the file to evaluate without a check of contamination.' },
    );
  if (version !== VERSION && version !== VERSION_WITHOUT_CHECKSUM) {
    throw broken(`${bytes.length} bytes of another format`);
  }
  if (bytes.length !== expected) throw broken(`${bytes.length} bytes, expected ${expected}`);
  if (
    version === VERSION &&
    !checksumOf(buffer.subarray(0, contentBytes)).equals(buffer.subarray(contentBytes))
  ) {
    throw broken('they do not match their checksum');
  }
  const sketchesStart = HEADER_BYTES + count * BODY_BYTES;
  return {
    bodies: Array.from({ length: count }, (_, i) =>
      buffer.toString('hex', HEADER_BYTES + i * BODY_BYTES, HEADER_BYTES + (i + 1) * BODY_BYTES),
    ),
    sketches: bytes.subarray(sketchesStart, contentBytes),
  };
}
