import { PassThrough } from 'node:stream';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { afterEach, describe, expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { type AgentTool, agentTool } from '../../../src/mcp/agent-tool.ts';
import { connectStdio, type ToolServer, toolServer } from '../../../src/mcp/tool-server.ts';
import { z } from '../../../src/schema/zod.ts';

const tool = (name: string, run: AgentTool['run']): AgentTool =>
  agentTool({
    name,
    title: name,
    description: `does ${name}`,
    input: z.strictObject({ count: z.int().min(1).default(3).describe('how many') }),
    run,
  });

const failures: unknown[] = [];
let server: ToolServer;
let client: Client;

async function connect(...tools: readonly AgentTool[]): Promise<void> {
  failures.length = 0;
  server = toolServer({
    version: '9.9.9',
    instructions: 'read',
    tools,
    onFailure: (error) => failures.push(error),
  });
  client = new Client({ name: 'test', version: '1' });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(ours), client.connect(theirs)]);
}

afterEach(async () => {
  await client.close();
  await server.closed;
});

const call = async (name: string, given?: Record<string, unknown>) =>
  await client.callTool({ name, ...(given === undefined ? {} : { arguments: given }) });

describe('a tool server', () => {
  test('lists its tools as read-only ones, with what each takes', async () => {
    await connect(tool('one', async () => ({})));
    const { tools } = await client.listTools();
    expect(tools).toMatchObject([
      {
        name: 'one',
        inputSchema: { type: 'object', properties: { count: { type: 'integer', minimum: 1, default: 3 } } },
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
    ]);
    expect(client.getServerVersion()).toMatchObject({ name: 'vultune', version: '9.9.9' });
    expect(client.getInstructions()).toBe('read');
  });

  test('runs a tool with checked arguments, defaults filled in', async () => {
    await connect(tool('one', async (input) => ({ got: input, left: undefined })));
    expect(await call('one')).toMatchObject({ structuredContent: { got: { count: 3 } } });
    expect((await call('one', { count: 5 })).structuredContent).toEqual({ got: { count: 5 } });
  });

  test.each([
    [
      'a wrong argument',
      'one',
      { count: 0 },
      'MCP_ARGUMENTS: "count" is the number 0, expected an integer >= 1',
    ],
    ['an unknown argument', 'one', { path: 'x' }, 'MCP_ARGUMENTS: unknown field "path"'],
    ['an unknown tool', 'two', {}, 'MCP_TOOL: no such tool: two'],
  ])('%s is an error of the tool, in our words', async (_what, name, given, text) => {
    await connect(tool('one', async () => ({})));
    const answer = await call(name, given);
    expect(answer.isError).toBe(true);
    expect((answer.content as { text: string }[])[0]!.text).toContain(text);
    expect(failures).toEqual([]);
  });

  test('an error of ours keeps its code and hint; a fault is told to the log alone', async () => {
    const bug = new TypeError('secret');
    await connect(
      tool('one', async () => {
        throw new VultuneError('X_CODE', 'found this', { hint: 'do that', where: { file: 'a.c', line: 3 } });
      }),
      tool('bug', async () => {
        throw bug;
      }),
    );
    const answer = await call('one');
    expect(answer).toMatchObject({
      isError: true,
      content: [{ text: 'X_CODE: found this\nat a.c:3\ndo that' }],
      structuredContent: { error: { code: 'X_CODE', message: 'found this', hint: 'do that' } },
    });
    expect(failures).toEqual([]);
    const fault = JSON.stringify(await call('bug'));
    expect(fault).toContain('INTERNAL');
    expect(fault).not.toContain('secret');
    expect(failures).toEqual([bug]);
  });

  test('one call at a time: the next begins when the first has ended', async () => {
    const order: string[] = [];
    await connect(
      tool('one', async ({ count }) => {
        order.push(`begin ${String(count)}`);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`end ${String(count)}`);
        return {};
      }),
    );
    await Promise.all([call('one', { count: 1 }), call('one', { count: 2 })]);
    expect(order).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  test('a call that the client gives up is told to its tool; so is the end of the connection', async () => {
    const aborted: string[] = [];
    const begun = { tell: () => {} };
    await connect(
      tool('wait', async ({ count }, signal) => {
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
          begun.tell();
        });
        aborted.push(String(count));
        throw signal.reason;
      }),
    );
    const whenBegun = () => new Promise<void>((resolve) => Object.assign(begun, { tell: resolve }));
    const giveUp = new AbortController();
    const first = whenBegun();
    const call1 = client.callTool({ name: 'wait', arguments: { count: 1 } }, undefined, {
      signal: giveUp.signal,
    });
    await first;
    giveUp.abort();
    await expect(call1).rejects.toThrow();
    const second = whenBegun();
    const call2 = expect(call('wait', { count: 2 })).rejects.toThrow();
    await second;
    await client.close();
    await server.closed;
    await call2;
    expect(aborted).toEqual(['1', '2']);
    expect(failures).toEqual([]);
  });

  test('over streams it ends with its input, and a message that is not one is told to the log', async () => {
    await connect(tool('one', async () => ({})));
    const other = toolServer({
      version: '1',
      instructions: '',
      tools: [],
      onFailure: (error) => failures.push(error),
    });
    const input = new PassThrough();
    const output = new PassThrough();
    await connectStdio(other, input, output);
    input.write('not JSON\n');
    input.end('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
    await other.closed;
    expect(failures).toHaveLength(1);
    expect(output.read()?.toString()).toBe('{"result":{},"jsonrpc":"2.0","id":1}\n');
  });
});
