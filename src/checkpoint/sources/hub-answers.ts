/** @file What answers of a model hub have to be before the client library reads them: it believes what it is sent. */
import { jsonOrUndefined } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';

/** A commit: whether it names one, its reader says. */
export const revisionAnswer = z.looseObject({});

/** Files and folders of a commit. */
export const filesAnswer = z.array(
  z.looseObject({
    type: z.string(),
    path: z.string().min(1),
    size: z.int().min(0),
    oid: z.string().nullish(),
    lfs: z.looseObject({ oid: z.string() }).nullish(),
  }),
);

/** The same answer, once its body was read and held against the schema; undefined for one that does not fit. */
export async function checkedAnswer(response: Response, schema: z.ZodType): Promise<Response | undefined> {
  const text = await response.text();
  if (jsonOrUndefined(schema, text) === undefined) return undefined;
  return new Response(text, { status: response.status, headers: response.headers });
}
