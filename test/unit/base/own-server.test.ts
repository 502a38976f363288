import { describe, expect, test } from 'vitest';
import { isOwnHost, listenError } from '../../../src/base/own-server.ts';

describe('isOwnHost', () => {
  test.each<[string, readonly string[], boolean]>([
    ['localhost:8484', ['127.0.0.1'], true],
    ['LocalHost:8484', ['127.0.0.1'], true],
    ['[::1]:8484', ['127.0.0.1'], true],
    ['192.168.1.4:8484', ['127.0.0.1'], false],
    ['attacker.example:8484', ['127.0.0.1'], false],
    ['attacker.example:8484', ['0.0.0.0'], false],
    ['192.168.1.4:8484', ['0.0.0.0'], true],
    ['[fe80::1]:8484', ['::'], true],
    ['localhost', ['::'], true],
    ['box.example', ['Box.example'], true],
    ['localhost', ['192.168.1.4'], false],
    ['127.0.0.1:80', ['192.168.1.4'], false],
    ['localhost', ['box.example', '127.0.0.1'], true],
    ['', ['127.0.0.1'], false],
  ])('a request to "%s" of a server on %s: %s', (header, own, expected) => {
    expect(isOwnHost(header, own)).toBe(expected);
  });
});

test.each([
  ['EADDRINUSE', 'SERVE_PORT_IN_USE', 'port 80 on box is in use'],
  ['EACCES', 'SERVE_ADDRESS', 'cannot listen on box, port 80: EACCES'],
  [undefined, 'SERVE_ADDRESS', 'cannot listen on box, port 80: odd'],
])('listenError: %s is %s', (code, expected, message) => {
  const cause = Object.assign(new Error('odd'), code === undefined ? {} : { code });
  expect(listenError(cause, 'box', 80)).toMatchObject({ code: expected, message, cause });
});
