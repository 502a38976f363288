/**
 * @file Where the files of a configuration are: as seen from the current folder, as on any command line, or beside the YAML file
 * that names them. Looks only whether they are there.
 */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { UnresolvedConfig } from './train-config.ts';

/** The base model's path, and init_adapter's, become absolute: they are stored, and must be found from every folder. An id of a hub stays one. */
export function withFoundFiles(config: UnresolvedConfig, yaml: string | undefined): UnresolvedConfig {
  const find = (path: string): string => {
    if (yaml === undefined || isAbsolute(path) || existsSync(path)) return path;
    const beside = join(dirname(yaml), path);
    return existsSync(beside) ? beside : path;
  };
  const model = find(config.base_model);
  const adapter = config.init_adapter === null ? null : find(config.init_adapter);
  return {
    ...config,
    base_model: existsSync(model) ? resolve(model) : config.base_model,
    init_adapter: adapter !== null && existsSync(adapter) ? resolve(adapter) : adapter,
    train_file: find(config.train_file),
    valid_file: find(config.valid_file),
    test_file: config.test_file === null ? null : find(config.test_file),
    prompt: typeof config.prompt === 'string' ? find(config.prompt) : config.prompt,
    chat_template: config.chat_template === null ? null : find(config.chat_template),
  };
}
