/** @file The body of a request -> the functions to score, or what is wrong with it. */

/** An answer that is an error; `status` is HTTP's. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Throws RequestError: 400 for what is not as described, 413 for too many functions. */
export function parseScoreRequest(body: string, mostFunctions: number): string[] {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new RequestError(400, 'BODY_JSON', 'the body is not JSON');
  }
  const functions = isObject(json) ? json.functions : undefined;
  if (!Array.isArray(functions) || functions.length === 0) {
    throw new RequestError(
      400,
      'BODY_SHAPE',
      'expected {"functions": [{"code": "..."}]} with one function or more',
    );
  }
  if (functions.length > mostFunctions) {
    const found = `found ${functions.length} functions, expected at most ${mostFunctions}`;
    throw new RequestError(413, 'TOO_MANY_FUNCTIONS', found);
  }
  return functions.map((one: unknown, i) => {
    const { code, language } = isObject(one) ? one : {};
    if (typeof code !== 'string') {
      throw new RequestError(400, 'BODY_SHAPE', `functions[${i}].code is missing or not a string`);
    }
    if (language !== undefined && typeof language !== 'string') {
      throw new RequestError(400, 'BODY_SHAPE', `functions[${i}].language is not a string`);
    }
    return code;
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
