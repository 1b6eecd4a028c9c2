import { systemClock } from '../../../../src/core/clock.ts';
import { createNet } from '../../../../src/net/create-net.ts';
import type { Net } from '../../../../src/net/net.ts';
import { openRestStore } from '../../../../src/tracking/rest/open-rest-store.ts';
import type { RestOptions } from '../../../../src/tracking/rest/options.ts';
import type { TrackingStore } from '../../../../src/tracking/store.ts';
import { runPython, startMlflowServer, type MlflowServer } from '../../../testbeds/mlflow.ts';

/** A stock MLflow server, our store for it and its own Python client. */
export interface Stock {
  readonly server: MlflowServer;
  readonly net: Net;
  readonly store: TrackingStore;
  open(more: Partial<RestOptions>): TrackingStore;
  /** Runs Python with a client of the stock MLflow as `client`; what it prints as JSON comes back. */
  python(script: string, ...args: string[]): Promise<unknown>;
  stop(): Promise<void>;
}

const PRELUDE = 'import json, sys, mlflow\nfrom mlflow import MlflowClient\nclient = MlflowClient()\n';

/** Starts a stock server with an empty database. */
export async function startStock(): Promise<Stock> {
  const server = await startMlflowServer();
  const net = createNet({ verifyTls: true, connectMs: 5_000, maxSockets: 8 });
  const open = (more: Partial<RestOptions>) =>
    openRestStore({
      uri: server.url,
      net,
      credentials: {},
      retry: { maxRetries: 3, backoffMs: 100, jitterMs: 0, maxWaitMs: 1_000, respectRetryAfter: true },
      clock: systemClock,
      allowRedirects: true,
      timeoutMs: 60_000,
      ...more,
    });
  return {
    server,
    net,
    store: open({}),
    open,
    python: async (script, ...args) => {
      const finished = await runPython(PRELUDE + script, args, { MLFLOW_TRACKING_URI: server.url });
      if (finished.code !== 0) throw new Error(finished.stderr);
      return JSON.parse(finished.stdout) as unknown;
    },
    stop: async () => {
      net.close();
      await server.stop();
    },
  };
}
