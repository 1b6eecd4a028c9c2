import type { Clock } from '../../core/clock.ts';
import type { RetryPolicy } from '../../core/retry.ts';
import type { Net } from '../../net/net.ts';

/** How to sign for AWS API Gateway. */
export interface SigV4Options {
  readonly region?: string;
  readonly profile?: string;
  /** Fixed keys; the standard chain of the AWS SDK unless given. */
  readonly keys?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** Everything that MLflow's credential settings say; which of them counts is decided as MLflow does. */
export interface RestCredentials {
  readonly username?: string;
  readonly password?: string;
  /** An INI file with `[mlflow]` that fills what `username` and `password` leave open; absent is fine. */
  readonly credentialsFile?: string;
  readonly token?: string;
  readonly sigV4?: SigV4Options;
  /** MLFLOW_TRACKING_AUTH: `kubernetes` or `kubernetes-namespaced`. */
  readonly auth?: string;
  /** Where Kubernetes mounts `token` and `namespace`. */
  readonly serviceAccountDir?: string;
}

/** Whose credentials go where. */
export interface AuthorizerOptions {
  /** The tracking URI as configured, userinfo included. */
  readonly uri: string;
  readonly credentials: RestCredentials;
  readonly workspace?: string;
  /** Further hosts that get the credentials: `name` (any port) or `name:port`. */
  readonly trustedHosts?: readonly string[];
}

/** A tracking server and how to talk to it. */
export interface RestOptions extends AuthorizerOptions {
  readonly net: Net;
  readonly retry: RetryPolicy;
  readonly clock: Clock;
  readonly allowRedirects: boolean;
  /** How long the server may be silent, in ms. */
  readonly timeoutMs: number;
}
