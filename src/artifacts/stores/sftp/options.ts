/** How SSH servers are reached and whom they are told we are. */
export interface SftpOptions {
  /** The user's directory, for `~`. */
  readonly home: string;
  /** Who runs this, where neither URI nor ssh_config names a user. */
  readonly user: string;
  readonly configFile: string;
  /** Read instead of what ssh_config names; the system's file is read as well. */
  readonly knownHosts?: string;
  /** `SHA256:…`: the only host key to trust. */
  readonly hostKeyFingerprint?: string;
  readonly agentSocket?: string;
  /** The only key to offer. */
  readonly identityFile?: string;
  /** A secret. */
  readonly identityPassphrase?: string;
  /** Where the URI holds none. A secret. */
  readonly password?: string;
  /** Most connections to one server. */
  readonly sessions: number;
  /** How long connecting and logging in may take, in ms. */
  readonly connectMs: number;
  /** How long a server with requests under way may be silent, in ms; Infinity for ever. */
  readonly idleMs: number;
  readonly warn: (message: string) => void;
}
