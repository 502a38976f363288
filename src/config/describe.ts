/** @file The configuration described: its JSON Schema for editors, its keys as a list, and a resolved one as YAML. */
import { Document, isCollection } from 'yaml';
import { jsonSchemaOf } from '../schema/json-schema.ts';
import { describeExpected, type JsonSchema } from '../schema/words.ts';
import type { TrainConfig, UnresolvedConfig } from './train-config.ts';
import { KEY_GROUPS, trainSchema } from './train-schema.ts';

let schema: JsonSchema | undefined;

/** JSON Schema (draft 2020-12) of the YAML file, with defaults and descriptions. */
export function configJsonSchema(): JsonSchema & Readonly<Record<string, unknown>> {
  schema ??= { ...jsonSchemaOf(trainSchema), title: 'Vultune training configuration' } as JsonSchema;
  return schema as JsonSchema & Readonly<Record<string, unknown>>;
}

export interface ConfigKey {
  readonly key: string;
  readonly group: string;
  /** What it takes, in words. */
  readonly expected: string;
  readonly required: boolean;
  /** As written in YAML; undefined where the key is required. */
  readonly default: string | undefined;
  readonly description: string;
}

/** Every key, in the order of the resolved configuration. */
export function configKeys(): readonly ConfigKey[] {
  const { properties = {} } = configJsonSchema();
  return Object.entries(KEY_GROUPS).flatMap(([group, keys]) =>
    Object.keys(keys).map((key): ConfigKey => {
      const own = properties[key] ?? {};
      const required = !('default' in own);
      return {
        key,
        group,
        required,
        expected: describeExpected(own),
        default: required
          ? undefined
          : flowYaml(trainSchema.shape[key as keyof TrainConfig].parse(undefined)),
        description: own.description ?? '',
      };
    }),
  );
}

/** A resolved configuration as YAML that loads again, by topic. */
export function configYaml(config: UnresolvedConfig): string {
  const sections = Object.entries(KEY_GROUPS).map(([group, keys]) => {
    const lines = Object.keys(keys).map(
      (key) => `${key}: ${flowYaml(config[key as keyof UnresolvedConfig])}`,
    );
    return [`# ${group}`, ...lines].join('\n');
  });
  return `${sections.join('\n\n')}\n`;
}

/** A value on one line: `1e-4`, `[1, 1]`, `{ P1: 1 }`. */
export function flowYaml(value: unknown): string {
  const document = new Document(value);
  if (isCollection(document.contents)) document.contents.flow = true;
  return document.toString({ lineWidth: 0 }).trimEnd();
}
