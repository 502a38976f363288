/** @file A schema as JSON Schema (draft 2020-12): for editors, and to say in words what was expected. */
import type { JsonSchema } from './words.ts';
import { z } from './zod.ts';

export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => dropSafeLimit(jsonSchema),
  }) as JsonSchema;
}

/** zod writes the largest safe integer as a limit, which tells a reader nothing. */
function dropSafeLimit(jsonSchema: { maximum?: number | undefined; minimum?: number | undefined }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
}
