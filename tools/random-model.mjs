/**
 * @file Writes a model of random weights with a published geometry, to measure what a model of that size takes:
 *
 * node tools/random-model.mjs --geometry llama-7b|starcoder-15b|FILE/config.json --out FOLDER [--stored bfloat16|float16|nf4] [--layers N]
 *
 * 7B takes 14 GB in bfloat16 and 4 GB in nf4 (bitsandbytes' stored form), 15.5B 31 GB and 10 GB.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

await import('../test/support/typescript-loader.mjs');
const { GEOMETRIES, STORED_TYPES, writeRandomModel } = await import('../test/support/random-model.ts');

const { values } = parseArgs({
  options: {
    geometry: { type: 'string' },
    out: { type: 'string' },
    stored: { type: 'string', default: 'bfloat16' },
    layers: { type: 'string' },
  },
});
const { geometry, out, stored, layers } = values;
const usage = `usage: node tools/random-model.mjs --geometry ${Object.keys(GEOMETRIES).join('|')}|FILE/config.json --out FOLDER [--stored ${STORED_TYPES.join('|')}] [--layers N]`;
if (geometry === undefined || out === undefined || !STORED_TYPES.includes(stored)) {
  console.error(usage);
  process.exit(2);
}
try {
  const config = GEOMETRIES[geometry] ?? JSON.parse(readFileSync(geometry, 'utf8'));
  const count = layers === undefined ? undefined : Number(layers);
  const begun = performance.now();
  const written = await writeRandomModel(out, { config, stored, layers: count });
  const seconds = (performance.now() - begun) / 1000;
  console.log(JSON.stringify({ folder: out, stored, ...written, seconds: Math.round(seconds) }));
} catch (error) {
  console.error(
    `${error.code ?? error.name}: ${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`,
  );
  process.exit(1);
}
