/**
 * @file Loaded before the program (`node --import`): numbers every operation of the main thread that changes the disk, and
 * kills the process at one of them. Clock and memory stand still, so that two runs can be compared byte by byte.
 *
 * KILL_AT: the operation, from 1; KILL_MODE: `before` it, `half` way through what it writes, or `interrupt`: SIGINT before
 * it, and on; KILL_LOG: where to list all of them when the process ends by itself. KILL_COPIES: a folder; before each
 * operation, and half way through each write, the current folder is copied to it, as a kill there would leave it.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const killAt = Number(process.env.KILL_AT ?? 0);
const mode = process.env.KILL_MODE;
const log = process.env.KILL_LOG;
const copies = process.env.KILL_COPIES;

const CHANGING = [
  'openSync',
  'writeSync',
  'writeFileSync',
  'appendFileSync',
  'fsyncSync',
  'ftruncateSync',
  'renameSync',
  'linkSync',
  'symlinkSync',
  'unlinkSync',
  'rmSync',
  'rmdirSync',
  'mkdirSync',
  'utimesSync',
];
const CHANGING_LATER = ['mkdir', 'mkdtemp', 'rename', 'rm', 'unlink', 'writeFile', 'symlink'];

const real = { writeSync: fs.writeSync, writeFileSync: fs.writeFileSync, appendFileSync: fs.appendFileSync };
const names = [];
/** What the hook itself does to the disk is not counted. */
let isOwn = false;

function unnumbered(work) {
  isOwn = true;
  try {
    return work();
  } finally {
    isOwn = false;
  }
}

function copyFolder(mode) {
  const to = join(copies, `${names.length}-${mode}`);
  unnumbered(() => fs.cpSync(process.cwd(), to, { recursive: true, preserveTimestamps: true }));
}

/** What other operations are made of: `appendFileSync` of `writeFileSync`, that one of bytes of `writeSync`. */
const isWrite = (name, args) =>
  name === 'writeSync' || (name === 'writeFileSync' && typeof args[1] === 'string');

function die() {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

/** The first half of what is to be written; returns how many bytes that is. */
function writeHalf(name, args) {
  const bytes = typeof args[1] === 'string' ? Buffer.from(args[1]) : args[1];
  if (name !== 'writeSync') {
    real[name](args[0], bytes.subarray(0, bytes.length >> 1), args[2]);
    return bytes.length >> 1;
  }
  const [offset, length] = [args[2] ?? 0, args[3] ?? bytes.length - (args[2] ?? 0)];
  return real.writeSync(args[0], bytes, offset, Math.max(1, length >> 1), args[4]);
}

/** What `writeHalf` left; returns what the whole operation would. */
function writeRest(name, args, written) {
  const bytes = typeof args[1] === 'string' ? Buffer.from(args[1]) : args[1];
  if (name !== 'writeSync') return real.appendFileSync(args[0], bytes.subarray(written));
  const [offset, length] = [args[2] ?? 0, args[3] ?? bytes.length - (args[2] ?? 0)];
  for (let done = written; done < length; ) {
    const position = typeof args[4] === 'number' ? args[4] + done : null;
    done += real.writeSync(args[0], bytes, offset + done, length - done, position);
  }
  return length;
}

function numbered(holder, name) {
  const original = holder[name];
  holder[name] = function numberedOperation(...args) {
    const isRead = name === 'openSync' && /^r?$/.test(String(args[1] ?? 'r'));
    if (!isRead && !isOwn) {
      names.push(`${name} ${typeof args[0] === 'string' ? args[0] : ''}`);
      if (names.length === killAt) {
        if (mode === 'half') writeHalf(name, args);
        if (mode === 'interrupt') process.kill(process.pid, 'SIGINT');
        else die();
      }
      if (copies !== undefined) {
        copyFolder('before');
        if (isWrite(name, args)) {
          const written = unnumbered(() => writeHalf(name, args));
          copyFolder('half');
          return unnumbered(() => writeRest(name, args, written));
        }
      }
    }
    return original.apply(holder, args);
  };
}

if (isMainThread) {
  for (const name of CHANGING) numbered(fs, name);
  for (const name of CHANGING_LATER) numbered(fs.promises, name);
  syncBuiltinESMExports();
  if (log !== undefined) {
    process.on('exit', () => unnumbered(() => real.appendFileSync(log, `${names.join('\n')}\n`)));
  }
}

const NOW_MS = Date.UTC(2026, 0, 1);
const RealDate = Date;
globalThis.Date = class StoppedDate extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [NOW_MS] : args));
  }
  static now() {
    return NOW_MS;
  }
};
performance.now = () => 0;
process.memoryUsage.rss = () => 1e8;
