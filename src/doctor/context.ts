import type { System } from '../artifacts/registry.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { Config } from '../config/resolve.ts';
import type { Clock } from '../core/clock.ts';
import type { Location } from '../core/location.ts';
import type { Authorizer } from '../net/authorizer.ts';
import type { Net } from '../net/net.ts';
import type { Resolver } from '../resolver/resolver.ts';
import type { SharedRule } from '../resolver/shared-rule.ts';
import type { Experiment } from '../tracking/entities.ts';
import type { TrackingStore } from '../tracking/store.ts';
import type { Root } from './roots.ts';

/** The tracking server's connections and credentials, for a check's own requests: nothing is retried. */
export interface TrackingServer {
  /** As configured, without userinfo, query and a trailing slash. */
  readonly uri: string;
  readonly net: Net;
  readonly authorizer: Authorizer;
  readonly allowRedirects: boolean;
}

/** The artifact stores, with all their layers. */
export interface StoreOpener {
  /** No request is made. @throws Failure unsupported, misconfigured */
  at(location: Location): Promise<ArtifactStore>;
  /** @throws Failure unsupported */
  systemOf(location: Location): System;
}

/** What doctor was asked for. */
export interface Examination {
  readonly target?: string;
  readonly offline: boolean;
  readonly readOnly: boolean;
  readonly createProbeRun: boolean;
}

/** Made once for all checks. What is a function is made when it is first asked for, and shared. */
export interface Context extends Examination {
  readonly config: Config;
  /** The environment in force, with what `--env-file` added. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly hostname: string;
  readonly clock: Clock;
  /** What decides where artifacts may go. @throws Failure misconfigured */
  rule(): Promise<SharedRule>;
  /** The tracking URI in force, set or not. Never show it as it is. */
  trackingUri(): Promise<string>;
  stores(): Promise<StoreOpener>;
  resolver(): Promise<Resolver>;
  /** @throws Failure as opening it does */
  tracking(): Promise<TrackingStore>;
  /** @throws Failure unsupported when no server keeps the records */
  server(): Promise<TrackingServer>;
  /** Active ones, newest first, at most 200; experiment 0 last when it is there. With a TARGET: its own, if it has one. */
  experiments(): Promise<readonly Experiment[]>;
  /** Every distinct artifact root in use: of the experiments, the settings, the TARGET. */
  roots(): Promise<readonly Root[]>;
  /**
   * A run whose artifacts a probe may be written to: the TARGET, else the newest active run, else (`--create-probe-run`) a
   * new one, which stays soft-deleted. @throws Failure not-found when there is none
   */
  probeRun(): Promise<{ readonly runId: string; readonly artifactUri: string }>;
}
