/**
 * @file The routes of `vultune serve`: the list and comparison of runs, each run's page, its live feed. Reads run
 * folders; knows nothing of sockets (server.ts) and changes nothing.
 */
import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { formatPlace, VultuneError } from '../base/errors.ts';
import { html } from '../report/html/html.ts';
import { page } from '../report/kit/page.ts';
import { collectRun } from '../report/run/collect-run.ts';
import { comparisonPage } from '../report/run/comparison-report.ts';
import { runReportPage } from '../report/run/run-report.ts';
import type { RunReportData } from '../report/run/run-report-data.ts';
import { LIVE_SCRIPT } from './live-script.ts';
import { PageCache } from './page-cache.ts';
import { runChanges } from './run-changes.ts';
import { type ListedRun, listRuns } from './run-list.ts';

export interface DashboardOptions {
  readonly root: string;
  /** Whether a request with this Host header (lower case) is answered. */
  readonly isAllowedHost: (host: string) => boolean;
  /** Ends the live feeds. */
  readonly signal: AbortSignal;
  readonly lookEveryMs?: number;
}

export function dashboardApp(options: DashboardOptions): Hono {
  const { root, isAllowedHost, signal, lookEveryMs } = options;
  const app = new Hono();
  const cache = new PageCache();
  const find = (context: Context) => {
    const name = context.req.query('run');
    return listRuns(root).find((run) => run.name === name);
  };

  app.use(async (context, next) => {
    // A name that an attacker's page resolves to this machine comes with that name as its Host.
    const host = context.req.header('host');
    if (host === undefined || !isAllowedHost(host.toLowerCase())) {
      return context.text('This server answers only to the address it was started with.', 421);
    }
    await next();
    context.header('X-Content-Type-Options', 'nosniff');
    context.header('X-Frame-Options', 'DENY');
    context.header('Referrer-Policy', 'no-referrer');
    context.header('Cross-Origin-Resource-Policy', 'same-origin');
    context.header('Cache-Control', 'no-store');
    // The page's own policy (with the hashes of its scripts) is inside it; this one holds for everything.
    context.header('Content-Security-Policy', "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'");
    return undefined;
  });

  app.get('/', async (context) => {
    const runs: RunReportData[] = [];
    const broken: string[] = [];
    for (const run of listRuns(root)) {
      try {
        runs.push(await cache.data(run.dir, () => collectRun(run.dir, { name: run.name })));
      } catch (error) {
        // One run that cannot be read hides none of the others.
        broken.push(`${run.name}: ${reasonOf(error)}`);
      }
    }
    return context.html(
      comparisonPage(runs, { title: 'Runs', linkOf: ({ name }) => runAddress(name), notes: broken }),
    );
  });

  app.get('/run', async (context) => {
    const run = find(context);
    if (run === undefined) return context.html(notFoundPage(), 404);
    const data = await cache.data(run.dir, () => collectRun(run.dir, { name: run.name }));
    return context.html(runReportPage(data, pageParts(run, data)));
  });

  app.get('/events', (context) => {
    const run = find(context);
    if (run === undefined) return context.text('no such run', 404);
    return streamSSE(context, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      const either = AbortSignal.any([gone.signal, signal]);
      for await (const stamp of runChanges(run.dir, either, lookEveryMs)) {
        await stream.writeSSE({ event: 'change', data: stamp });
      }
    });
  });

  app.notFound((context) => context.html(notFoundPage(), 404));
  app.onError((error, context) => {
    const { status, message } =
      error instanceof VultuneError
        ? ({ status: 422, message: reasonOf(error) } as const)
        : ({ status: 500, message: `This page failed: ${reasonOf(error)}.` } as const);
    return context.html(
      page({
        title: 'This run cannot be shown',
        sections: [{ id: 'error', title: 'Why', body: html`<p>${message}</p>` }],
      }),
      status,
    );
  });
  return app;
}

/** What a broken run says is for the reader; of a bug of ours only that it is one. */
function reasonOf(error: unknown): string {
  if (!(error instanceof VultuneError)) return 'a bug in Vultune';
  const place = formatPlace(error.where);
  return `${error.code}: ${error.message}${place === '' ? '' : ` (${place})`}`;
}

const runAddress = (name: string) => `/run?run=${encodeURIComponent(name)}`;

function pageParts({ name }: ListedRun, { status }: RunReportData) {
  const feed = `/events?run=${encodeURIComponent(name)}`;
  const live = status === 'running' && html` <span class="status running" data-feed="${feed}">live</span>`;
  return {
    kicker: html`<a href="/">All runs</a>${live}`,
    scripts: status === 'running' ? [LIVE_SCRIPT] : [],
  };
}

const notFoundPage = () =>
  page({
    title: 'Not found',
    sections: [{ id: 'missing', title: 'No such page', body: html`<p><a href="/">All runs</a></p>` }],
  });
