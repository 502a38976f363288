/** @file A server of chat completions that behaves as a test says: well, badly, or not at all. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ChatCall {
  readonly body: {
    readonly model: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly [field: string]: unknown;
  };
  readonly headers: IncomingMessage['headers'];
  /** From 0. */
  readonly index: number;
  readonly response: ServerResponse;
}

export interface ChatServer {
  /** Up to /v1. */
  readonly url: string;
  readonly calls: readonly ChatCall[];
  /** The most requests that were open at a time. */
  readonly mostOpen: () => number;
  close(): Promise<void>;
}

/** What a server answers where all is well. */
export const completion = (
  content: string,
  { top, usage }: { readonly top?: Readonly<Record<string, number>>; readonly usage?: unknown } = {},
): object => ({
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content },
      finish_reason: 'stop',
      logprobs:
        top === undefined
          ? null
          : {
              content: [
                {
                  token: content,
                  logprob: -0.1,
                  top_logprobs: Object.entries(top).map(([token, p]) => ({ token, logprob: Math.log(p) })),
                },
              ],
            },
    },
  ],
  ...(usage === undefined ? {} : { usage }),
});

export const sendJson = (
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
};

export async function chatServer(answer: (call: ChatCall) => void | Promise<void>): Promise<ChatServer> {
  const calls: ChatCall[] = [];
  let [open, most] = [0, 0];
  const server = createServer((request, response) => {
    most = Math.max(most, ++open);
    response.on('close', () => open--);
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const body = JSON.parse(text) as ChatCall['body'];
      const call = { body, headers: request.headers, index: calls.length, response };
      calls.push(call);
      void answer(call);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    calls,
    mostOpen: () => most,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
