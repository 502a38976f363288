/**
 * @file Tries one device in a process of its own: drivers print what they miss straight to the screen, and a broken
 * one takes its process with it. Which devices to try is decided elsewhere.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import type { InferenceSession } from 'onnxruntime-node';

/** A driver that hangs is none. */
const TIMEOUT_MS = 30_000;

/** Plain text for `node -e`, so that it runs the same from TypeScript's sources and from what they become. */
const SCRIPT = `
const { InferenceSession, env } = require(process.argv[1]);
env.logLevel = 'fatal';
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', async () => {
  let reason = null;
  try {
    const session = await InferenceSession.create(Buffer.concat(chunks), JSON.parse(process.argv[2]));
    await session.release();
  } catch (error) {
    reason = String(error instanceof Error ? error.message : error);
  }
  process.stdout.write(JSON.stringify({ reason }), () => process.exit(0));
});
`;

export interface ProbeOptions {
  /** Instead of onnxruntime-node, for tests. */
  readonly library?: string;
  readonly timeoutMs?: number;
}

/** Why a session for this model cannot be made with these options; undefined when it can. Never rejects. */
export async function probeSession(
  model: Uint8Array,
  options: InferenceSession.SessionOptions,
  { library, timeoutMs = TIMEOUT_MS }: ProbeOptions = {},
): Promise<string | undefined> {
  const module = library ?? createRequire(import.meta.url).resolve('onnxruntime-node');
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      ['--input-type=commonjs', '-e', SCRIPT, module, JSON.stringify(options)],
      { stdio: ['pipe', 'pipe', 'ignore'], timeout: timeoutMs, killSignal: 'SIGKILL', windowsHide: true },
    );
    let answer = '';
    child.stdout.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(reasonIn(answer, signal ?? `exit code ${code}`)));
    child.stdin.on('error', () => {}); // It ended before it read: `close` says how.
    child.stdin.end(model);
  });
}

/** Libraries may have printed to the answer's stream too: it is the last line that counts. */
function reasonIn(answer: string, ending: string): string | undefined {
  const start = answer.lastIndexOf('{"reason":');
  if (start === -1) return `trying it ended its process (${ending})`;
  const { reason } = JSON.parse(answer.slice(start)) as { reason: string | null };
  return reason ?? undefined;
}
