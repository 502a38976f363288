/** @file `vultune mcp`: the tools over standard input and output. Everything for a person goes to standard error. */
import { Readable, type Writable } from 'node:stream';
import { serveMcp } from '../../workflows/mcp/serve-mcp.ts';
import type { McpRequest } from '../commands/mcp.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { reportError } from '../report-error.ts';

export async function runMcp(request: McpRequest, context: CliContext): Promise<void> {
  const { stdin, stdout } = context;
  await serveMcp(
    {
      ...request,
      input: stdin instanceof Readable ? stdin : Readable.from(stdin),
      output: stdout.stream as Writable,
      onFailure: (error) => void reportError(error, context),
    },
    reporting(context),
  );
}
