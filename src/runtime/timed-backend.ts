/** @file A backend that says how long each run of a graph took. */
import type { Graph } from '../graph/graph.ts';
import type { Backend } from './backend.ts';

/** `onRun` is told the graph, and milliseconds. */
export function timedBackend(backend: Backend, onRun: (graph: Graph, durationMs: number) => void): Backend {
  return {
    ...backend,
    compile: async (graph) => {
      const executable = await backend.compile(graph);
      return {
        graph,
        run: async (feeds) => {
          const begin = performance.now();
          const made = await executable.run(feeds);
          onRun(graph, performance.now() - begin);
          return made;
        },
        release: () => executable.release(),
      };
    },
  };
}
