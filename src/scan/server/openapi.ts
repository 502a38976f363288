/** @file The OpenAPI description of the scoring service, with the limits it runs under. */
import type { ScanServerLimits } from './limits.ts';

export function openApiDescription(version: string, limits: ScanServerLimits): object {
  const error = (description: string) => ({
    description,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  });
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vultune scoring service',
      version,
      description: 'Probabilities of being vulnerable for functions, by one fine-tuned model.',
    },
    paths: {
      '/v1/score': {
        post: {
          operationId: 'scoreFunctions',
          summary: 'Score functions',
          requestBody: {
            required: true,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/ScoreRequest' } } },
          },
          responses: {
            200: {
              description: 'One score per function, in the order of the request.',
              content: { 'application/json': { schema: { $ref: '#/components/schemas/ScoreResponse' } } },
            },
            400: error('The body is not JSON, or not as described.'),
            403: error('The request named another host, or came from a page of another site.'),
            413: error(
              `The body is over ${limits.bodyBytes} bytes, or has over ${limits.functions} functions.`,
            ),
            415: error('The body is not application/json.'),
            500: error('Scoring failed; the service prints the reason on its own terminal.'),
            503: error('Too many requests are waiting; try again later.'),
            504: error(`Scoring took longer than ${limits.timeoutMs} ms.`),
          },
        },
      },
      '/v1/health': {
        get: {
          operationId: 'health',
          summary: 'Health: whether the service runs, and with which model',
          responses: { 200: { description: 'It runs.' } },
        },
      },
    },
    components: {
      schemas: {
        ScoreRequest: {
          type: 'object',
          required: ['functions'],
          properties: {
            functions: {
              type: 'array',
              minItems: 1,
              maxItems: limits.functions,
              items: {
                type: 'object',
                required: ['code'],
                properties: {
                  code: { type: 'string', description: 'The whole function, as it stands in the source.' },
                  language: { type: 'string', description: 'For the log; the model reads the code alone.' },
                },
              },
            },
          },
        },
        ScoreResponse: {
          type: 'object',
          required: ['threshold', 'functions'],
          properties: {
            threshold: { type: 'number' },
            functions: {
              type: 'array',
              items: {
                type: 'object',
                required: ['score', 'band', 'truncated'],
                properties: {
                  score: { type: 'number', minimum: 0, maximum: 1 },
                  band: { type: 'string', enum: ['vulnerable', 'uncertain', 'safe'] },
                  truncated: {
                    type: 'boolean',
                    description: 'Truncated: the model read only part of the function.',
                  },
                },
              },
            },
          },
        },
        Error: {
          type: 'object',
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              required: ['code', 'message'],
              properties: { code: { type: 'string' }, message: { type: 'string' } },
            },
          },
        },
      },
    },
  };
}
