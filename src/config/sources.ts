/**
 * @file Where the values of a configuration come from: a YAML file and `key=value` overrides, merged, each value
 * with the place it was written. Knows no key by name.
 */
import { isMap, isScalar, LineCounter, type Node } from 'yaml';
import type { Problem, SourcePlace } from './problems.ts';
import { readYaml } from './read-yaml.ts';

export type KeyPath = readonly (string | number)[];

export interface Source {
  readonly value: Readonly<Record<string, unknown>>;
  /** Where the value of a path, or its key, was written. */
  placeOf(path: KeyPath, part?: 'key' | 'value'): SourcePlace;
}

/** Parses YAML text. Problems of syntax are returned, and then the value is empty. */
export function yamlSource(text: string, file: string): { source: Source; problems: readonly Problem[] } {
  const lines = new LineCounter();
  const { document, value, faults } = readYaml(text, lines);
  const at = (offset: number): SourcePlace => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const empty: Source = { value: {}, placeOf: () => ({ file }) };
  const syntax = faults.map(
    ({ message, offset }): Problem => ({
      code: 'CONFIG_SYNTAX',
      message: `not valid YAML: ${message}`,
      place: offset === undefined ? { file } : at(offset),
    }),
  );
  if (syntax.length > 0) return { source: empty, problems: syntax };
  if (document === undefined || document.contents === null) return { source: empty, problems: [] };
  if (!isMap(document.contents)) {
    const message = 'the file is not a map of keys and values, as in `learning_rate: 1e-4`';
    return {
      source: empty,
      problems: [{ code: 'CONFIG_SYNTAX', message, place: at(offsetOf(document.contents)) }],
    };
  }
  const root = document.contents;
  const placeOf = (path: KeyPath, part: 'key' | 'value' = 'value'): SourcePlace => {
    // The deepest part of the path that was written: a missing key has the place of what should hold it.
    for (let depth = path.length; depth > 0; depth--) {
      const holder = depth === 1 ? root : document.getIn(path.slice(0, depth - 1), true);
      const pair = isMap(holder)
        ? holder.items.find(
            ({ key }) => (isScalar(key) ? String(key.value) : String(key)) === String(path[depth - 1]),
          )
        : undefined;
      const value = pair?.value ?? document.getIn(path.slice(0, depth), true);
      const node = (part === 'key' ? pair?.key : (value ?? pair?.key)) as Node | undefined;
      if (node?.range) return at(node.range[0]);
    }
    return { file };
  };
  return { source: { value: value as Record<string, unknown>, placeOf }, problems: [] };
}

const offsetOf = (node: Node) => node.range?.[0] ?? 0;

/**
 * Lays `key=value` overrides over a source. Values are YAML (`1e-4`, `true`, `null`, `[q_proj, v_proj]`), keys may
 * be dotted (`set_weights.P3=0.5`).
 * @param isText tells that a key takes strings only, so that `revision=1234567` is not read as a number.
 */
export function withOverrides(
  source: Source,
  overrides: readonly string[],
  isText: (key: string) => boolean,
): { source: Source; problems: readonly Problem[] } {
  const value: Record<string, unknown> = structuredClone({ ...source.value });
  const problems: Problem[] = [];
  const overridden = new Set<string>();
  for (const override of overrides) {
    const split = override.indexOf('=');
    const key = override.slice(0, split).trim();
    if (split < 1 || key === '' || key.split('.').includes('__proto__')) {
      problems.push(invalidOverride(`found ${JSON.stringify(override)}, expected key=value`));
      continue;
    }
    const text = override.slice(split + 1);
    const { value: parsed, faults } = readYaml(text);
    const [fault] = faults;
    if (fault !== undefined) {
      problems.push(invalidOverride(`${override}: the value is not valid YAML: ${fault.message}`, key));
      continue;
    }
    const keepText = isText(key) && (typeof parsed === 'number' || typeof parsed === 'boolean');
    setDotted(value, key.split('.'), keepText ? text : parsed);
    overridden.add(key);
  }
  const placeOf = (path: KeyPath, part?: 'key' | 'value'): SourcePlace => {
    const dotted = path.map((_, depth) => path.slice(0, depth + 1).join('.'));
    return dotted.some((prefix) => overridden.has(prefix)) ? {} : source.placeOf(path, part);
  };
  return { source: { value, placeOf }, problems };
}

function invalidOverride(message: string, key?: string): Problem {
  return {
    code: 'CONFIG_OVERRIDE_INVALID',
    message,
    place: {},
    ...(key === undefined ? {} : { key }),
    hint: 'for example learning_rate=2e-4 "lora_layers=last 8" target_modules=[q_proj,v_proj]',
  };
}

function setDotted(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const below = target[head];
  const map = typeof below === 'object' && below !== null && !Array.isArray(below) ? { ...below } : {};
  setDotted(map as Record<string, unknown>, rest, value);
  target[head] = map;
}
