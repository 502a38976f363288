/** @file What comes over the network: answers of a model hub, requests to the scan server, a release of npm. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { VultuneError } from '../../src/base/errors.ts';
import { hubClient } from '../../src/checkpoint/sources/hub-client.ts';
import { parseScoreRequest, RequestError } from '../../src/scan/server/score-request.ts';
import { type FuzzTarget, textOf, texts } from './fuzz-target.ts';

let answer: Uint8Array = new Uint8Array();
let hub: Promise<Server> | undefined;

/** Answers everything with the bytes of the input. */
function hubUrl(): Promise<string> {
  hub ??= new Promise((resolve) => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(answer);
    });
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
  return hub.then((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const COMMIT = 'a'.repeat(40);
const LARGE = { oid: 'b'.repeat(64), size: 5000, pointerSize: 100 };
const TREE = [
  { type: 'directory', path: 'onnx', size: 0, oid: COMMIT },
  { type: 'file', path: 'config.json', size: 10, oid: COMMIT },
  { type: 'file', path: 'model.safetensors', size: 5000, oid: COMMIT, lfs: LARGE },
];
const INFO = { _id: '1', id: 'org/model', sha: COMMIT, lastModified: '2026-01-01T00:00:00.000Z' };

function hubTarget(
  name: string,
  seed: unknown,
  ask: (client: ReturnType<typeof hubClient>) => Promise<unknown>,
): FuzzTarget {
  return {
    name: `hub ${name}`,
    seeds: texts(JSON.stringify(seed)),
    run: async (bytes) => {
      answer = bytes;
      await ask(hubClient('org/model', { hubUrl: await hubUrl() }));
    },
  };
}

export const NETWORK_TARGETS: readonly FuzzTarget[] = [
  hubTarget('revision', INFO, (client) => client.commitOf('main')),
  hubTarget('files', TREE, async (client) => {
    for (const { sizeBytes, path } of await client.files(COMMIT)) {
      if (!Number.isSafeInteger(sizeBytes) || typeof path !== 'string')
        throw new Error(`a file of ${sizeBytes} bytes`);
    }
  }),
  {
    name: 'score request',
    seeds: texts(JSON.stringify({ functions: [{ code: 'int f() {}', language: 'c' }, { code: 'x' }] })),
    run: async (bytes) => {
      try {
        parseScoreRequest(textOf(bytes), 100);
      } catch (error) {
        throw error instanceof RequestError ? new VultuneError(error.code, error.message) : error;
      }
    },
  },
];
