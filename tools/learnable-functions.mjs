#!/usr/bin/env node
/**
 * @file Writes generated C functions with a rule that a model can learn: a copy into a buffer is vulnerable unless the length that is
 * copied was compared with the buffer's size before it. Real data at this size leaves every model near chance, which cannot show what a
 * weight format, an adapter or a key costs; here a difference shows.
 *
 * node tools/learnable-functions.mjs --out FOLDER [--train 600] [--valid 300] [--seed 1]   writes train.jsonl and valid.jsonl
 *
 * Half of the vulnerable ones have no check, a quarter check another length, a quarter check after the copy.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    train: { type: 'string', default: '600' },
    valid: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
  },
});
if (values.out === undefined) {
  process.stderr.write('--out FOLDER is missing\n');
  process.exit(2);
}

let state = (Number(values.seed) * 2654435761 + 1) >>> 0;
/** A whole number below `n`, by xorshift32. */
function below(n) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  state >>>= 0;
  return state % n;
}
const oneOf = (list) => list[below(list.length)];
function twoOf(list) {
  const first = oneOf(list);
  return [first, oneOf(list.filter((each) => each !== first))];
}

const FUNCTIONS = [
  'read_name',
  'load_header',
  'copy_field',
  'parse_packet',
  'set_label',
  'store_key',
  'take_line',
];
const BUFFERS = ['buf', 'name', 'line', 'field', 'key', 'tmp', 'out'];
const LENGTHS = ['n', 'len', 'size', 'count', 'total', 'used', 'width'];
const SOURCES = ['src', 'data', 'input', 'p', 'msg', 'text'];
const OTHERS = [
  (length) => `    ctx->seen += ${length};`,
  () => '    if (ctx == NULL)\n        return -1;',
  () => '    ctx->flags &= ~1u;',
  () => '    log_debug("step %d", ctx->step);',
  (length) => `    ctx->last = ${length} & 0xff;`,
  () => '    ctx->step++;',
];

function generated(target) {
  const buffer = oneOf(BUFFERS);
  const [length, other] = twoOf(LENGTHS);
  const source = oneOf(SOURCES);
  const size = oneOf([16, 32, 64, 128, 256]);
  const check = (what) => {
    const limit = oneOf([`sizeof(${buffer})`, String(size)]);
    return `    if (${oneOf([`${what} > ${limit}`, `${limit} < ${what}`])})\n        return ${oneOf(['-1', '-EINVAL', '0'])};`;
  };
  const copy = `    memcpy(${buffer}, ${source}, ${length});`;
  const distractions = () => Array.from({ length: below(3) }, () => oneOf(OTHERS)(oneOf([length, other])));
  const flaw = target === 0 ? 'none' : oneOf(['missing', 'missing', 'other', 'late']);
  const before = { none: [check(length)], missing: [], other: [check(other)], late: [] }[flaw];
  const after = flaw === 'late' ? [check(length)] : [];
  return [
    `int ${oneOf(FUNCTIONS)}(struct context *ctx, const char *${source}, size_t ${length}, size_t ${other})`,
    '{',
    `    char ${buffer}[${size}];`,
    ...distractions(),
    ...before,
    ...distractions(),
    copy,
    ...after,
    ...distractions(),
    `    return use(ctx, ${buffer}, ${oneOf([length, other])});`,
    '}',
  ].join('\n');
}

const seen = new Set();
function part(name, count) {
  const lines = [];
  while (lines.length < count) {
    const target = lines.length % 2;
    const code = generated(target);
    if (seen.has(code)) continue;
    seen.add(code);
    lines.push(JSON.stringify({ code, target, language: 'c' }));
  }
  writeFileSync(join(values.out, `${name}.jsonl`), `${lines.join('\n')}\n`);
}

mkdirSync(values.out, { recursive: true });
part('train', Number(values.train));
part('valid', Number(values.valid));
