/**
 * @file A server of the Model Context Protocol that offers tools and nothing else. What goes wrong in a tool is an answer that says so,
 * with our code and hint; what is our own fault is for the log. The only importer of the protocol's library.
 */
import type { Readable, Writable } from 'node:stream';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import { formatPlace, VultuneError } from '../base/errors.ts';
import { JobQueue, QueueFullError } from '../scan/server/job-queue.ts';
import { checkValue } from '../schema/check-value.ts';
import { jsonSchemaOf } from '../schema/json-schema.ts';
import type { AgentTool } from './agent-tool.ts';

export interface ToolServerOptions {
  readonly version: string;
  /** For the agent: what the tools are for, and what to be careful about. */
  readonly instructions: string;
  readonly tools: readonly AgentTool[];
  /** Told what went wrong inside; who asked is told only that something did. */
  readonly onFailure: (error: unknown) => void;
}

export interface ToolServer {
  connect(transport: Transport): Promise<void>;
  close(): Promise<void>;
  /** Resolves when the connection has ended and no tool runs any more. */
  readonly closed: Promise<void>;
}

/** The model uses all threads for one call already. */
const MOST_WAITING = 16;
/** One message: 1 MB of code with its escapes fits several times. */
const MOST_MESSAGE_BYTES = 10_000_000;

export function toolServer({ version, instructions, tools, onFailure }: ToolServerOptions): ToolServer {
  // The library's `McpServer` would check arguments itself, and say what is wrong with them in other words than ours.
  const server = new Server({ name: 'vultune', version }, { capabilities: { tools: {} }, instructions });
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const queue = new JobQueue(MOST_WAITING);
  const running = new Set<Promise<unknown>>();
  const ended = new AbortController();
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(describeTool) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const answer = call(byName.get(params.name), params, {
      queue,
      signal: AbortSignal.any([signal, ended.signal]),
      onFailure,
    });
    running.add(answer);
    try {
      return await answer;
    } finally {
      running.delete(answer);
    }
  });
  const closed = new Promise<void>((resolve) => {
    server.onclose = () => {
      ended.abort();
      void Promise.allSettled(running).then(() => resolve());
    };
  });
  server.onerror = onFailure;
  return {
    connect: async (transport) => await server.connect(transport),
    close: async () => await server.close(),
    closed,
  };
}

/** Messages come from `input`, one a line, and go to `output`. The end of the input ends the connection. */
export async function connectStdio(server: ToolServer, input: Readable, output: Writable): Promise<void> {
  input.once('end', () => void server.close());
  await server.connect(new StdioServerTransport(input, output, { maxBufferSize: MOST_MESSAGE_BYTES }));
}

function describeTool({ name, title, description, input }: AgentTool): Tool {
  return {
    name,
    title,
    description,
    inputSchema: { ...jsonSchemaOf(input), type: 'object' } as Tool['inputSchema'],
    annotations: {
      title,
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
  };
}

interface CallContext {
  readonly queue: JobQueue;
  readonly signal: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

async function call(
  tool: AgentTool | undefined,
  { name, arguments: given = {} }: { readonly name: string; readonly arguments?: unknown },
  { queue, signal, onFailure }: CallContext,
): Promise<CallToolResult> {
  try {
    if (tool === undefined) throw new VultuneError('MCP_TOOL', `no such tool: ${name.slice(0, 100)}`);
    const input = checkValue(tool.input, given, { code: 'MCP_ARGUMENTS', file: tool.name });
    const answer = await queue.run(() => tool.run(input, signal), signal);
    // Undefined is left out: what is sent is what JSON can say.
    const text = JSON.stringify(answer);
    return {
      content: [{ type: 'text', text }],
      structuredContent: JSON.parse(text) as Record<string, unknown>,
    };
  } catch (error) {
    return toolError(error, signal, onFailure);
  }
}

function toolError(error: unknown, signal: AbortSignal, onFailure: (error: unknown) => void): CallToolResult {
  if (error instanceof VultuneError) {
    const { code, message, hint, where } = error;
    const place = formatPlace(where);
    const said = [
      `${code}: ${message}`,
      ...(place === '' ? [] : [`at ${place}`]),
      ...(hint === undefined ? [] : [hint]),
    ];
    return failed({ code, message, ...(hint === undefined ? {} : { hint }) }, said.join('\n'));
  }
  if (error instanceof QueueFullError) {
    return failed(
      { code: 'BUSY', message: 'too many calls are waiting' },
      'BUSY: too many calls are waiting; try again later',
    );
  }
  if (signal.aborted)
    return failed({ code: 'ABORTED', message: 'the call was given up' }, 'ABORTED: the call was given up');
  onFailure(error);
  return failed(
    { code: 'INTERNAL', message: 'the tool failed' },
    'INTERNAL: the tool failed; the server says why on standard error',
  );
}

const failed = (error: Record<string, unknown>, text: string): CallToolResult => ({
  isError: true,
  content: [{ type: 'text', text }],
  structuredContent: { error },
});
